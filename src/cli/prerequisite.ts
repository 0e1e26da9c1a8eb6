/** Turns what a prerequisite failed with into an error that the user can act on. */
import { AsnDatabaseError } from '../enrich/asn.ts'
import { OtherKeyError } from '../store/claims.ts'
import { ClickHouseError } from '../store/clickhouse-error.ts'
import { EmbeddedError } from '../store/embedded.ts'
import { SchemaError } from '../store/migrate.ts'
import { ExitCode, UserError } from './command.ts'

/** Awaits the work; known failures become a UserError with the remedy, all others pass as they are. */
export async function explainFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explained(error)
  }
}

function explained(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { message } = error
  if (error instanceof SchemaError) return new UserError(message, { exitCode: ExitCode.schemaBehind, cause: error })
  if (error instanceof AsnDatabaseError) return new UserError(message, { exitCode: ExitCode.usage, cause: error })
  if (error instanceof OtherKeyError) {
    const remedy = 'give the key of the earlier runs, or start all baselines anew with: tokenwatch run --new-key'
    return new UserError(message, { exitCode: ExitCode.usage, remedy, cause: error })
  }
  if (error instanceof EmbeddedError) {
    return new UserError(message, { exitCode: ExitCode.prerequisite, remedy: error.remedy, cause: error })
  }
  if (error instanceof ClickHouseError) {
    const remedy = 'check clickhouse.url, clickhouse.user, clickhouse.password and that the server answers'
    return new UserError(`ClickHouse: ${message}`, { exitCode: ExitCode.prerequisite, remedy, cause: error })
  }
  if (error.name.startsWith('KafkaJS')) {
    const remedy = 'check ingest.kafka.brokers, .topics, .tls and .sasl, and that the brokers answer'
    return new UserError(`Kafka: ${message}`, { exitCode: ExitCode.prerequisite, remedy, cause: error })
  }
  if ('code' in error && error.code === 'EADDRINUSE') {
    const remedy = 'set http.port to a free one (0 takes any)'
    return new UserError(`http.port: ${message}`, { exitCode: ExitCode.usage, remedy, cause: error })
  }
  return error
}
