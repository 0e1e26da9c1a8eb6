/** `tokenwatch replay`: the same pipeline over a file. */
import { Command, InvalidArgumentError } from 'commander'
import type { Alert } from '../alert/alert.ts'
import { type MemoryRun, createMemoryRun } from '../app/memory-run.ts'
import { systemClock } from '../clock.ts'
import { type Tally, createTally } from '../comparison.ts'
import type { Config } from '../config.ts'
import type { FileProgress } from '../ingest/file.ts'
import { FORMAT_NAMES } from '../ingest/formats/index.ts'
import type { DecodedRecord } from '../ingest/packed-records.ts'
import type { RawRecord } from '../ingest/source.ts'
import { EMPTY_REGISTRY, type TokenRegistry, createRegistry } from '../registry/registered-token.ts'
import { type Replay, UNSTORED_BLOCK, createReplay } from '../replay.ts'
import { openAlertOutput } from './alert-output.ts'
import { type Candidate, candidateOf, noteIgnored, withCandidate } from './candidate.ts'
import { ExitCode, UserError, configOf } from './command.ts'
import { reportJson } from './comparison-json.ts'
import { reportOf, reportText } from './comparison-report.ts'
import { jsonText } from './listing.ts'
import { explainFailures } from './prerequisite.ts'
import { createProgress } from './progress.ts'
import { explainReading, mustBeReadable, openReplayInput } from './replay-input.ts'
import { type Reading, type Replayed, replayIntoStore } from './replay-store.ts'
import { replaySummary } from './replay-summary.ts'
import { readTokens, refuseProblems } from './token-list.ts'

interface ReplayOptions {
  readonly format?: string
  readonly input: string
  readonly tokens?: string
  readonly alerts?: string
  readonly minBits?: number
  readonly json?: boolean
  readonly store: boolean
}

const EXAMPLES = `
Examples:
  $ tokenwatch replay --format cloudtrail --input cloudtrail.ndjson.gz
  $ tokenwatch replay --input events.ndjson --tokens registry.json --alerts alerts.ndjson --min-bits 4
  $ tokenwatch replay --input events.ndjson --candidate-set alerting.budgetPerDay=1
  $ zcat events.ndjson.gz | tokenwatch replay --input - --alerts -

Nothing is stored and no target is notified, unless --store is given: then events, findings and alerts are written to
the configured ClickHouse, and the alerts are recorded as suppressed.

With --candidate or --candidate-set the same records go through both configurations, and what is shown is how they
differ. Lines of --alerts then name theirs in "configuration".`

export function replayCommand(): Command {
  return withCandidate(new Command('replay'))
    .description('Runs the pipeline over a file of events, from an empty state in memory, and shows what it finds.')
    .option('--format <name>', `log format: ${FORMAT_NAMES.join(', ')} (default: ingest.format)`)
    .requiredOption('--input <file>', 'NDJSON, also .gz; - is standard input')
    .option(
      '--tokens <file>',
      'registry of the tokens, for names and facts: CSV, JSON array or NDJSON of {token_id, name, owner, ...}',
    )
    .option('--alerts <file>', 'write one JSON line per alert; - is standard output')
    .option('--min-bits <n>', 'write a line whenever an incident passes another whole bit from n on', parseBits)
    .option(
      '--json',
      'one JSON document instead of tables: alerts by day and detector, noisiest tokens, the difference',
    )
    .option('--store', 'write to the configured ClickHouse', false)
    .addHelpText('after', EXAMPLES)
    .action((options: ReplayOptions, command: Command) => explainFailures(() => runReplay(options, command)))
}

/** What the pipeline of a replay looks at beside the records. */
const SECTIONS = ['enrich', 'detect', 'alerting', 'learning'] as const

async function runReplay(options: ReplayOptions, command: Command): Promise<void> {
  const { format } = options
  const set = format === undefined ? [] : [`ingest.format=${format}`]
  const config = configOf(command, set)
  const candidate = candidateOf(command, config, SECTIONS, set)
  await mustMakeSense(options, candidate !== undefined)
  noteIgnored(candidate, 'the records of a replay are read and decoded once')
  const registry = options.tokens === undefined ? EMPTY_REGISTRY : await readRegistry(options.tokens, config)
  const progress = createProgress('replay', 'MiB')
  const reading = {
    input: options.input,
    output: await openAlertOutput(options.alerts, options.json || candidate ? 'silent' : 'text'),
    onProgress: ({ bytesRead, bytesTotal }: FileProgress) => {
      if (bytesTotal !== undefined) progress.update(Math.round(bytesRead / 2 ** 20), Math.ceil(bytesTotal / 2 ** 20))
    },
  }
  const startedAtMs = systemClock.now()
  const { summary, tokens, report } = options.store
    ? await replayIntoStore(reading, config, registry)
    : await replayInMemory(reading, config, candidate, options.minBits, registry)
  progress.stop()
  await reading.output.close()
  const text = replaySummary(summary, tokens, systemClock.now() - startedAtMs)
  const out = options.alerts === '-' ? process.stderr : process.stdout
  if (options.json && report !== undefined) out.write(jsonText(reportJson(report)))
  else out.write(candidate === undefined || report === undefined ? text : `${text}\n${reportText(report)}`)
}

/** In one pass, also over two configurations. */
async function replayInMemory(
  { input, output, onProgress }: Reading,
  config: Config,
  candidate: Candidate | undefined,
  minBits: number | undefined,
  registry: TokenRegistry,
): Promise<Replayed> {
  const topic = input === '-' ? 'stdin' : 'file'
  const { batches, isDecoded } = openReplayInput({ input, topic, isStored: false, onProgress }, config)
  const isCompared = candidate !== undefined
  const shared = { form: isDecoded || isCompared ? 'decoded' : 'raw', registry } as const
  const running = await createMemoryRun(config, { ...shared, ...(minBits === undefined ? {} : { minBits }) })
  const tally = createTally(0)
  const first = started(running, tally, (alert) => output.write(alert, isCompared ? 'running' : undefined))
  const other = candidate && {
    tally: createTally(0),
    run: await createMemoryRun(candidate.config, shared),
  }
  const second = other && started(other.run, other.tally, (alert) => output.write(alert, 'candidate'))
  const read = explainReading(input, batches)
  for await (const records of isCompared && !isDecoded ? decodedBy(running.decode, read) : read) {
    await first.take(records)
    await second?.take(records)
  }
  const summary = await first.end()
  await second?.end()
  const span = { fromMs: summary.firstMs, toMs: summary.lastMs + 1, learnedFromMs: 0 }
  const report = reportOf(span, tally, candidate && other && { ...candidate, tally: other.tally })
  return { summary, tokens: running.states.size, report }
}

function started({ pipeline, states }: MemoryRun, tally: Tally, onAlert: (alert: Alert) => void): Replay {
  const signal = new AbortController().signal
  const shared = { pipeline, states, limits: UNSTORED_BLOCK, clock: systemClock, signal }
  return createReplay('file', { ...shared, onAlert, onBlock: tally.take })
}

/** So that two configurations share one decoding. */
async function* decodedBy(
  decode: MemoryRun['decode'],
  batches: AsyncIterable<readonly RawRecord[]>,
): AsyncGenerator<readonly DecodedRecord[]> {
  for await (const records of batches) yield records.map((record) => ({ ...record, decoded: decode(record, 0) }))
}

async function mustMakeSense(options: ReplayOptions, isCompared: boolean): Promise<void> {
  const { input, store, minBits, json } = options
  const report = isCompared ? '--candidate' : json ? '--json' : undefined
  const against = store ? '--store' : minBits === undefined ? undefined : '--min-bits'
  if (report !== undefined && against !== undefined) {
    throw new UserError(`${report} and ${against}: expected at most one of them`, {
      exitCode: ExitCode.usage,
      remedy: `leave out ${against}: a report counts alerts, and stores nothing`,
    })
  }
  if (input !== '-') return mustBeReadable('--input', input)
  if (!store) return
  throw new UserError('--store cannot read standard input: a position is the file and the line', {
    exitCode: ExitCode.usage,
    remedy: 'write it to a file first',
  })
}

function parseBits(text: string): number {
  const bits = Number(text)
  if (!(bits > 0)) throw new InvalidArgumentError('expected a number of bits above 0')
  return bits
}

async function readRegistry(path: string, config: Config): Promise<TokenRegistry> {
  const option = `--tokens ${path}`
  if (path === '-') throw new UserError('--tokens takes a file', { exitCode: ExitCode.usage })
  const list = await readTokens(option, path, config)
  refuseProblems(option, list, 'correct these lines')
  return createRegistry(list.tokens)
}
