import { defineConfig } from 'vitest/config'

/** Unit tests run by file in parallel; integration tests share one Kafka and one ClickHouse, started by the set-up. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
