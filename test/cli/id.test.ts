/** `tokenwatch id`: ids out, credentials never. */
import { expect, test } from 'vitest'
import { idLines } from '../../src/cli/id.ts'
import { runCli } from '../../src/cli/index.ts'
import { createFingerprinter } from '../../src/enrich/fingerprint.ts'
import { Secret } from '../../src/secret.ts'

const fingerprinter = createFingerprinter(new Secret('a key that only tests know'))

async function* lines(...texts: string[]): AsyncGenerator<string> {
  yield* texts
}

async function collect(items: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const item of items) all.push(item)
  return all
}

test('Each line that is not blank gives its number, id and kind.', async () => {
  const jwt = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"iss":"i","sub":"s"}').toString('base64url')}.`
  const out = await collect(idLines(lines('sesame', '', '  Bearer sesame ', jwt), fingerprinter))
  const id = fingerprinter.fingerprint('sesame')
  expect(out).toEqual([`1 ${id} fingerprint`, `3 ${id} fingerprint`, `4 ${fingerprinter.fingerprint(jwt)} jwt`])
})

test('Without a key it names the setting.', async () => {
  const out = collect(idLines(lines('sesame'), createFingerprinter(undefined)))
  await expect(out).rejects.toThrow(/enrich\.fingerprintKey/)
})

test('A line that is no credential is refused by its number, not its text.', async () => {
  const out = collect(idLines(lines('a', 'x'.repeat(65_537)), fingerprinter))
  await expect(out).rejects.toThrow(/^line 2: expected one credential/)
})

test.each([['sk-a-secret'], ['--sk-4f8a-secret'], ['-s', 'sk-a-secret']])(
  'Arguments are refused without being shown: %s',
  async (...argv) => {
    const output: string[] = []
    const write = (text: string) => void output.push(text)
    const exitCode = await runCli(['id', ...argv], { out: write, err: write })
    expect(exitCode).toBe(2)
    expect(output.join('')).toContain('id takes no arguments')
    expect(output.join('')).not.toContain('secret')
  },
)
