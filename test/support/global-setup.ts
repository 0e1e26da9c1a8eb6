/** Starts what integration tests need, once for the whole run, and tells the tests where it is. */
import type { TestProject } from 'vitest/node'
import { startTestClickHouse } from './clickhouse.ts'
import { startTestKafka } from './kafka.ts'

declare module 'vitest' {
  interface ProvidedContext {
    kafka: { readonly brokers: string[] }
    clickhouse: { readonly url: string; readonly user: string; readonly password: string }
  }
}

/** Returns the function that stops the servers. Throws, and so fails the run, where one cannot be started. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const progress = (message: string): void => project.vitest.logger.log(message)
  const servers = await Promise.allSettled([startTestKafka({ progress }), startTestClickHouse()])
  const stopAll = async (): Promise<void> => {
    await Promise.all(servers.map(async (server) => server.status === 'fulfilled' && (await server.value.stop())))
  }
  const [kafka, clickhouse] = servers
  const problems: unknown[] = servers.flatMap((server) => (server.status === 'rejected' ? [server.reason] : []))
  if (kafka.status === 'rejected' || clickhouse.status === 'rejected') {
    await stopAll()
    throw problems.length === 1 ? problems[0] : new AggregateError(problems, 'no server for the tests started')
  }
  project.provide('kafka', { brokers: kafka.value.brokers })
  const { url, user, password } = clickhouse.value
  project.provide('clickhouse', { url, user, password })
  return stopAll
}
