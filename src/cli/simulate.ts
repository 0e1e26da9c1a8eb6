/** `tokenwatch simulate`: writes believable traffic, its labels and its registry, for demonstrations and measurements. */
import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SingleBar } from 'cli-progress'
import { Command, InvalidArgumentError, Option } from 'commander'
import { DAY_MS, HOUR_MS } from '../settings.ts'
import type { AbsenceLabel, EventLabel } from '../simulate/event.ts'
import {
  type AnyOptions,
  EVALUATION_DEFAULTS,
  simulate,
  simulatedAbsences,
  simulatedKinds,
  simulatedRegistry,
  SIMULATION_DEFAULTS,
} from '../simulate/simulation.ts'
import { EXIT_CODES_HELP, UserError } from './command.ts'

interface SimulateFlags {
  readonly estate: 'demo' | 'evaluation'
  readonly seed?: number
  readonly tokens?: number
  readonly days?: number
  readonly start: number
  readonly attacks: 'usual' | 'all' | false
  readonly out: string
  readonly labels?: string
  readonly registry?: string
  readonly kinds?: string
}

const DEFAULTS = { demo: SIMULATION_DEFAULTS, evaluation: EVALUATION_DEFAULTS }

interface Summary {
  events: number
  readonly labels: (EventLabel<string> | AbsenceLabel)[]
  /** The reader of standard output went away; what was written until then is what counts. */
  readerGone: boolean
}

export function simulateCommand(): Command {
  const { demo, evaluation } = DEFAULTS
  const either = (field: 'seed' | 'tokens' | 'days') => `(default: ${demo[field]}, ${evaluation[field]} for evaluation)`
  return new Command('simulate')
    .description('write simulated traffic of API tokens as canonical events, one JSON object per line')
    .addOption(
      new Option(
        '--estate <which>',
        'whose tokens: thirty for a demonstration, or the many that detection is measured on',
      )
        .choices(['demo', 'evaluation'])
        .default('demo'),
    )
    .option('--seed <number>', `the same seed gives the same bytes ${either('seed')}`, wholeNumber(0))
    .option('--tokens <count>', `number of tokens ${either('tokens')}`, wholeNumber(1))
    .option('--days <count>', `number of days ${either('days')}`, wholeNumber(1))
    .addOption(
      new Option('--start <time>', 'first moment, RFC 3339, a whole hour')
        .argParser(startTime)
        .default(demo.startMs, new Date(demo.startMs).toISOString()),
    )
    .addOption(
      new Option('--attacks <which>', 'attacks to play late in the month; in the demonstration, all adds a hard one')
        .choices(['usual', 'all'])
        .default('usual'),
    )
    .option('--no-attacks', 'benign traffic only')
    .option('--out <file>', 'where the events go, - for standard output', '-')
    .option('--labels <file>', 'write which events belong to which attack, one JSON object per line')
    .option('--registry <file>', 'write the tokens as a JSON array, as replay --tokens reads it')
    .option('--kinds <file>', 'write what kind of client holds each token, as a JSON object')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(runSimulate)
}

async function runSimulate(flags: SimulateFlags): Promise<void> {
  refuseOneFileTwice(flags)
  const options: AnyOptions = {
    ...DEFAULTS[flags.estate],
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.tokens === undefined ? {} : { tokens: flags.tokens }),
    ...(flags.days === undefined ? {} : { days: flags.days }),
    startMs: flags.start,
    attacks: flags.attacks === 'usual' ? true : flags.attacks,
  }
  try {
    if (flags.registry !== undefined) await writeJson(flags.registry, simulatedRegistry(options))
    if (flags.kinds !== undefined) await writeJson(flags.kinds, Object.fromEntries(simulatedKinds(options)))
    const summary = await writeEvents(options, flags.out)
    summary.labels.push(...simulatedAbsences(options))
    if (flags.labels !== undefined) {
      await writeFile(flags.labels, summary.labels.map((label) => `${JSON.stringify(label)}\n`).join(''))
    }
    process.stderr.write(describe(options, summary))
  } catch (error) {
    throw fileError(error)
  }
}

function writeJson(file: string, value: unknown): Promise<void> {
  return writeFile(file, `${JSON.stringify(value, null, 2)}\n`)
}

/** Respects the writer's pace: memory holds a few chunks of 64 KiB. */
async function writeEvents(options: AnyOptions, out: string): Promise<Summary> {
  const summary: Summary = { events: 0, labels: [], readerGone: false }
  const bar = new SingleBar({
    format: 'simulating {bar} {percentage}% | {value}/{total} days',
    stream: process.stderr,
    noTTYOutput: false,
    clearOnComplete: true,
  })
  bar.start(options.days, 0)
  const source = Readable.from(chunks(options, summary, (day) => bar.update(day)))
  try {
    if (out === '-') await pipeline(source, process.stdout, { end: false })
    else await pipeline(source, createWriteStream(out))
  } catch (error) {
    if (out !== '-' || codeOf(error) !== 'EPIPE') throw error
    summary.readerGone = true
  } finally {
    bar.stop()
  }
  return summary
}

const CHUNK_CHARS = 65_536

function* chunks(options: AnyOptions, summary: Summary, onDay: (day: number) => void): Generator<string> {
  let text = ''
  for (const { event, label } of simulate(options)) {
    summary.events++
    if (label !== undefined) summary.labels.push(label)
    text += `${JSON.stringify(event)}\n`
    if (text.length < CHUNK_CHARS) continue
    yield text
    text = ''
    onDay(Math.floor((Date.parse(event.timestamp) - options.startMs) / DAY_MS))
  }
  if (text !== '') yield text
}

function describe(options: AnyOptions, { events, labels, readerGone }: Summary): string {
  const perAttack = new Map<string, number>()
  for (const { attack } of labels) perAttack.set(attack, (perAttack.get(attack) ?? 0) + 1)
  const attacks = [...perAttack].map(([attack, count]) => `${attack} ${count}`).join(', ')
  return (
    `${readerGone ? 'Stopped, for nobody reads on: ' : ''}${events} events of ${options.tokens} tokens over ` +
    `${options.days} days from ${new Date(options.startMs).toISOString()}, seed ${options.seed}; ` +
    `events of attacks: ${attacks === '' ? 'none' : attacks}.\n`
  )
}

function refuseOneFileTwice({ out, labels, registry, kinds }: SimulateFlags): void {
  const files = [out, labels, registry, kinds].filter((file) => file !== undefined)
  if (new Set(files).size < files.length) {
    throw new UserError('Two of --out, --labels, --registry and --kinds name the same file.', { exitCode: 2 })
  }
}

/** A file that cannot be written is the user's to mend; anything else is a defect and keeps its stack. */
function fileError(error: unknown): unknown {
  const code = codeOf(error)
  if (code === undefined || !/^E[A-Z]+$/.test(code)) return error
  return new UserError(`Cannot write (${code}): ${(error as NodeJS.ErrnoException).path ?? 'standard output'}`, {
    cause: error,
  })
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} on.`)
    }
    return value
  }
}

function startTime(text: string): number {
  const timeMs = Date.parse(text)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) || !(timeMs % HOUR_MS === 0)) {
    throw new InvalidArgumentError('It must be a whole hour, such as 2026-10-01T00:00:00Z.')
  }
  return timeMs
}
