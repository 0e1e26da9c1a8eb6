/** The program as a child process: its lines can be waited for, and its end is told. */
import { expect, test } from 'vitest'
import { spawnTokenwatch } from './child.ts'

test('a line can be waited for, and the exit holds all output', async () => {
  const child = spawnTokenwatch(['--help'])
  expect(await child.waitForLine(/^Usage: tokenwatch/)).toContain('tokenwatch')
  expect(await child.exit).toMatchObject({ code: 0, signal: null, stdout: expect.stringContaining('Usage:') })
})

test('waiting for a line that does not come ends with the child, and says what it printed', async () => {
  const child = spawnTokenwatch(['no-such-command'])
  await expect(child.waitForLine(/never printed/)).rejects.toThrow(
    /without a line \/never printed\/[^]*no-such-command/,
  )
  expect((await child.exit).code).not.toBe(0)
})

test('a child can be stopped', async () => {
  const child = spawnTokenwatch(['--help'], { input: 'open' })
  expect(await child.stop('SIGKILL')).toMatchObject({ code: null, signal: 'SIGKILL' })
})
