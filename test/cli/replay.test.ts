/** `tokenwatch replay`: what it writes, and what it says of input that it cannot read: what it is, no word of a bug. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ExitCode } from '../../src/cli/command.ts'
import { runCli } from '../../src/cli/index.ts'
import { simulate } from '../../src/simulate/simulation.ts'
import { spawnTokenwatch } from '../support/child.ts'

vi.setConfig({ testTimeout: 60_000 })

const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
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

const line = z.strictObject({
  configuration: z.enum(['running', 'candidate']).optional(),
  alert_id: z.string().regex(/^[0-9a-f]{32}$/),
  incident_id: z.string().regex(/^[0-9a-f]{32}$/),
  kind: z.enum(['opened', 'escalated', 'bits']),
  token_id: z.string(),
  time: z.iso.datetime(),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  surprise_bits: z.number(),
  detectors: z.array(z.string()).min(1),
  title: z.string(),
  event_ids: z.array(z.string()).min(1),
  ips: z.array(z.string()),
})

describe('a simulated fortnight', () => {
  const calls = [...simulate({ seed: 3, tokens: 5, days: 14, startMs: Date.UTC(2024, 8, 2), attacks: true })]
    .filter(({ label }, at) => label !== undefined || at % 10 === 0)
    .map(({ event }) => event)
  const text = calls.map((event) => `${JSON.stringify(event)}\n`).join('')
  const file = join(folder, 'calls.ndjson')
  writeFileSync(file, text)
  writeFileSync(`${file}.gz`, gzipSync(text))
  const replay = (args: readonly string[], input?: string) => {
    const child = spawnTokenwatch(['replay', '--format', 'canonical', ...args], { cwd: folder, input: 'open' })
    if (input !== undefined) child.write(input)
    child.endInput()
    return child.exit
  }
  const linesOf = (output: string) =>
    output
      .split('\n')
      .filter((each) => each !== '')
      .map((each) => line.parse(JSON.parse(each)))

  test('gives the same lines from a file, from its .gz and from standard input, and a summary beside them', async () => {
    const [plain, zipped, piped] = await Promise.all([
      replay(['--input', file, '--alerts', '-']),
      replay(['--input', `${file}.gz`, '--alerts', '-']),
      replay(['--input', '-', '--alerts', '-'], text),
    ])
    const lines = linesOf(plain.stdout)
    expect(lines.length).toBeGreaterThan(0)
    expect([plain.code, zipped.code, piped.code]).toEqual([0, 0, 0])
    expect(zipped.stdout).toBe(plain.stdout)
    expect(piped.stdout).toBe(plain.stdout)
    expect(plain.stderr).toContain(calls.length.toLocaleString('en-US'))
    const known = new Set(calls.map(({ id }) => id))
    for (const { event_ids } of lines) expect(event_ids.every((id) => known.has(id))).toBe(true)
  })

  test('with --min-bits tells each whole bit of each incident once, in order, whatever the threshold', async () => {
    const out = join(folder, 'bits.ndjson')
    const [ended, other] = await Promise.all([
      replay(['--input', file, '--alerts', out, '--min-bits', '3']),
      replay(['--input', file, '--alerts', '-', '--min-bits', '3', '--set', 'alerting.thresholdBits=50']),
    ])
    expect([ended.code, other.code]).toEqual([0, 0])
    const lines = linesOf(readFileSync(out, 'utf8'))
    const ids = (of: readonly z.infer<typeof line>[]) => of.map(({ alert_id }) => alert_id)
    expect(ids(linesOf(other.stdout))).toEqual(ids(lines))
    expect(new Set(ids(lines)).size).toBe(lines.length)
    for (const each of lines) expect(each).toMatchObject({ kind: 'bits' })
    for (const [, incident] of Map.groupBy(lines, ({ incident_id }) => incident_id)) {
      const floors = incident.map(({ surprise_bits }) => Math.floor(surprise_bits))
      expect(floors).toEqual([...new Set(floors)].sort((a, b) => a - b))
      expect(floors[0]).toBeGreaterThanOrEqual(3)
    }
  })

  test('with --tokens names the tokens as the registry does', async () => {
    const tokens = join(folder, 'tokens.json')
    const registry = [...new Set(calls.map(({ token_id }) => token_id))].map((token_id) => ({
      token_id,
      name: `registered ${token_id}`,
      owner: 'somebody',
      scopes: ['read'],
    }))
    writeFileSync(tokens, JSON.stringify(registry))
    const ended = await replay(['--input', file, '--alerts', '-', '--tokens', tokens])
    expect(ended.code).toBe(0)
    for (const { title, token_id } of linesOf(ended.stdout))
      expect(title).toMatch(new RegExp(`^registered ${token_id}`))
  })

  const report = z.object({
    changes: z.array(z.object({ key: z.string(), running: z.string(), candidate: z.string() })),
    running: z.object({ alerts: z.number(), days: z.array(z.object({ events: z.number(), alerts: z.number() })) }),
    candidate: z.object({ alerts: z.number() }).nullable(),
    difference: z
      .object({
        added: z.array(z.object({ told_at: z.string() })),
        removed: z.array(z.object({ subject: z.string() })),
      })
      .nullable(),
  })

  test('with a candidate tells in one pass what it would add and remove, the same from standard input', async () => {
    const out = join(folder, 'both.ndjson')
    const candidate = ['--candidate-set', 'alerting.budgetPerDay=off', '--candidate-set', 'alerting.thresholdBits=1000']
    const [plain, compared, piped, read] = await Promise.all([
      replay(['--input', file, '--alerts', '-']),
      replay(['--input', file, '--alerts', out, '--json', ...candidate]),
      replay(['--input', '-', '--json', ...candidate], text),
      replay(['--input', file, ...candidate]),
    ])
    const shown = report.parse(JSON.parse(compared.stdout))
    expect(piped.stdout).toBe(compared.stdout)
    expect(shown.changes.map(({ key }) => key)).toEqual(['alerting.budgetPerDay', 'alerting.thresholdBits'])
    expect(shown.difference?.removed.length).toBeGreaterThan(0)
    expect(shown.difference?.added).toEqual([])
    expect(shown.running.days.reduce((sum, { events }) => sum + events, 0)).toBe(calls.length)
    const both = linesOf(readFileSync(out, 'utf8'))
    const own = both.filter(({ configuration }) => configuration === 'running')
    expect(own).toEqual(linesOf(plain.stdout).map((each) => ({ ...each, configuration: 'running' })))
    expect(shown.running.alerts).toBe(own.filter(({ kind }) => kind === 'opened').length)
    expect(read.stdout).toContain('alerting.thresholdBits: 12 -> 1000')
    expect(read.stdout).toMatch(/The candidate would remove: \d+\n/)
    expect(read.stdout).toContain('The candidate would add: nothing.')
  })

  test('with a candidate in a file, which says what is wrong with it', async () => {
    const next = join(folder, 'next.yaml')
    writeFileSync(next, 'alerting: { budgetPerDays: 1 }\n')
    const ended = await replay(['--input', file, '--candidate', next, '--candidate-set', 'learning.adoptAfter=3d'])
    expect(ended.code).toBe(ExitCode.usage)
    expect(ended.stderr).toMatch(/alerting\.budgetPerDays.*next\.yaml:1/)
    expect(ended.stderr).toMatch(/learning\.adoptAfter .*\(--candidate-set\)/)
    expect((await replay(['--input', file, '--candidate', join(folder, 'none')])).stderr).toContain('(--candidate)')
  })

  test.each([
    ['--store of standard input', ['--input', '-', '--store'], /--store cannot read standard input/],
    ['bits that are no number', ['--input', file, '--min-bits', 'many'], /--min-bits/],
    ['alerts into a folder', ['--input', file, '--alerts', folder], /--alerts .*cannot be written/],
    ['a format that is not there', ['--input', file, '--format', 'nginx'], /nginx/],
    ['a candidate and --store', ['--input', file, '--store', '--candidate-set', 'alerting.thresholdBits=9'], /--store/],
    ['a report of single bits', ['--input', file, '--json', '--min-bits', '4'], /--min-bits/],
    ['no input', [], /--input/],
  ] as const)('refuses %s', async (_name, args, says) => {
    const ended = await replay(args)
    expect(ended.code).toBe(ExitCode.usage)
    expect(ended.stderr).toMatch(says)
    expect(ended.stdout).toBe('')
  })
})
