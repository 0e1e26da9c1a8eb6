/** The delivery loop with real receivers, a store in memory and a clock that the tests turn. */
import { describe, expect, test } from 'vitest'
import type { Alert } from '../../src/alert/alert.ts'
import type { EventTimeMs } from '../../src/event.ts'
import { silentLog } from '../../src/log.ts'
import type { Log, LogFields } from '../../src/log.ts'
import type { DeliveryOutcome } from '../../src/store/delivery.ts'
import { createNotifiers } from '../../src/notify/index.ts'
import { createOutbox } from '../../src/notify/outbox.ts'
import type { OutboxDeps } from '../../src/notify/outbox.ts'
import { notifySettings } from '../../src/notify/settings.ts'
import { newSigningSecret, startSlackReceiver, startWebhookReceiver, status } from '../support/receivers.ts'
import type { Receiver } from '../support/receivers.ts'
import { NOON_MS, makeAlert, pipelineAlert } from './alerts.ts'
import { PARTITION, createMemoryOutboxStore } from './memory-outbox-store.ts'

const signingSecret = newSigningSecret()
const HOUR_MS = 3_600_000

function slackTarget(receiver: Receiver, over: object = {}) {
  return { type: 'slack', url: receiver.url, allowHttp: true, allowPrivateAddresses: true, ...over }
}

function webhookTarget(receiver: Receiver, over: object = {}) {
  return { ...slackTarget(receiver, over), type: 'webhook', signingSecret }
}

/** Everything about an outbox that a test may look at or turn. */
function setUp(targets: Record<string, object>, over: Partial<OutboxDeps> = {}, timeoutMs = 10_000) {
  const settings = notifySettings.parse({ targets, timeoutMs, retry: { attemptsMax: 4 } })
  const clock = {
    nowMs: NOON_MS,
    now: () => clock.nowMs,
    pass(ms: number) {
      clock.nowMs += ms
    },
  }
  const store = createMemoryOutboxStore()
  const printed: string[] = []
  const logged: string[] = []
  const write = (first: string | LogFields, message?: string) => void logged.push(JSON.stringify([first, message]))
  const log: Log = { ...silentLog, warn: write, error: write }
  const context = { timeoutMs, clock, print: (text: string) => printed.push(text), colour: false }
  const counted: string[] = []
  const deps: OutboxDeps = {
    store,
    notifiers: createNotifiers(settings, context, log),
    clock,
    log,
    metrics: {
      attempted: ({ target, outcome, failure }) => void counted.push(`${target} ${outcome} ${failure}`.trim()),
      waiting: () => {},
    },
    random: () => 0,
    retry: settings.retry,
    notifyFromMs: 0,
    maxAgeMs: 0,
    ownedPartitions: () => [PARTITION],
    reviewTopics: () => [PARTITION.topic],
    database: 'tokenwatch',
    ...over,
  }
  const outbox = createOutbox(deps)
  return { outbox, store, clock, printed, logged, counted, deps }
}

const outcomes = (store: ReturnType<typeof createMemoryOutboxStore>, target?: string): readonly DeliveryOutcome[] =>
  store.rows().flatMap((row) => (target === undefined || row.target === target ? [row.outcome] : []))

const at = (minutes: number, over: Partial<Alert> = {}) =>
  makeAlert({ title: `alert of minute ${minutes}`, timeMs: (NOON_MS + minutes * 60_000) as EventTimeMs, ...over })

const titlesOf = (receiver: Receiver) =>
  receiver.accepted.map(({ body }) => (JSON.parse(body) as { data: { title: string } }).data.title)

describe('the outbox', () => {
  test('hands each alert to each target once, the oldest first', async () => {
    await using slack = await startSlackReceiver()
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    const { outbox, store } = setUp({
      slack: slackTarget(slack),
      hook: webhookTarget(hook),
      screen: { type: 'terminal' },
    })
    for (const minute of [2, 0, 1]) store.add(at(minute))
    await outbox.drain()
    await outbox.drain()
    expect(titlesOf(hook)).toEqual(['alert of minute 0', 'alert of minute 1', 'alert of minute 2'])
    expect(slack.accepted).toHaveLength(3)
    expect(slack.violations).toEqual([])
    expect(store.rows()).toHaveLength(9)
    expect(new Set(outcomes(store))).toEqual(new Set(['delivered']))
  })

  test('puts a page in order of time, whatever order the store gives', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    const { outbox, store } = setUp({ hook: webhookTarget(hook) })
    for (const minute of [1, 0, 2]) store.add(at(minute))
    const due = store.due.bind(store)
    store.due = async (input) => (await due(input)).toReversed()
    await outbox.drain()
    expect(titlesOf(hook)).toEqual(['alert of minute 0', 'alert of minute 1', 'alert of minute 2'])
  })

  test('tries again after waits that double, under one id, and counts each attempt', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    hook.behave(status(500), { kind: 'close' })
    const { outbox, store, clock, counted } = setUp({ hook: webhookTarget(hook) })
    store.add(at(0))
    await outbox.drain()
    clock.pass(499)
    await outbox.drain()
    expect(hook.requests).toHaveLength(1)
    clock.pass(1)
    await outbox.drain()
    expect(hook.requests).toHaveLength(2)
    clock.pass(1000)
    await outbox.drain()
    expect(outcomes(store)).toEqual(['retry', 'retry', 'delivered'])
    expect(store.rows().map((row) => row.attempt)).toEqual([1, 2, 3])
    expect(new Set(hook.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(counted).toEqual(['hook retry server-error', 'hook retry connection', 'hook delivered'])
  })

  test('goes on after a restart where the table says', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    hook.behave(status(503))
    const { outbox, store, clock, deps } = setUp({ hook: webhookTarget(hook) })
    store.add(at(0))
    await outbox.drain()
    const second = createOutbox(deps)
    await second.drain()
    expect(hook.requests).toHaveLength(1)
    clock.pass(500)
    await second.drain()
    expect(store.rows().map((row) => [row.attempt, row.outcome])).toEqual([
      [1, 'retry'],
      [2, 'delivered'],
    ])
  })

  test('leaves a target alone for as long as Retry-After asks', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    hook.behave(status(429, { 'retry-after': '30' }))
    const { outbox, store, clock } = setUp({ hook: webhookTarget(hook) })
    store.add(at(0))
    store.add(at(1))
    await outbox.drain()
    clock.pass(29_999)
    await outbox.drain()
    expect(hook.requests).toHaveLength(1)
    clock.pass(1)
    await outbox.drain()
    expect(titlesOf(hook)).toEqual(['alert of minute 0', 'alert of minute 1'])
  })

  test('keeps what is undeliverable after the last try', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    hook.always(status(500))
    const { outbox, store, clock, logged } = setUp({ hook: webhookTarget(hook) })
    store.add(at(0))
    for (let round = 0; round < 10; round += 1) {
      await outbox.drain()
      clock.pass(HOUR_MS)
    }
    expect(hook.requests).toHaveLength(4)
    expect(outcomes(store)).toEqual(['retry', 'retry', 'retry', 'failed'])
    expect(logged.at(-1)).toContain('undeliverable')
  })

  test('does not try again what the target refuses', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    hook.behave(status(404), status(403))
    const { outbox, store } = setUp({ hook: webhookTarget(hook) })
    store.add(at(0))
    store.add(at(1))
    await outbox.drain()
    expect(store.rows().map((row) => [row.outcome, row.failure])).toEqual([
      ['failed', 'client-error'],
      ['failed', 'client-error'],
    ])
  })

  test('sends nothing more to a target that is gone, and says so loudly', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    hook.behave(status(410))
    const { outbox, store, logged } = setUp({ hook: webhookTarget(hook, { minSeverity: 'medium' }) })
    store.add(at(0))
    store.add(at(1))
    store.add(at(2, { severity: 'low' }))
    await outbox.drain()
    store.add(at(3))
    await outbox.drain()
    expect(hook.requests).toHaveLength(1)
    expect(store.rows().map((row) => [row.outcome, row.failure])).toEqual([
      ['suppressed', ''],
      ['gone', 'gone'],
      ['failed', 'gone'],
      ['failed', 'gone'],
    ])
    expect(logged.join()).toContain('target is gone')
  })

  test('lets no target that hangs hold up another', async () => {
    await using hung = await startSlackReceiver()
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    hung.always({ kind: 'hang' })
    const { outbox, store } = setUp({ hung: slackTarget(hung), hook: webhookTarget(hook) }, { stopGraceMs: 1 })
    store.add(at(0))
    store.add(at(1))
    const stop = new AbortController()
    const done = outbox.run(stop.signal)
    await Promise.all([hung.waitForRequests(1), hook.waitForRequests(2)])
    stop.abort()
    await done
    expect(hung.requests).toHaveLength(1)
    expect(hook.accepted).toHaveLength(2)
    expect(outcomes(store, 'hung')).toEqual(['retry'])
  })

  test('rests after three failures in a row instead of trying the whole backlog', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    hook.always(status(500))
    const { outbox, store, clock } = setUp({ hook: webhookTarget(hook) })
    for (let minute = 0; minute < 20; minute += 1) store.add(at(minute))
    await outbox.drain()
    expect(hook.requests).toHaveLength(3)
    hook.always({ kind: 'ok' })
    clock.pass(500)
    await outbox.drain()
    expect(hook.accepted).toHaveLength(20)
  })

  test('delivers only what this process owns', async () => {
    const { outbox, store } = setUp({ screen: { type: 'terminal' } })
    store.add(at(0), { topic: 'api', partition: 1 })
    await outbox.drain()
    expect(store.rows()).toEqual([])
  })
})

describe('what is not sent', () => {
  test('is suppressed when its event is before notifyFrom, unless it is about the pipeline', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    const { outbox, store } = setUp({ hook: webhookTarget(hook) }, { notifyFromMs: NOON_MS })
    store.add(at(-1))
    store.add(pipelineAlert({ timeMs: (NOON_MS - 60_000) as EventTimeMs }))
    store.add(at(0))
    await outbox.drain()
    await outbox.drain()
    expect(hook.accepted).toHaveLength(2)
    expect(outcomes(store).toSorted()).toEqual(['delivered', 'delivered', 'suppressed'])
  })

  test('is suppressed below minSeverity and beside kinds, for that target alone', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    await using slack = await startSlackReceiver()
    const { outbox, store } = setUp({
      hook: webhookTarget(hook, { minSeverity: 'high', kinds: ['opened'] }),
      slack: slackTarget(slack),
    })
    store.add(at(0, { severity: 'medium' }))
    store.add(at(1, { severity: 'critical' }))
    store.add(at(2, { severity: 'critical', kind: 'escalated' }))
    await outbox.drain()
    expect(titlesOf(hook)).toEqual(['alert of minute 1'])
    expect(slack.accepted).toHaveLength(3)
    expect(outcomes(store, 'hook').toSorted()).toEqual(['delivered', 'suppressed', 'suppressed'])
  })

  test('goes into one digest when it is late, and what is not late is sent by itself', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    const { outbox, store } = setUp({ hook: webhookTarget(hook) }, { maxAgeMs: 6 * HOUR_MS })
    for (let hour = 250; hour > 0; hour -= 1) store.add(at(-hour * 60))
    await outbox.drain()
    await outbox.drain()
    const bodies = hook.accepted.map(({ body }) => JSON.parse(body) as { type: string; data: Record<string, unknown> })
    expect(bodies.map(({ type }) => type)).toEqual([
      'tokenwatch.alert.digest',
      ...Array(6).fill('tokenwatch.alert.opened'),
    ])
    expect(bodies[0]?.data['late_ms']).toBe(250 * HOUR_MS)
    expect(bodies[0]?.data['alerts']).toHaveLength(244)
    expect(outcomes(store).filter((outcome) => outcome === 'digested')).toHaveLength(244)
    expect(outcomes(store).filter((outcome) => outcome === 'delivered')).toHaveLength(6)
  })

  test('is tried again as one digest under the same id when the digest fails', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    hook.behave(status(502))
    const { outbox, store, clock } = setUp({ hook: webhookTarget(hook) }, { maxAgeMs: HOUR_MS })
    store.add(at(-120))
    store.add(at(-180))
    await outbox.drain()
    clock.pass(500)
    await outbox.drain()
    expect(new Set(hook.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(hook.requests).toHaveLength(2)
    expect(outcomes(store)).toEqual(['retry', 'retry', 'digested', 'digested'])
  })
})

describe('when the store is away', () => {
  test('after a delivery, it is recorded later and not made again', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    const { outbox, store } = setUp({ hook: webhookTarget(hook) })
    store.add(at(0))
    const record = store.record.bind(store)
    store.record = async () => {
      throw new Error('the store is away')
    }
    await expect(outbox.drain()).rejects.toThrow('the store is away')
    store.record = record
    await outbox.drain()
    expect(hook.requests).toHaveLength(1)
    expect(outcomes(store)).toEqual(['delivered'])
  })

  test('the loop goes on once it is back', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    const { outbox, store, logged } = setUp({ hook: webhookTarget(hook) }, { pollMs: 1 })
    store.add(at(0))
    store.away = true
    const stop = new AbortController()
    const done = outbox.run(stop.signal)
    while (logged.length < 2) await new Promise((resolve) => setImmediate(resolve))
    store.away = false
    await hook.waitForRequests(1)
    stop.abort()
    await done
    expect(outcomes(store)).toEqual(['delivered'])
  })

  test('a store that shows its rows late does not make an alert go out twice', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    const { outbox, store } = setUp({ hook: webhookTarget(hook) })
    store.add(at(0))
    const stale = await store.due({ partitions: [PARTITION], targets: ['hook'], nowMs: NOON_MS, limit: 9 })
    store.due = async () => stale
    await outbox.drain()
    await outbox.drain()
    expect(hook.requests).toHaveLength(1)
  })
})

describe('at the end', () => {
  test('a running call is given time to come to its end', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    const { outbox, store } = setUp({ hook: webhookTarget(hook) }, { stopGraceMs: 60_000 })
    store.add(at(0))
    store.add(at(1))
    const stop = new AbortController()
    const done = outbox.run(stop.signal)
    await hook.waitForRequests(1)
    stop.abort()
    await done
    expect(outcomes(store)[0]).toBe('delivered')
    expect(store.rows().length).toBe(hook.accepted.length)
  })

  test('a call that hangs is cut off and due again at once', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    hook.behave({ kind: 'hang' })
    const { outbox, store, deps } = setUp({ hook: webhookTarget(hook) }, { stopGraceMs: 1 })
    store.add(at(0))
    const stop = new AbortController()
    const done = outbox.run(stop.signal)
    await hook.waitForRequests(1)
    stop.abort()
    await done
    expect(store.rows()[0]).toMatchObject({ outcome: 'retry', retryAtMs: NOON_MS })
    await createOutbox(deps).drain()
    expect(outcomes(store)).toEqual(['retry', 'delivered'])
  })

  test('waking makes it look at once', async () => {
    await using hook = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    const { outbox, store } = setUp({ hook: webhookTarget(hook) }, { pollMs: 3_600_000 })
    const stop = new AbortController()
    const done = outbox.run(stop.signal)
    store.add(at(0))
    outbox.wake()
    await hook.waitForRequests(1)
    store.add(at(1))
    outbox.wake()
    await hook.waitForRequests(2)
    stop.abort()
    await done
    expect(outcomes(store)).toEqual(['delivered', 'delivered'])
  })
})
