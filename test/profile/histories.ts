/** Arbitrary histories of a few tokens, as nasty as a log may be, and the fold over them with everything made small. */
import * as fc from 'fast-check'
import { NO_ACTIONS } from '../../src/alert/actions.ts'
import type { Alert } from '../../src/alert/alert.ts'
import { createEvidence } from '../../src/alert/evidence.ts'
import type { Incident } from '../../src/alert/incident.ts'
import type { Finding, FoldedEvent } from '../../src/detect/finding.ts'
import { type DetectionContext, NO_CONTEXT } from '../../src/detect/detector.ts'
import { detectSettings } from '../../src/detect/settings.ts'
import { createDetectors } from '../../src/detection.ts'
import type { AccessEvent, EventTimeMs, TokenId } from '../../src/event.ts'
import { type FoldSettings, type TokenState, createFold, createTokenState } from '../../src/fold.ts'
import type { PeerSnapshot } from '../../src/profile/peers.ts'
import { allHours } from '../../src/profile/hours.ts'
import { recentSources } from '../../src/profile/turns.ts'
import { entriesOf } from '../../src/profile/values.ts'
import { createRegistry } from '../../src/registry/registered-token.ts'
import { fillStates } from '../../src/store/profile-rows.ts'
import { NOON_MS, call } from './calls.ts'
import { rowsOf } from './rollups.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** How the log goes on: the hand of the clock moves, and an event is written with that time or an earlier one. */
const forwardMs = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 1000, 5 * 60_000, HOUR_MS - 1, HOUR_MS) },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 30 }).map((hours) => hours * HOUR_MS) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 20 }).map((days) => days * DAY_MS) },
  { weight: 1, arbitrary: fc.constantFrom(40 * DAY_MS, 190 * DAY_MS, 245 * DAY_MS) },
)
const lateMs = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.constantFrom(1, 1000, HOUR_MS, 5 * HOUR_MS) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 }).map((days) => days * DAY_MS) },
  { weight: 1, arbitrary: fc.constantFrom(100 * DAY_MS, 185 * DAY_MS, 200 * DAY_MS, 300 * DAY_MS) },
)
/** Moves the hand to the edge of the next hour, day or month: the last millisecond of one, or the first of the next. */
const edge = fc.constantFrom('none', 'none', 'none', 'none', 'hour', 'day', 'month', 'before hour', 'before month')

const PLACES = [
  ['DE', 'AS3320', '10.1.1.0/24', '10.1.1.1', 'DE|BE|Berlin|52.5,13.4'],
  ['DE', 'AS3320', '10.1.1.0/24', '10.1.1.2', 'DE|BE|Berlin|52.5,13.4'],
  ['DE', 'AS3320', '10.1.2.0/24', '10.1.2.1', 'DE|HH|Hamburg|53.6,10.0'],
  ['DE', 'AS680', '10.2.1.0/24', '10.2.1.1', 'DE|BY|Munich|48.1,11.6'],
  ['SG', 'AS14061', '10.3.1.0/24', '10.3.1.1', 'SG||Singapore|1.3,103.9'],
  ['BR', 'AS28573', '10.4.1.0/24', '10.4.1.1', ''],
  ['', '', '', '', ''],
] as const

/** None, a common one, a less common one, and one that is grave in itself. */
const ROUTES = ['', '/r1', '/r2', 'DeleteTrail'] as const

const step = fc.record({
  token: fc.nat(2),
  forwardMs,
  lateMs,
  edge,
  place: fc.nat(PLACES.length - 1),
  route: fc.constantFrom(...ROUTES),
  method: fc.constantFrom('GET', 'GET', 'POST'),
  agent: fc.nat(3),
  status: fc.constantFrom(200, 200, 200, 200, 401, 403, 404, 405, 429, 500),
  /** So many calls of that kind, one second apart. */
  calls: fc.constantFrom(1, 1, 1, 1, 2, 5, 12),
})
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** Events in the order of the log, each with an id of its own. */
export const history: fc.Arbitrary<readonly AccessEvent[]> = fc
  .array(step, { minLength: 1, maxLength: 60, size: 'max' })
  .map(eventsOf)

function eventsOf(steps: readonly Step[]): AccessEvent[] {
  const events: AccessEvent[] = []
  let handMs = NOON_MS
  for (const one of steps) {
    handMs = toEdge(handMs + one.forwardMs, one.edge)
    for (let i = 0; i < one.calls; i++) events.push(eventOf(one, handMs - one.lateMs + i * 1000, events.length))
  }
  return events
}

function eventOf(one: Step, timeMs: number, offset: number): AccessEvent {
  const [country, network, prefix, address, place] = PLACES[one.place] as (typeof PLACES)[number]
  return call(timeMs, {
    tokenId: `tok_${one.token}`,
    eventId: `event-${offset}`,
    position: { topic: 'access', partition: 0, offset, index: 0 },
    sourceClass: network === '' ? 'none' : 'public',
    country,
    network,
    prefix,
    address,
    place,
    ip: address,
    route: one.route,
    method: one.method,
    agent: one.agent === 0 ? '' : `agent${Math.min(one.agent, 2)}`,
    agentVersion: one.agent === 0 ? '' : `${one.agent}.0`,
    status: one.status,
  })
}

function toEdge(timeMs: number, to: string): number {
  const date = new Date(timeMs)
  const nextMonthMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  if (to === 'hour') return Math.ceil(timeMs / HOUR_MS) * HOUR_MS
  if (to === 'before hour') return Math.ceil((timeMs + 1) / HOUR_MS) * HOUR_MS - 1
  if (to === 'day') return Math.ceil(timeMs / DAY_MS) * DAY_MS
  if (to === 'month') return nextMonthMs
  return to === 'before month' ? nextMonthMs - 1 : timeMs
}

/**
 * Everything small, so that short histories find, quarantine, adopt, push values out and raise alerts. Tables hold four
 * values at least, for the sources seen last are read back from them; `learning.valuesMax` allows no less than 16.
 */
export const smallSettings: fc.Arbitrary<FoldSettings> = fc.record({
  profile: fc.record({
    valuesMax: fc.constantFrom(4, 5, 16),
    adoptAfterMs: fc.constantFrom(HOUR_MS, 2 * DAY_MS, 14 * DAY_MS),
    incidentGapMs: fc.constantFrom(60_000, HOUR_MS, 6 * HOUR_MS, 3 * DAY_MS),
  }),
  evidence: fc.record({
    coincidenceWindowMs: fc.constantFrom(60_000, HOUR_MS, 6 * HOUR_MS),
    coincidenceBits: fc.constantFrom(0, 2),
    driftBits: fc.constantFrom(0, 0.7, 3),
    driftFree: fc.constantFrom([], ['new-country'], ['new-address', 'unusual-hour']),
    halfLifeMs: fc.constantFrom(HOUR_MS, DAY_MS, 30 * DAY_MS),
    carriedBitsMax: fc.constantFrom(0, 4, 64),
  }),
  findingBitsMin: fc.constantFrom(0.5, 1, 3),
  quarantineBits: fc.constantFrom(0, 1, 4, 10),
  thresholdBits: fc.constantFrom(1, 3, 6).map((bits) => () => bits),
  database: fc.constant('tokenwatch'),
  minBits: fc.constantFrom(undefined, undefined, 1, 2.5),
})

/** Peers that never change: some know the country, some of its networks, and nobody the rest. */
export const PEERS: PeerSnapshot = {
  id: 'peers',
  windowMs: 0,
  reachOf: (dimension, prefix) =>
    dimension !== 'network' || prefix === 'DE|' ? 'tenant' : prefix.startsWith('DE|AS680|') ? 'anyone' : 'nobody',
  changesOf: () => ({ tenant: 50, anyone: 10, nobody: 2 }),
  surgeOf: () => ({ hour: 1.5, day: 0.8 }),
}

const REGISTERED = {
  name: '',
  owner: 'kim',
  tenant: 'acme',
  service: 'reports',
  scopes: [],
  environment: 'test',
  createdAtMs: NOON_MS as EventTimeMs,
  expiresAtMs: (NOON_MS + 1000 * DAY_MS) as EventTimeMs,
  revokedAtMs: 0 as EventTimeMs,
  compromisedAtMs: 0 as EventTimeMs,
  rotatedFrom: '',
} as const

/** A token that was revoked, one that nobody owns, and one that is not registered. */
const REGISTRY = createRegistry([
  { ...REGISTERED, tokenId: 'tok_0' as TokenId, revokedAtMs: (NOON_MS + 3 * DAY_MS) as EventTimeMs },
  { ...REGISTERED, tokenId: 'tok_1' as TokenId, owner: '', expiresAtMs: 0 as EventTimeMs },
])

/** What is known beside the token's own history: nothing, or peers, or peers and a registry. */
export const anyContext: fc.Arbitrary<DetectionContext> = fc.constantFrom(
  NO_CONTEXT,
  { ...NO_CONTEXT, peers: PEERS },
  { ...NO_CONTEXT, peers: PEERS, registry: REGISTRY },
)

/** What is stored, and what is in memory. */
export interface Session {
  readonly events: FoldedEvent[]
  readonly findings: Finding[]
  readonly alerts: Alert[]
  states: Map<string, TokenState>
}

export function createSession(): Session {
  return { events: [], findings: [], alerts: [], states: new Map() }
}

/** Folds events into the session, as one process does between its start and its end. */
export function foldInto(
  session: Session,
  events: readonly AccessEvent[],
  settings: FoldSettings,
  context: DetectionContext = NO_CONTEXT,
  actions = NO_ACTIONS,
): void {
  const detect = detectSettings.parse({
    findingBitsMin: settings.findingBitsMin,
    detectors: {
      'frequency-spike': { callsMin: 2, bitsMin: 0 },
      'error-burst': { refusedMin: 2 },
      'rate-limited': { limitedMin: 2 },
    },
  })
  const fold = createFold(createDetectors({ detect }), settings, context, actions)
  for (const event of events) {
    let state = session.states.get(event.tokenId)
    if (state === undefined) {
      state = createTokenState(event.tokenId, settings.profile)
      session.states.set(event.tokenId, state)
    }
    const folded = fold(state, event)
    session.events.push(folded.event)
    session.findings.push(...folded.findings)
    session.alerts.push(...folded.alerts)
  }
}

/** The states that a process would load which knows only what is stored. */
export function rebuild(session: Session, settings: FoldSettings, actions = NO_ACTIONS): Map<string, TokenState> {
  const states = new Map<string, TokenState>()
  for (const tokenId of session.states.keys() as Iterable<TokenId>)
    states.set(tokenId, createTokenState(tokenId, settings.profile, actions.marksOf(tokenId)))
  fillStates(states, rowsOf(session.events, session.findings))
  return states
}

/** All that a state says, with what has no order put in one. */
export function told(states: ReadonlyMap<string, TokenState>) {
  return [...states].sort(byKey).map(([tokenId, { profile, evidence = createEvidence(), incidents }]) => ({
    tokenId,
    nowMs: profile.nowMs,
    lastFindingMs: profile.lastFindingMs,
    learned: tablesOf(profile.learned),
    held: tablesOf(profile.held),
    days: profile.activity.days,
    hours: allHours(profile.activity.hours),
    fine: { newest: profile.fine.newest, packed: profile.fine.packed.slice(0, profile.fine.length) },
    recent: recentSources(profile).map(({ node, lastMs }) => [profile.shared.vocabulary.chainText(node), lastMs]),
    raised: [...profile.raised].sort(byKey),
    evidence: { ...evidence, window: [...evidence.window].sort(byKey) },
    incidents: Object.entries(incidents).sort(byKey).map(toldIncident),
  }))
}

/** The latest finding is one of the event in hand: by the next one it is another. */
function toldIncident([concern, incident]: readonly [string, Incident]) {
  const { latest: _latest, ...lasting } = incident
  return { key: concern, ...lasting, bitsByDetector: [...incident.bitsByDetector].sort(byKey) }
}

function tablesOf(tables: TokenState['profile']['learned']) {
  return Object.entries(tables).flatMap(([dimension, table]) =>
    [...entriesOf(table)].sort(byKey).map(([value, { enteredAtMs, lastMs, days }]) => {
      const months = days.flatMap((month, at) => (at % 2 === 0 ? [[month, days[at + 1]]] : []))
      return { dimension, value, enteredAtMs, lastMs, days: months.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)) }
    }),
  )
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1
}
