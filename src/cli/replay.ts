/** `tokenwatch replay`: the same pipeline over a file. */
import { constants } from 'node:fs'
import { access, open } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { SingleBar } from 'cli-progress'
import { Command, InvalidArgumentError } from 'commander'
import type { Alert } from '../alert/alert.ts'
import { budgetOf } from '../alert/budget.ts'
import { createMemoryBudget } from '../alert/memory-budget.ts'
import { createStoredThresholds } from '../app/stored-thresholds.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { createDetection, sourceFoldSettingsOf } from '../detection.ts'
import { createTokenState } from '../fold.ts'
import { type FileProgress, sha256OfFile } from '../ingest/file.ts'
import { FORMAT_NAMES } from '../ingest/formats/index.ts'
import { renderTerminal } from '../notify/terminal.ts'
import { createPipeline } from '../pipeline.ts'
import { EMPTY_REGISTRY, type TokenRegistry, createRegistry } from '../registry/registered-token.ts'
import { createMemoryPeers } from '../profile/memory-peers.ts'
import { replay, UNSTORED_BLOCK } from '../replay.ts'
import { createSourceFold } from '../source-fold.ts'
import { createMemorySources } from '../sources/memory-sources.ts'
import { createMemoryStates } from '../token-states.ts'
import { ExitCode, UserError, configOf } from './command.ts'
import { explainFailures } from './prerequisite.ts'
import { openReplayInput } from './replay-input.ts'
import { alertLine } from './replay-lines.ts'
import { replaySummary } from './replay-summary.ts'
import { openReplayStore } from './replay-store.ts'
import { readTokens, refuseProblems } from './token-list.ts'

interface ReplayOptions {
  readonly format?: string
  readonly input: string
  readonly tokens?: string
  readonly alerts?: string
  readonly minBits?: number
  readonly store: boolean
}

const EXAMPLES = `
Examples:
  $ tokenwatch replay --format cloudtrail --input cloudtrail.ndjson.gz
  $ tokenwatch replay --input events.ndjson --tokens registry.json --alerts alerts.ndjson --min-bits 4
  $ zcat events.ndjson.gz | tokenwatch replay --input - --alerts -

Nothing is stored and no target is notified, unless --store is given: then events, findings and alerts are written to
the configured ClickHouse, and the alerts are recorded as suppressed.`

export function replayCommand(): Command {
  return new Command('replay')
    .description('Runs the pipeline over a file of events, from an empty state in memory, and shows what it finds.')
    .option('--format <name>', `log format: ${FORMAT_NAMES.join(', ')} (default: ingest.format)`)
    .requiredOption('--input <file>', 'NDJSON, also .gz; - is standard input')
    .option(
      '--tokens <file>',
      'registry of the tokens, for names and facts: CSV, JSON array or NDJSON of {token_id, name, owner, ...}',
    )
    .option('--alerts <file>', 'write one JSON line per alert; - is standard output')
    .option('--min-bits <n>', 'write a line whenever an incident passes another whole bit from n on', parseBits)
    .option('--store', 'write to the configured ClickHouse', false)
    .addHelpText('after', EXAMPLES)
    .action(async (options: ReplayOptions, command: Command) => {
      const set = options.format === undefined ? [] : [`ingest.format=${options.format}`]
      await explainFailures(() => runReplay(options, configOf(command, set)))
    })
}

async function runReplay(options: ReplayOptions, config: Config): Promise<void> {
  const { input } = options
  await mustBeInput(options)
  const registry = options.tokens === undefined ? EMPTY_REGISTRY : await readRegistry(options.tokens, config)
  // With a store the peers are its snapshots.
  const peers = options.store ? undefined : createMemoryPeers()
  const sources = options.store ? undefined : createMemorySources(config.learning.adoptAfterMs)
  const settings = budgetOf(config.alerting)
  const budget = settings && !options.store ? createMemoryBudget(settings) : undefined
  const thresholds = settings && options.store ? createStoredThresholds(settings) : undefined
  const thresholdBits = (budget ?? thresholds)?.thresholdBits
  const detection = await createDetection(config, {
    ...(thresholdBits && { thresholdBits }),
    ...(peers === undefined ? {} : { peers }),
    ...(sources === undefined ? {} : { sources }),
    registry,
    ...(options.minBits === undefined ? {} : { minBits: options.minBits }),
  })
  const topic = input === '-' ? 'stdin' : options.store ? `file:${await sha256OfFile(input)}` : 'file'
  await using stored = options.store ? await openReplayStore(config, topic, detection) : undefined
  const states = stored?.states ?? createMemoryStates((id) => createTokenState(id, detection.foldSettings.profile))
  const limits = stored === undefined ? UNSTORED_BLOCK : config.ingest.block
  const progress = createProgress()
  const onProgress = progress.update
  const { batches, decode } = openReplayInput({ input, topic, isStored: options.store, onProgress }, config, detection)
  const { enrich, fold, foldSettings } = detection
  const days = stored && thresholds?.daysOf(stored.db)
  const sourceSettings = sourceFoldSettingsOf(config)
  const foldSource = sources && createSourceFold({ sources, registry, settings: sourceSettings, shared: foldSettings })
  const pipeline = createPipeline(
    {
      decode,
      enrich,
      states,
      fold,
      ...(peers && { peers }),
      ...(budget && { budget }),
      ...(days && { days }),
      ...(foldSource && { foldSource }),
    },
    limits,
  )
  const output = await openAlertOutput(options.alerts)
  const startedAtMs = systemClock.now()
  const signal = new AbortController().signal
  const onAlert = (alert: Alert) => output.write(alert)
  const summary = await replay(topic, explainReading(input, batches), {
    pipeline,
    states,
    limits,
    clock: systemClock,
    onAlert,
    signal,
    ...(stored === undefined ? {} : { store: stored.blocks }),
  })
  progress.stop()
  await output.close()
  await stored?.finish()
  const text = replaySummary(summary, states.size, systemClock.now() - startedAtMs)
  ;(options.alerts === '-' ? process.stderr : process.stdout).write(text)
}

async function mustBeInput({ input, store }: ReplayOptions): Promise<void> {
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

async function mustBeReadable(option: string, path: string): Promise<void> {
  try {
    await access(path, constants.R_OK)
  } catch (error) {
    throw unreadable(option, path, error)
  }
}

function unreadable(option: string, path: string, error: unknown): UserError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
  return new UserError(`${option} ${path}: cannot be read (${code})`, { exitCode: ExitCode.usage, cause: error })
}

/** A directory, or damaged gzip, shows only while it is read. */
async function* explainReading<T>(input: string, batches: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* batches
  } catch (error) {
    throw unreadable('--input', input, error)
  }
}

async function readRegistry(path: string, config: Config): Promise<TokenRegistry> {
  const option = `--tokens ${path}`
  if (path === '-') throw new UserError('--tokens takes a file', { exitCode: ExitCode.usage })
  const list = await readTokens(option, path, config)
  refuseProblems(option, list, 'correct these lines')
  return createRegistry(list.tokens)
}

interface AlertOutput {
  write(alert: Alert): void
  /** Rejects when something could not be written. */
  close(): Promise<void>
}

/** Lines into a file or standard output; without either, alerts as a person reads them. */
async function openAlertOutput(target: string | undefined): Promise<AlertOutput> {
  if (target === undefined) {
    const style = { colour: process.stdout.isTTY, widthMax: Math.min(100, process.stdout.columns ?? 100) }
    return { write: (alert) => void process.stdout.write(`${renderTerminal(alert, style)}\n`), close: async () => {} }
  }
  if (target === '-') {
    return { write: (alert) => void process.stdout.write(alertLine(alert)), close: async () => {} }
  }
  // Opened before the work begins, so that a bad path does not cost a whole replay.
  const file = await open(target, 'w').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
    throw new UserError(`--alerts ${target}: cannot be written (${code})`, { exitCode: ExitCode.usage, cause: error })
  })
  const stream = file.createWriteStream()
  return {
    write: (alert) => void stream.write(alertLine(alert)),
    async close() {
      stream.end()
      await finished(stream)
    },
  }
}

/** A bar on a terminal, nothing elsewhere. */
function createProgress() {
  const bar = new SingleBar({
    format: 'replay [{bar}] {percentage}% | {value}/{total} MiB | {eta_formatted} left',
    hideCursor: true,
    clearOnComplete: true,
  })
  let isShown = false
  return {
    update: ({ bytesRead, bytesTotal }: FileProgress): void => {
      if (!process.stderr.isTTY || bytesTotal === undefined) return
      if (!isShown) bar.start(Math.ceil(bytesTotal / 2 ** 20), 0)
      isShown = true
      bar.update(Math.round(bytesRead / 2 ** 20))
    },
    stop() {
      if (isShown) bar.stop()
    },
  }
}
