/** `tokenwatch simulate` as people call it: files, standard output, a reader that goes away, wrong arguments. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { simulateCommand } from '../../src/cli/simulate.ts'
import {
  EVALUATION_DEFAULTS,
  simulate,
  simulatedAbsences,
  simulatedKinds,
  simulatedRegistry,
  SIMULATION_DEFAULTS,
} from '../../src/simulate/simulation.ts'

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const PROGRAM = `
  import { simulateCommand } from ${JSON.stringify(new URL('../../src/cli/simulate.ts', import.meta.url).href)}
  try {
    await simulateCommand().parseAsync(process.argv.slice(1), { from: 'user' })
  } catch (error) {
    process.stderr.write(error.name + ': ' + error.message)
    process.exitCode = error.exitCode ?? 70
  }`

/** Runs the command in a process of its own. With `readMax` the reader closes after so many bytes. */
async function run(args: readonly string[], readMax = Infinity): Promise<Outcome> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM, '--', ...args])
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (stdout.length >= readMax) child.stdout.destroy()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.on('error', reject).on('close', resolve)
  return { code: await promise, stdout, stderr }
}

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenwatch-simulate-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})
const jsonLines = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

it('writes events, labels and registry to files, and a summary to standard error only', async () => {
  const [out, labels, registry] = ['events.ndjson', 'labels.ndjson', 'tokens.json'].map((name) => join(folder, name))
  const args = ['--seed', '3', '--tokens', '10', '--days', '3', '--attacks', 'all']
  const outcome = await run([...args, '--out', out!, '--labels', labels!, '--registry', registry!])
  expect(outcome).toMatchObject({ code: 0, stdout: '' })

  const options = { ...SIMULATION_DEFAULTS, seed: 3, tokens: 10, days: 3, attacks: 'all' as const }
  const expected = [...simulate(options)]
  expect(jsonLines(await readFile(out!, 'utf8'))).toEqual(expected.map(({ event }) => event))
  expect(jsonLines(await readFile(labels!, 'utf8'))).toEqual(expected.flatMap(({ label }) => label ?? []))
  expect(JSON.parse(await readFile(registry!, 'utf8'))).toEqual(simulatedRegistry(options))
  expect(outcome.stderr).toContain(`${expected.length} events of 10 tokens over 3 days from 2026-10-01T00:00:00.000Z`)
  expect(outcome.stderr).toContain('stolen-token')
})

it('writes the estate for evaluation with its absences among the labels, and what kind each token is', async () => {
  const [out, labels, registry, kinds] = ['out', 'labels', 'tokens', 'kinds'].map((name) => join(folder, name))
  const args = ['--estate', 'evaluation', '--seed', '5', '--tokens', '40', '--days', '6']
  const files = ['--out', out!, '--labels', labels!, '--registry', registry!, '--kinds', kinds!]
  expect(await run([...args, ...files])).toMatchObject({ code: 0, stdout: '' })

  const options = { ...EVALUATION_DEFAULTS, seed: 5, tokens: 40, days: 6 }
  const expected = [...simulate(options)]
  expect(jsonLines(await readFile(out!, 'utf8'))).toEqual(expected.map(({ event }) => event))
  expect(jsonLines(await readFile(labels!, 'utf8'))).toEqual([
    ...expected.flatMap(({ label }) => label ?? []),
    ...simulatedAbsences(options),
  ])
  expect(JSON.parse(await readFile(registry!, 'utf8'))).toEqual(simulatedRegistry(options))
  expect(JSON.parse(await readFile(kinds!, 'utf8'))).toEqual(Object.fromEntries(simulatedKinds(options)))
})

it('writes benign events to standard output with --no-attacks, from the start it is given', async () => {
  const args = ['--tokens', '3', '--days', '1', '--no-attacks', '--start', '2026-02-03T05:00:00+01:00']
  const { code, stdout, stderr } = await run(args)
  const startMs = Date.parse('2026-02-03T04:00:00Z')
  const expected = [...simulate({ ...SIMULATION_DEFAULTS, tokens: 3, days: 1, attacks: false, startMs })]
  expect(jsonLines(stdout)).toEqual(expected.map(({ event }) => event))
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('events of attacks: none') })
})

it('stops without an error when the reader of standard output goes away', async () => {
  const outcome = await run(['--tokens', '30', '--days', '30'], 100_000)
  expect(outcome).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Stopped, for nobody reads on: \d+ events/) })
})

it.each([
  ['a start that is no whole hour', ['--start', '2026-10-01T00:30:00Z'], 'whole hour'],
  ['a start without a zone', ['--start', '2026-10-01T00:00:00'], 'whole hour'],
  ['a number with a fraction', ['--days', '1.5'], 'whole number'],
  ['no tokens', ['--tokens', '0'], 'whole number from 1'],
  ['an unknown estate', ['--estate', 'some'], 'demo, evaluation'],
  ['an unknown set of attacks', ['--attacks', 'some'], 'usual, all'],
  ['one file for two things', ['--out', 'same', '--labels', 'same'], 'the same file'],
  ['a folder that is not there', ['--days', '1', '--out', '/no/such/folder/events'], 'ENOENT'],
])('refuses %s', async (_, args, message) => {
  const shown: string[] = []
  const command = simulateCommand()
    .exitOverride()
    .configureOutput({ writeErr: (text) => shown.push(text) })
  await expect(command.parseAsync(args, { from: 'user' })).rejects.toThrow(message)
})
