/** What `tokenwatch replay` says of input that it cannot read: what it is, and no word of a bug. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ExitCode } from '../../src/cli/command.ts'
import { runCli } from '../../src/cli/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-'))
const damaged = join(folder, 'damaged.ndjson.gz')
writeFileSync(damaged, Buffer.from([0x1f, 0x8b, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
const empty = join(folder, 'empty.ndjson')
writeFileSync(empty, '')

test.each([
  ['a file that is not there', ['--input', join(folder, 'none')], /--input .*none: cannot be read \(ENOENT\)/],
  ['a directory', ['--input', folder], /--input .*: cannot be read \(EISDIR\)/],
  ['damaged gzip', ['--input', damaged], /--input .*damaged\.ndjson\.gz: cannot be read \(Z_[A-Z]+_ERROR\)/],
  ['names in a directory', ['--input', empty, '--tokens', folder], /--tokens .*: cannot be read \(EISDIR\)/],
])('%s', async (_, args, says) => {
  const err: string[] = []
  const code = await runCli(['replay', ...args], { out: () => {}, err: (text) => err.push(text) })
  expect(code).toBe(ExitCode.usage)
  expect(err.join('')).toMatch(says)
  expect(err.join('')).not.toContain('bug')
})
