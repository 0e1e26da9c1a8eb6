/**
 * How fast a replay is: the whole command as a user runs it, and what reading, decoding, enriching and folding take.
 *
 * `npm run bench:replay -- [--tokens N] [--days N] [--input FILE]`. The events are the simulator's, unless a file is
 * named. The command runs in a process of its own, in memory, with an ASN database; what it needs to start is measured
 * with one event. Its main thread's own time says how fast it would be on a machine with nothing else to do. Reading,
 * decoding and enriching are measured here, each pass doing one thing more than the one before; in the command, reading
 * and decoding happen beside the rest where there are two processors.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openAsnDatabase } from '../src/enrich/asn.ts'
import { createEnricher } from '../src/enrich/enrich.ts'
import { createFingerprinter } from '../src/enrich/fingerprint.ts'
import { enrichSettings } from '../src/enrich/settings.ts'
import { createDecoder } from '../src/ingest/decode.ts'
import { readRecords } from '../src/ingest/file.ts'
import { canonical } from '../src/ingest/formats/canonical.ts'
import { ingestSettings } from '../src/ingest/settings.ts'
import type { RawRecord } from '../src/ingest/source.ts'
import { runCommand, runTokenwatch } from './eval/child.ts'
import { keepAsnFile } from './eval/traffic.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
/** Loaded into the command: says what its main thread and its memory came to. */
const REPORT = `data:text/javascript,import{isMainThread as m}from'node:worker_threads';if(m)process.on('exit',()=>{
const{user,system}=process.threadCpuUsage();console.log('used',(user+system)/1e6,process.resourceUsage().maxRSS/1024)})`

const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '120' },
    days: { type: 'string', default: '20' },
    input: { type: 'string' },
  },
})
const folder = await mkdtemp(join(tmpdir(), 'tokenwatch-replay-'))
const asnFile = await keepAsnFile(folder)
const input = values.input ?? (await simulated())

async function simulated(): Promise<string> {
  const out = join(folder, 'events.ndjson')
  await runTokenwatch('simulate', { tokens: values.tokens, days: values.days, attacks: 'all', out })
  return out
}

interface Run {
  readonly seconds: number
  /** Processor time of the main thread. */
  readonly mainSeconds: number
  readonly peakMiB: number
}

/** The command from its start to its end. */
async function runReplay(file: string): Promise<Run> {
  const alerts = join(folder, 'alerts.ndjson')
  const options = ['--input', file, '--alerts', alerts, '--min-bits', '4', '--set', `enrich.asnDatabase=${asnFile}`]
  const startedAtMs = performance.now()
  const output = await runCommand(process.execPath, ['--import', REPORT, MAIN, 'replay', ...options])
  const seconds = (performance.now() - startedAtMs) / 1_000
  const [, main, peak] = /^used (\S+) (\S+)$/m.exec(output) ?? []
  return { seconds, mainSeconds: Number(main), peakMiB: Number(peak) }
}

function batches(): AsyncGenerator<readonly RawRecord[]> {
  return readRecords({ input, topic: 'file', messageBytesMax: ingest.messageBytesMax })
}

/** Processor time of this thread, which other work on the machine hardly changes. */
function threadSeconds(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e6
}

/** Processor seconds for all of the input, and what the work on each record counted together. */
async function timed(work: (record: RawRecord) => number): Promise<{ readonly seconds: number; readonly sum: number }> {
  const startedAt = threadSeconds()
  let sum = 0
  for await (const records of batches()) for (const record of records) sum += work(record)
  return { seconds: threadSeconds() - startedAt, sum }
}

const ingest = ingestSettings.parse({})
const enrichment = enrichSettings.parse({})
const decode = createDecoder({
  settings: ingest,
  format: canonical,
  fingerprinter: createFingerprinter(undefined),
  trustedProxies: [],
  counters: { fieldDropped: () => {}, sourceTextSeen: () => {}, tokenIdFingerprinted: () => {} },
})
const asnStartedAt = threadSeconds()
const asn = await openAsnDatabase(asnFile)
const asnSeconds = threadSeconds() - asnStartedAt
const enrich = createEnricher(enrichment, asn)

const oneEvent = join(folder, 'one.ndjson')
const { value: firstBatch } = await batches().next()
await writeFile(oneEvent, firstBatch?.[0]?.value ?? '')
const start = await runReplay(oneEvent)
const whole = await runReplay(input)
const enriching = (record: RawRecord) => decode(record, 0, false).events.map(enrich).length
// Once before it is measured, so that each pass runs code that is compiled.
await timed(enriching)
const read = await timed((record) => record.value?.length ?? 0)
const decoded = await timed((record) => decode(record, 0, false).events.length)
const enriched = await timed(enriching)
await rm(folder, { recursive: true })

const events = decoded.sum
const perEvent = (seconds: number) => `${((seconds / events) * 1e6).toFixed(2)} µs`
const rate = (seconds: number) => Math.round(events / seconds).toLocaleString('en')
const enrichSeconds = enriched.seconds - decoded.seconds
const besideSeconds = availableParallelism() > 1 ? 0 : decoded.seconds
const mainSeconds = whole.mainSeconds - start.mainSeconds
process.stdout.write(
  `${events.toLocaleString('en')} events of ${Math.round(read.sum / events)} bytes in ${whole.seconds.toFixed(1)} s: ` +
    `${rate(whole.seconds)} events/s, ${rate(whole.seconds - start.seconds)} without the start\n` +
    `start ${start.seconds.toFixed(2)} s, the ASN database ${asnSeconds.toFixed(2)} s of processor time; ` +
    `peak ${whole.peakMiB.toFixed(0)} MiB\n` +
    `main thread ${perEvent(mainSeconds)} an event: at most ${rate(mainSeconds)} events/s without the start\n` +
    `an event: read ${perEvent(read.seconds)}, decode ${perEvent(decoded.seconds - read.seconds)}, ` +
    `enrich ${perEvent(enrichSeconds)}, ` +
    `fold and rest of the main thread ${perEvent(mainSeconds - enrichSeconds - besideSeconds)}\n`,
)
