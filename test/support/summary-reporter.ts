/** Ends every test run with one line that a script can read: `N passed, N failed`. */
import { writeSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/**
 * Prints when the process exits, after the servers have been stopped, so that nothing follows it. A file that could not
 * be loaded counts as one failed test, so does each error outside a test, and so does a run that ends with an error for
 * another reason, such as a server that did not start: a broken run never reads `0 failed`.
 */
export function summaryReporter(): Reporter {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  return {
    onInit() {
      process.once('exit', (code) => {
        if (code !== 0 && counts.failed === 0) counts.failed = 1
        const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
        writeSync(process.stdout.fd, `${counts.passed} passed, ${counts.failed} failed${skipped}\n`)
      })
    },
    onTestRunEnd(modules, unhandledErrors) {
      Object.assign(counts, { passed: 0, failed: unhandledErrors.length, skipped: 0 } satisfies Counts)
      for (const module of modules) countTests(module, counts)
    },
  }
}

function countTests(module: TestModule, counts: Counts): void {
  const failedBefore = counts.failed
  for (const test of module.children.allTests()) {
    const state = test.result().state
    if (state === 'passed') counts.passed++
    else if (state === 'skipped') counts.skipped++
    else counts.failed++
  }
  if (module.state() === 'failed' && counts.failed === failedBefore) counts.failed++
}
