/** Servers of tests end with the test run, whatever ends that. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { startGuarded } from './guarded-process.ts'

const MODULE_FILE = join(import.meta.dirname, 'guarded-process.ts')

/** A parent whose guarded child waits forever and holds the parent's standard output open. */
function startParent(afterStart: string) {
  const code = `
    import { startGuarded } from '${MODULE_FILE}'
    const guarded = startGuarded('sh', ['-c', 'echo started; exec sleep 3600'], { output: 1 })
    ${afterStart}`
  return spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('it dies when its parent is killed', async () => {
  const parent = startParent('setInterval(() => {}, 1000)')
  const exited = once(parent, 'exit')
  parent.stdout.once('data', () => parent.kill('SIGKILL'))
  // The output ends when the last process that holds it has ended.
  expect(await text(parent.stdout)).toBe('started\n')
  expect(await exited).toEqual([null, 'SIGKILL'])
})

test('it neither keeps its parent from ending nor outlives it', async () => {
  const parent = startParent('setTimeout(() => {}, 200)')
  const output = text(parent.stdout)
  const [code] = await once(parent, 'exit')
  expect(code).toBe(0)
  await output
})

test('its end is reported, and stopping what has ended does nothing', async () => {
  const guarded = startGuarded('sh', ['-c', 'exit 7'], { output: 2 })
  expect(await guarded.exited).toEqual({ code: 7, signal: null })
  expect(await guarded.stop('SIGTERM', 1_000)).toEqual({ code: 7, signal: null })
})
