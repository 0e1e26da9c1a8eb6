/**
 * Two projects, so that unit tests start at once and only tests that need servers wait for them.
 *
 * `unit`: every `test/**\/*.test.ts` that is not below. No network, no server, seconds for the whole suite.
 * `integration`: everything under `test/integration/`, and files named `*.server.test.ts` beside the unit tests of their
 * room. The set-up starts one Kafka and one ClickHouse for all of them and provides their addresses:
 * `inject('kafka').brokers` and `inject('clickhouse')` with `url`, `user`, `password`. Each test makes its own topic,
 * group and database. Servers that cannot be started fail the run; nothing is skipped.
 */
import { configDefaults, defineConfig } from 'vitest/config'
import { summaryReporter } from './test/support/summary-reporter.ts'

const SERVER_TESTS = ['test/integration/**/*.test.ts', 'test/**/*.server.test.ts']

export default defineConfig({
  test: {
    maxWorkers: 2,
    // kafkajs 2.2.4 sets a timer of less than nothing with its first request, which Node 24 reports and corrects.
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    reporters: ['default', summaryReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SERVER_TESTS],
          // For busy machines: property tests take a second on a quiet one.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: SERVER_TESTS,
          globalSetup: ['test/support/global-setup.ts'],
          // For busy machines: the longest take some 30 s on a quiet one.
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
