/** The daily review with a real receiver, a store in memory and a clock that the tests turn. */
import { describe, expect, test } from 'vitest'
import type { Alert } from '../../src/alert/alert.ts'
import type { EventTimeMs } from '../../src/event.ts'
import { silentLog } from '../../src/log.ts'
import { createNotifiers } from '../../src/notify/index.ts'
import { type OutboxDeps, createOutbox } from '../../src/notify/outbox.ts'
import { notifySettings } from '../../src/notify/settings.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/settings.ts'
import { type Receiver, newSigningSecret, startWebhookReceiver, status } from '../support/receivers.ts'
import { NOON_MS, makeAlert } from './alerts.ts'
import { PARTITION, createMemoryOutboxStore } from './memory-outbox-store.ts'

const signingSecret = newSigningSecret()
const MIDNIGHT_MS = NOON_MS + 12 * HOUR_MS

/** An alert about governance, written so many hours after noon. */
function note(subject: string, hours = 0, over: Partial<Alert> = {}): Alert {
  const timeMs = (NOON_MS + hours * HOUR_MS) as EventTimeMs
  const { evidence } = makeAlert()
  const found = { ...evidence[0]!, detector: 'ownerless-token', seen: 'In use without an owner' }
  return makeAlert({ concern: 'governance', severity: 'low', subject, timeMs, evidence: [found], ...over })
}

async function setUp(target: object = {}, over: Partial<OutboxDeps> = {}) {
  const clock = { nowMs: NOON_MS, now: () => clock.nowMs }
  const receiver = await startWebhookReceiver({ signingSecret, now: clock.now })
  const { url } = receiver
  const hook = { type: 'webhook', url, signingSecret, allowHttp: true, allowPrivateAddresses: true, ...target }
  const settings = notifySettings.parse({ targets: { hook }, retry: { attemptsMax: 40 } })
  const context = { timeoutMs: 10_000, clock, print: () => {}, colour: false }
  const store = createMemoryOutboxStore()
  const deps: OutboxDeps = {
    store,
    notifiers: createNotifiers(settings, context, silentLog),
    clock,
    log: silentLog,
    metrics: { attempted: () => {}, waiting: () => {} },
    random: () => 0,
    retry: settings.retry,
    notifyFromMs: 0,
    maxAgeMs: 6 * HOUR_MS,
    ownedPartitions: () => [PARTITION],
    reviewTopics: () => [PARTITION.topic],
    database: 'tokenwatch',
    ...over,
  }
  const outbox = createOutbox(deps)
  const drainAt = async (timeMs: number) => {
    clock.nowMs = timeMs
    await outbox.drain()
  }
  return { outbox, store, receiver, deps, drainAt, [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose]() }
}

interface Told {
  readonly type: string
  readonly data: { readonly groups: { readonly notes: { readonly subject: string }[] }[] }
}

const toldBy = (receiver: Receiver) =>
  receiver.accepted.map(({ body }) => {
    const { type, data } = JSON.parse(body) as Told
    return type === 'tokenwatch.review' ? data.groups.flatMap(({ notes }) => notes.map(({ subject }) => subject)) : type
  })

describe('a review', () => {
  test('comes once, after midnight (UTC), while other alerts are sent at once', async () => {
    await using world = await setUp()
    for (const subject of ['tok_a', 'tok_b']) world.store.add(note(subject))
    world.store.add(makeAlert({ severity: 'low' }))
    await world.drainAt(NOON_MS)
    await world.drainAt(MIDNIGHT_MS + 9 * MINUTE_MS)
    expect(toldBy(world.receiver)).toEqual(['tokenwatch.alert.opened'])
    await world.drainAt(MIDNIGHT_MS + 20 * MINUTE_MS)
    for (const minutes of [30, 60, 600]) await world.drainAt(MIDNIGHT_MS + minutes * MINUTE_MS)
    expect(toldBy(world.receiver)).toEqual(['tokenwatch.alert.opened', ['tok_a', 'tok_b']])
    expect(world.store.rows().map(({ outcome }) => outcome)).toEqual(['delivered', 'digested', 'digested'])
  })

  test('of each day holds what that day wrote', async () => {
    await using world = await setUp()
    world.store.add(note('tok_a'))
    world.store.add(note('tok_b', 13))
    await world.drainAt(MIDNIGHT_MS + 2 * HOUR_MS)
    await world.drainAt(MIDNIGHT_MS + DAY_MS + 2 * HOUR_MS)
    expect(toldBy(world.receiver)).toEqual([['tok_a'], ['tok_b']])
  })

  test('that fails is tried again with the same notes under the same id, even on the next day', async () => {
    await using world = await setUp()
    world.receiver.always(status(503, { 'retry-after': String(3600) }))
    world.store.add(note('tok_a'))
    world.store.add(note('tok_b', 13))
    await world.drainAt(MIDNIGHT_MS + HOUR_MS)
    world.receiver.always({ kind: 'ok' })
    await world.drainAt(MIDNIGHT_MS + DAY_MS + HOUR_MS)
    expect(toldBy(world.receiver)).toEqual([['tok_a'], ['tok_b']])
    const ids = world.receiver.requests.map(({ headers }) => headers['webhook-id'])
    expect(ids[0]).toBe(ids[1])
    expect(ids[2]).not.toBe(ids[1])
  })

  test('that failed comes again as soon as its retry is due', async () => {
    await using world = await setUp()
    world.receiver.behave(status(502))
    world.store.add(note('tok_a'))
    await world.drainAt(MIDNIGHT_MS + HOUR_MS)
    await world.drainAt(MIDNIGHT_MS + HOUR_MS + 500)
    expect(world.store.rows().map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'retry'],
      [2, 'digested'],
    ])
  })

  test('is not told again after a restart', async () => {
    await using world = await setUp()
    world.store.add(note('tok_a'))
    await world.drainAt(MIDNIGHT_MS + HOUR_MS)
    await createOutbox(world.deps).drain()
    expect(world.receiver.requests).toHaveLength(1)
  })

  test('is told by the owner of the first partition alone, for all partitions', async () => {
    await using other = await setUp({}, { reviewTopics: () => [] })
    other.store.add(note('tok_a'))
    await other.drainAt(MIDNIGHT_MS + HOUR_MS)
    expect(other.receiver.requests).toHaveLength(0)
    await using first = await setUp()
    first.store.add(note('tok_a'), { ...PARTITION, partition: 7 })
    await first.drainAt(MIDNIGHT_MS + HOUR_MS)
    expect(toldBy(first.receiver)).toEqual([['tok_a']])
  })

  test.each([
    ['minSeverity', { minSeverity: 'medium' }, {}],
    ['kinds', { kinds: ['pipeline', 'escalated'] }, {}],
    ['notifyFrom', {}, { notifyFromMs: MIDNIGHT_MS }],
  ])('is not sent where %s leaves it out, and recorded as suppressed', async (_, target, over) => {
    await using world = await setUp(target, over)
    world.store.add(note('tok_a'))
    await world.drainAt(MIDNIGHT_MS + HOUR_MS)
    expect(world.receiver.requests).toHaveLength(0)
    expect(world.store.rows().map(({ outcome }) => outcome)).toEqual(['suppressed'])
  })
})
