/** Reads the cases of test/cases (its README says what they are) and plays them through the pipeline. */
import { readFileSync, readdirSync } from 'node:fs'
import { z } from 'zod'
import { configSchema } from '../../src/config/schema.ts'
import type { Finding } from '../../src/detect/finding.ts'
import { type Detection, createDetection, sourceFoldSettingsOf } from '../../src/detection.ts'
import { createFingerprinter } from '../../src/enrich/fingerprint.ts'
import type { RawRecord } from '../../src/ingest/source.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { EMPTY_REGISTRY, type TokenRegistry, createRegistry } from '../../src/registry/registered-token.ts'
import { problemText, readTokenList } from '../../src/registry/token-file.ts'
import { replay } from '../../src/replay.ts'
import { createSourceFold } from '../../src/source-fold.ts'
import { createMemorySources } from '../../src/sources/memory-sources.ts'
import { createRotatingStates } from '../../src/rotating-states.ts'

const CASES = new URL('../cases/', import.meta.url)
const SOURCE_SETTINGS = sourceFoldSettingsOf(configSchema.parse({}))
/** More than any case has. */
const SOURCES_MAX = 1_000
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const habitSchema = z.strictObject({
  from: z.iso.datetime().transform(Date.parse),
  to: z.iso.datetime().transform(Date.parse),
  every: z
    .string()
    .regex(/^\d+[smhd]$/)
    .transform((text) => Number.parseInt(text) * UNIT_MS[text.at(-1) as keyof typeof UNIT_MS]),
  hours: z.tuple([z.int().min(0).max(23), z.int().min(1).max(24)]).default([0, 24]),
  event: z.record(z.string(), z.unknown()),
})
const expectedSchema = z.strictObject({
  says: z.string().endsWith('.'),
  registry: z.array(z.record(z.string(), z.unknown())).default([]),
  history: z.array(habitSchema).default([]),
  findings: z.array(z.strictObject({ line: z.int().min(1), bits: z.number().positive() })),
})

export interface Case {
  readonly detector: string
  readonly name: string
  readonly says: string
  readonly expected: readonly { readonly line: number; readonly bits: number }[]
  readonly registry: TokenRegistry
  /** JSON texts, one an event. Expanded anew with each call. */
  readonly history: () => readonly string[]
  /** JSON texts. */
  readonly events: readonly string[]
}

/** Folders with the name of a detector, whether or not there is one of that name. */
export function caseFolders(): readonly string[] {
  return foldersIn('')
}

export function readCases(): readonly Case[] {
  return foldersIn('').flatMap((detector) => foldersIn(`${detector}/`).map((name) => readCase(detector, name)))
}

function foldersIn(path: string): string[] {
  const entries = readdirSync(new URL(path, CASES), { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

function readCase(detector: string, name: string): Case {
  const read = (file: string) => readFileSync(new URL(`${detector}/${name}/${file}`, CASES), 'utf8')
  const { says, registry, history, findings } = expectedSchema.parse(JSON.parse(read('expected.json')))
  const events = read('events.ndjson').trimEnd().split('\n')
  return {
    detector,
    name,
    says,
    expected: findings,
    registry: registryOf(registry),
    history: () => history.flatMap(expand).sort(byTime).map(toText),
    events,
  }
}

/** As `tokenwatch replay --tokens` reads it. */
function registryOf(entries: readonly object[]): TokenRegistry {
  if (entries.length === 0) return EMPTY_REGISTRY
  const { tokens, problems } = readTokenList(JSON.stringify(entries), createFingerprinter(undefined))
  if (problems[0] !== undefined) throw new Error(problemText(problems[0]))
  return createRegistry(tokens)
}

interface Timed {
  readonly timeMs: number
  readonly event: object
}

function expand(habit: z.infer<typeof habitSchema>): Timed[] {
  const all: Timed[] = []
  for (let timeMs = habit.from; timeMs < habit.to; timeMs += habit.every) {
    const hour = new Date(timeMs).getUTCHours()
    if (hour < habit.hours[0] || hour >= habit.hours[1]) continue
    const nth = all.length
    const fields = Object.entries(habit.event).map(([key, value]) => [
      key,
      Array.isArray(value) ? value[nth % value.length] : value,
    ])
    all.push({ timeMs, event: Object.fromEntries(fields) as object })
  }
  return all
}

function byTime(a: Timed, b: Timed): number {
  return a.timeMs - b.timeMs
}

function toText({ timeMs, event }: Timed): string {
  return JSON.stringify({ timestamp: new Date(timeMs).toISOString(), ...event })
}

/** The pure middle of the pipeline, with the defaults and the cases' own database of networks. */
export function createCaseDetection(): Promise<Detection> {
  const config = configSchema.parse({ enrich: { asnDatabase: new URL('networks.csv', CASES).pathname } })
  const counters = { fieldDropped: () => {}, sourceTextSeen: () => {}, tokenIdFingerprinted: () => {} }
  return createDetection(config, { counters })
}

/**
 * Every finding, by whichever detector, with the line that raised it: from 1, or less for one of the history, of which
 * the first half teaches the habit and is left out.
 */
export async function play(
  detection: Detection,
  one: Case,
): Promise<readonly { readonly line: number; readonly finding: Finding }[]> {
  const history = one.history()
  const records = [...history, ...one.events].map((text, offset): RawRecord => ({
    topic: 'case',
    partition: 0,
    offset,
    value: Buffer.from(text),
  }))
  const states = createRotatingStates(detection.foldSettings.profile, one.registry)
  const limits = { rowsMax: 50_000, bytesMax: 32_000_000 }
  const decode = (record: RawRecord, ingestedAtMs: number) => detection.decode(record, ingestedAtMs, false)
  const { registry } = one
  const sources = createMemorySources(detection.foldSettings.profile.adoptAfterMs, SOURCES_MAX)
  const fold = detection.foldWith(registry, sources)
  const foldSource = createSourceFold({ sources, registry, settings: SOURCE_SETTINGS, shared: detection.foldSettings })
  const findings: Finding[] = []
  const summary = await replay('case', batchesOf(records), {
    pipeline: createPipeline({ ...detection, decode, states, fold, foldSource }, limits),
    states,
    limits,
    clock: { now: () => 0 },
    onAlert: () => {},
    store: { write: async (block) => void findings.push(...block.findings) },
    signal: new AbortController().signal,
  })
  if (summary.deadLetters > 0)
    throw new Error(`${one.detector}/${one.name}: ${summary.deadLetters} lines are no events`)
  return findings
    .map((finding) => ({ line: finding.position.offset - history.length + 1, finding }))
    .filter(({ line }) => line > -history.length / 2)
}

async function* batchesOf(records: readonly RawRecord[]): AsyncGenerator<readonly RawRecord[]> {
  yield records
}
