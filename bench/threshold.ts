/**
 * What a threshold costs and catches on simulated traffic: the figures behind the default of alerting.thresholdBits.
 *
 * `npm run bench:threshold -- [--seeds N] [--tokens N] [--days N] [--asn FILE]`. For each threshold: false incidents a
 * day (those without a labelled event), and how many of the hidden attacks stand in an incident that alerts. The same
 * simulator makes the noise and the attacks, so read it as a comparison of thresholds, not as a promise.
 */
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { openBlock } from '../src/block.ts'
import { loadConfig } from '../src/config.ts'
import { createDetection } from '../src/detection.ts'
import type { Finding } from '../src/detect/finding.ts'
import { createTokenState } from '../src/fold.ts'
import { createPipeline } from '../src/pipeline.ts'
import { SIMULATION_DEFAULTS, simulate } from '../src/simulate/simulation.ts'
import { createMemoryStates } from '../src/token-states.ts'

const THRESHOLDS = [10, 11, 12, 13, 14, 16, 18, 20]
const CHUNK_EVENTS = 2_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    tokens: { type: 'string', default: String(SIMULATION_DEFAULTS.tokens) },
    days: { type: 'string', default: String(SIMULATION_DEFAULTS.days) },
    asn: { type: 'string' },
  },
})
const days = Number(values.days)
const seeds = Array.from({ length: Number(values.seeds) }, (_, at) => at + 1)
const set = values.asn === undefined ? [] : [`enrich.asnDatabase=${values.asn}`]
const config = loadConfig({ set, env: {} })

interface Outcome {
  /** Bits of incidents without a labelled event. */
  readonly falseBits: readonly number[]
  /** For each attack the bits of the strongest incident that holds a finding on one of its events. */
  readonly attackBits: readonly number[]
}

async function runSeed(seed: number): Promise<Outcome> {
  const detection = await createDetection(config)
  const states = createMemoryStates((id) => createTokenState(id, detection.foldSettings.profile))
  const pipeline = createPipeline(
    {
      decode: (record, at) => detection.decode(record, at, false),
      enrich: detection.enrich,
      states,
      fold: detection.fold,
    },
    config.ingest.block,
  )
  const attackOf = new Map<string, string>()
  const incidents = new Map<string, { bits: number; attacks: Set<string> }>()
  let chunk: Buffer[] = []

  async function play(): Promise<void> {
    const records = chunk.map((value, offset) => ({ topic: 'simulated', partition: 0, offset, value }))
    // A block made again closes nowhere but at its end, which is all that is wanted here.
    const place = { topic: 'simulated', partition: 0, firstOffset: 0, lastOffset: 0 }
    const block = openBlock({ ...place, ingestedAtMs: 0, isRetry: true })
    for (let at = 0; at < records.length;) at += await pipeline.extend(block, records, at)
    for (const finding of block.findings) add(finding)
    chunk = []
  }

  function add({ incidentId, bits, eventId }: Finding): void {
    const incident = incidents.get(incidentId) ?? { bits: 0, attacks: new Set<string>() }
    incident.bits += bits
    const attack = attackOf.get(eventId)
    if (attack !== undefined) incident.attacks.add(attack)
    incidents.set(incidentId, incident)
  }

  const settings = { ...SIMULATION_DEFAULTS, seed, days, tokens: Number(values.tokens), attacks: 'all' as const }
  for (const { event, label } of simulate(settings)) {
    if (label !== undefined) attackOf.set(event.id, `${label.attack} ${label.token_id}`)
    chunk.push(Buffer.from(JSON.stringify(event)))
    if (chunk.length === CHUNK_EVENTS) await play()
  }
  await play()
  const all = [...incidents.values()]
  return {
    falseBits: all.filter(({ attacks }) => attacks.size === 0).map(({ bits }) => bits),
    attackBits: [...new Set(attackOf.values())].map((attack) =>
      Math.max(0, ...all.filter(({ attacks }) => attacks.has(attack)).map(({ bits }) => bits)),
    ),
  }
}

const outcomes: Outcome[] = []
for (const seed of seeds) {
  outcomes.push(await runSeed(seed))
  process.stderr.write(`seed ${seed} of ${seeds.length}\n`)
}
const table = new Table({
  head: ['thresholdBits', 'false incidents a day', 'of seeds, least to most', 'attacks caught'],
  style: { head: [], border: [] },
})
for (const threshold of THRESHOLDS) {
  const perDay = outcomes.map(({ falseBits }) => falseBits.filter((bits) => bits >= threshold).length / days)
  const attacks = outcomes.flatMap(({ attackBits }) => attackBits)
  const caught = attacks.filter((bits) => bits >= threshold).length
  const mean = perDay.reduce((sum, rate) => sum + rate, 0) / perDay.length
  table.push([
    threshold,
    mean.toFixed(2),
    `${Math.min(...perDay).toFixed(2)} to ${Math.max(...perDay).toFixed(2)}`,
    `${caught} of ${attacks.length}`,
  ])
}
process.stdout.write(`${values.tokens} tokens, ${days} days, seeds 1 to ${seeds.length}\n${table.toString()}\n`)
