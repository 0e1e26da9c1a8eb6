/** Ends every test run with one line that a script can read: `N passed, N failed`. */
import { writeSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/**
 * Prints when the process exits, after the servers have been stopped, so that nothing follows it. A file that could not
 * be loaded counts as one failed test, and so does each error outside a test: a broken run never reads `0 failed`.
 */
export function summaryReporter(): Reporter {
  let summary = '0 passed, 1 failed'
  return {
    onInit() {
      process.once('exit', () => writeSync(process.stdout.fd, `${summary}\n`))
    },
    onTestRunEnd(modules, unhandledErrors) {
      const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
      for (const module of modules) countTests(module, counts)
      const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
      summary = `${counts.passed} passed, ${counts.failed} failed${skipped}`
    },
  }
}

function countTests(module: TestModule, counts: { passed: number; failed: number; skipped: number }): void {
  const failedBefore = counts.failed
  for (const test of module.children.allTests()) {
    const state = test.result().state
    if (state === 'passed') counts.passed++
    else if (state === 'skipped') counts.skipped++
    else counts.failed++
  }
  if (module.state() === 'failed' && counts.failed === failedBefore) counts.failed++
}
