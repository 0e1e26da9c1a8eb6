/**
 * What a token's profile costs in memory, and what 100,000 of them do.
 *
 * `npm run bench:memory -- [--tokens N]`. A typical token is known by 20 values and 24 hours of counts; a busy one by 200
 * values and four weeks of every hour. Bytes are those that the heap and its buffers gained by the profiles alone, after
 * a full collection, divided by their number: strings that many tokens share count once, as they do in the service.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import type { AccessEvent, EventTimeMs, TokenId } from '../src/event.ts'
import { type TokenState, createTokenState } from '../src/fold.ts'
import { MASK } from '../src/profile/dimension.ts'
import { learn } from '../src/profile/profile.ts'
import { HOUR_MS } from '../src/settings.ts'

const { values } = parseArgs({ options: { tokens: { type: 'string', default: '100000' } } })
const tokens = Number(values.tokens)

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const SETTINGS = { valuesMax: 512, adoptAfterMs: 14 * 24 * HOUR_MS, incidentGapMs: 6 * HOUR_MS }
const START_MS = Date.UTC(2026, 9, 1)
const TAUGHT = MASK.network | MASK.route | MASK.agent | MASK.place | MASK.counts | MASK.errors

interface Kind {
  readonly name: string
  readonly tokens: number
  readonly hours: number
  /** Of addresses with their places, routes, and versions of an agent. */
  readonly addresses: number
  readonly routes: number
  readonly agents: number
}

const KINDS: readonly Kind[] = [
  { name: 'typical', tokens, hours: 24, addresses: 6, routes: 8, agents: 2 },
  { name: 'busy', tokens: Math.ceil(tokens / 50), hours: 672, addresses: 80, routes: 30, agents: 10 },
]

/** The same event object each time: nothing of it is kept but texts, which are made anew as a decoder makes them. */
function teach(state: TokenState, kind: Kind, token: number): void {
  for (let hour = 0; hour < kind.hours; hour++) {
    const calls = Math.max(1, Math.ceil((kind.addresses + kind.routes) / kind.hours))
    for (let call = 0; call < calls; call++) {
      learn(state.profile, eventOf(kind, token, hour, hour * calls + call), TAUGHT, 0)
    }
  }
}

function eventOf(kind: Kind, token: number, hour: number, call: number): AccessEvent {
  const address = call % kind.addresses
  const subnet = `${10 + (token % 200)}.${Math.floor(token / 200) % 250}.${address >> 1}`
  return {
    timeMs: (START_MS + hour * HOUR_MS + call) as EventTimeMs,
    sourceClass: 'public',
    country: 'DE',
    network: `AS${3000 + (token % 40)}`,
    prefix: `${subnet}.0/24`,
    address: `${subnet}.${address}`,
    place: `DE|BE|Berlin|52.${address >> 2},13.4`,
    service: `service-${token % 50}`,
    route: `/v1/things-${token % 50}/${call % kind.routes}`,
    method: 'GET',
    agent: 'python-requests',
    agentVersion: `2.${call % kind.agents}`,
    status: 200,
  } as unknown as AccessEvent
}

function bytesHeld(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function measure(kind: Kind): { bytes: number; buildMs: number; collectMs: number } {
  const ids = Array.from({ length: kind.tokens }, (_, at) => `tok_${at.toString(36).padStart(26, '0')}` as TokenId)
  const before = bytesHeld()
  const startedAtMs = performance.now()
  const states = ids.map((id, at) => {
    const state = createTokenState(id, SETTINGS)
    teach(state, kind, at)
    return state
  })
  const buildMs = performance.now() - startedAtMs
  const bytes = bytesHeld() - before
  const collectedAtMs = performance.now()
  collect()
  const collectMs = performance.now() - collectedAtMs
  if (states.length !== kind.tokens) throw new Error('profiles were lost')
  return { bytes, buildMs, collectMs }
}

const table = new Table({
  head: ['token', 'tokens', 'values', 'hours', 'bytes a token', 'full collection'],
  style: { head: [], border: [] },
})
for (const kind of KINDS) {
  const { bytes, collectMs } = measure(kind)
  const known = kind.addresses + kind.routes + kind.agents + Math.ceil(kind.addresses / 4)
  table.push([
    kind.name,
    kind.tokens.toLocaleString('en'),
    known,
    kind.hours,
    Math.round(bytes / kind.tokens).toLocaleString('en'),
    `${Math.round(collectMs)} ms`,
  ])
}
const peakMiB = process.resourceUsage().maxRSS / 1024
process.stdout.write(`${table.toString()}\npeak resident memory ${Math.round(peakMiB)} MiB\n`)
