/** Starts what integration tests need, once for the whole run, and tells the tests where it is. */
import type { TestProject } from 'vitest/node'
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
  const kafka = await startTestKafka({ progress })
  project.provide('kafka', { brokers: kafka.brokers })
  return async () => {
    await kafka.stop()
  }
}
