/**
 * A million events through real Kafka into real ClickHouse: is everything there, and does memory stay flat?
 *
 * `npm run bench:million -- [--events N]`. Prints events per second, the resident memory of the service when half and
 * when all of the events are stored, and compares counts and sums in ClickHouse with what was produced. Exits with 1
 * where they differ or memory grew by more than a fifth.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createClient } from '@clickhouse/client'
import { SIMULATION_DEFAULTS, simulate } from '../src/simulate/simulation.ts'
import { spawnTokenwatch } from '../test/support/child.ts'
import { createTopic, produce, startTestKafka, uniqueName } from '../test/support/kafka.ts'

const CHUNK_EVENTS = 20_000
const GROWTH_MAX = 1.2

const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } })
const eventsMax = Number(values.events)
const folder = await mkdtemp(join(tmpdir(), 'tokenwatch-million-'))
const kafka = await startTestKafka({ progress: (text) => process.stderr.write(`${text}\n`) })
const topic = uniqueName('million')
await createTopic(kafka.brokers, topic, 4)

const sent = { events: 0, bytes: 0, bytesOut: 0 }
let chunk: { key: string; value: string }[] = []
const settings = { ...SIMULATION_DEFAULTS, tokens: 400, days: 35, eventsMax }
for (const { event } of simulate(settings)) {
  const value = JSON.stringify(event)
  chunk.push({ key: event.token_id, value })
  sent.events++
  sent.bytes += value.length
  sent.bytesOut += event.bytes_out ?? 0
  if (chunk.length === CHUNK_EVENTS) {
    await produce(kafka.brokers, topic, chunk)
    chunk = []
  }
}
if (chunk.length > 0) await produce(kafka.brokers, topic, chunk)
process.stderr.write(`produced ${sent.events} events of ${Math.round(sent.bytes / sent.events)} bytes\n`)

const startedAtMs = Date.now()
const service = spawnTokenwatch(
  ['run', '--set', 'http.port=0', '--set', 'notify.targets={}', '--set', `clickhouse.dataDir=${join(folder, 'data')}`],
  {
    env: { TOKENWATCH_INGEST_KAFKA_BROKERS: kafka.brokers.join(','), TOKENWATCH_INGEST_KAFKA_TOPICS: topic },
    cwd: folder,
  },
)
const line = await service.waitForLine(/"http":"(http:[^"]+)"/)
const http = /"http":"(http:[^"]+)"/.exec(line)?.[1]

async function storedEvents(): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text()
  return Number(/^tokenwatch_events_stored_total (\d+)/m.exec(text)?.[1] ?? 0)
}

async function residentMiB(): Promise<number> {
  const status = await readFile(`/proc/${service.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024
}

let halfMiB = 0
let peakMiB = 0
for (let stored = 0; stored < sent.events; stored = await storedEvents()) {
  if (stored >= sent.events / 2) {
    const now = await residentMiB()
    if (halfMiB === 0) halfMiB = now
    peakMiB = Math.max(peakMiB, now)
  }
  await delay(200)
}
const seconds = (Date.now() - startedAtMs) / 1000
peakMiB = Math.max(peakMiB, await residentMiB())

const access = JSON.parse(await readFile(join(folder, 'data', 'clickhouse.json'), 'utf8'))
const client = createClient({
  url: access.url,
  username: access.user,
  password: access.password,
  database: 'tokenwatch',
})
const result = await client.query({
  query: 'SELECT count() AS events, sum(bytes_out) AS bytesOut, uniqExact(event_id) AS ids FROM events',
  format: 'JSONEachRow',
  clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
})
const [found] = await result.json<{ events: number; bytesOut: number; ids: number }>()
await client.close()
const { code } = await service.stop('SIGTERM')
await kafka.stop()
await rm(folder, { recursive: true, force: true })

const isEqual = found?.events === sent.events && found.bytesOut === sent.bytesOut && found.ids === sent.events
const growth = peakMiB / halfMiB
process.stdout.write(
  `${sent.events} events in ${seconds.toFixed(1)} s, ${Math.round(sent.events / seconds)} events/s from the start of the process\n` +
    `stored ${found?.events}, ids ${found?.ids}, bytes ${found?.bytesOut} (produced ${sent.events}, ${sent.bytesOut}): ${isEqual ? 'equal' : 'DIFFERENT'}\n` +
    `resident at half ${halfMiB.toFixed(0)} MiB, at most ${peakMiB.toFixed(0)} MiB afterwards: x ${growth.toFixed(2)}\n` +
    `exit code ${code}\n`,
)
process.exitCode = isEqual && growth <= GROWTH_MAX && code === 0 ? 0 : 1
