/** `tokenwatch run`: the service. */
import { Command } from 'commander'
import { startApp } from '../app.ts'
import { secretsOf } from '../config.ts'
import { createLog } from '../log.ts'
import { ExitCode, UserError, configOf } from './command.ts'
import { explainFailures } from './prerequisite.ts'

export function runCommand(): Command {
  return new Command('run')
    .description(
      'Reads events from Kafka, stores them in ClickHouse, learns what is normal for each token, and sends alerts,\n' +
        'until SIGTERM or SIGINT. Without clickhouse.url it starts a ClickHouse of its own in clickhouse.dataDir.',
    )
    .option('--new-key', 'accept another fingerprint key than the stored one: every baseline starts anew', false)
    .action(async (options: { newKey: boolean }, command: Command) => {
      const config = configOf(command)
      if (config.ingest.kafka.brokers.length === 0) {
        throw new UserError('ingest.kafka.brokers is not set: there is nothing to read', {
          exitCode: ExitCode.usage,
          remedy: 'set it in tokenwatch.yaml or TOKENWATCH_INGEST_KAFKA_BROKERS; for a file use: tokenwatch replay',
        })
      }
      const log = createLog(config.log, { secrets: secretsOf(config) })
      await explainFailures(async () => {
        const print = (text: string) => process.stdout.write(text)
        const app = await startApp(config, { log, newKey: options.newKey, print, colour: process.stdout.isTTY })
        const stop = (signal: string) => {
          log.info({ signal }, 'stopping')
          leaveAfter(STOP_MS_MAX, ExitCode.ok, () =>
            log.warn('a server does not answer; what is not stored is read again'),
          )
          app.stop().then(
            () => log.info('stopped'),
            (error: unknown) => log.error({ err: error }, 'could not stop cleanly'),
          )
        }
        process.once('SIGTERM', () => stop('SIGTERM'))
        process.once('SIGINT', () => stop('SIGINT'))
        log.info({ http: app.http.url, clickhouse: app.store.address }, 'tokenwatch is running')
        try {
          await app.done
        } catch (error) {
          log.error({ err: error }, 'the consumer has failed')
          leaveAfter(STOP_MS_MAX, ExitCode.failed, () => log.warn('a server does not answer; leaving'))
          await app.stop()
          throw error
        }
      })
    })
}

/** Ten seconds are promised. A block that is not stored by then is taken over, as after a crash. */
const STOP_MS_MAX = 9_000

/** Ends the process then, if it is still there: a client that waits for its server would hold it for minutes. */
function leaveAfter(waitMs: number, code: ExitCode, explain: () => void): void {
  setTimeout(() => {
    explain()
    process.exit(process.exitCode ?? code)
  }, waitMs).unref()
}
