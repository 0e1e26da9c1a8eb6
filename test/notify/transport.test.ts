/** Where a target may connect to, and what of it may be seen when that fails. */
import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { createNotifiers } from '../../src/notify/index.ts'
import { DeliveryError } from '../../src/notify/notifier.ts'
import type { NotifyContext } from '../../src/notify/notifier.ts'
import { createOutbox } from '../../src/notify/outbox.ts'
import { notifySettings } from '../../src/notify/settings.ts'
import { createPost, judgeStatus, parseRetryAfter } from '../../src/notify/transport.ts'
import { Secret } from '../../src/secret.ts'
import { newSigningSecret, startWebhookReceiver } from '../support/receivers.ts'
import type { Receiver } from '../support/receivers.ts'
import { NOON_MS, makeAlert } from './alerts.ts'
import { PARTITION, createMemoryOutboxStore } from './memory-outbox-store.ts'

const never = new AbortController().signal
const signingSecret = newSigningSecret()
let receiver: Receiver
beforeAll(async () => {
  receiver = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
  receiver.always({ kind: 'status', status: 204 })
})
afterAll(() => receiver[Symbol.asyncDispose]())

/** Answers every name with these addresses, as a hostile or misconfigured resolver would. */
function resolveTo(...addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  return (_hostname, options, callback) =>
    options.all ? callback(null, found) : callback(null, found[0]?.address ?? '', found[0]?.family)
}

interface Call {
  readonly host?: string
  readonly lookup?: LookupFunction
  readonly allowHttp?: boolean
  readonly allowPrivateAddresses?: boolean
}

async function call({ host = '127.0.0.1', lookup, allowHttp = true, allowPrivateAddresses = false }: Call) {
  const context: NotifyContext = {
    timeoutMs: 5000,
    clock: { now: () => NOON_MS },
    print: () => {},
    colour: false,
    lookup: lookup ?? systemLookup,
  }
  const url = new Secret(`http://${host}:${receiver.port}${receiver.path}`)
  return createPost({ url, allowHttp, allowPrivateAddresses }, [], context)({ headers: {}, body: '{}' }, never)
}

describe('an address that is not public is refused', () => {
  const before = () => receiver.requests.length
  const cases: readonly [string, Call][] = [
    ['as it stands in the URL', {}],
    ['in another spelling', { host: '2130706433' }],
    ['IPv6 loopback', { host: '[::1]' }],
    ['IPv4 mapped into IPv6', { host: '[::ffff:127.0.0.1]' }],
    ['unspecified', { host: '0.0.0.0' }],
    ['a cloud metadata address', { host: '169.254.169.254' }],
    ['a name that resolves to loopback', { host: 'localhost' }],
    ['a name that resolves to a private network', { host: 'a.example', lookup: resolveTo('10.1.2.3') }],
    ['a name that resolves to a unique local address', { host: 'a.example', lookup: resolveTo('fd00::1') }],
    ['a name that resolves to a mapped address', { host: 'a.example', lookup: resolveTo('::ffff:10.0.0.1') }],
    ['a name of which one address is private', { host: 'a.example', lookup: resolveTo('93.184.215.14', '127.0.0.1') }],
    ['carrier-grade NAT', { host: 'a.example', lookup: resolveTo('100.64.0.1') }],
    ['NAT64 of a private address', { host: 'a.example', lookup: resolveTo('64:ff9b::a00:1') }],
  ]
  test.each(cases)('%s', async (_, options) => {
    const count = before()
    await expect(call(options)).rejects.toMatchObject({ name: 'DeliveryError', failure: 'address-refused', status: 0 })
    expect(receiver.requests).toHaveLength(count)
  })

  test('but not where the target allows it', async () => {
    await expect(call({ allowPrivateAddresses: true })).resolves.toMatchObject({ status: 204 })
    await expect(
      call({ allowPrivateAddresses: true, host: 'a.example', lookup: resolveTo('127.0.0.1') }),
    ).resolves.toMatchObject({ status: 204 })
  })

  test('at each call anew: a name that moves to a private address later is refused then', async () => {
    let address = '127.0.0.1'
    const moving: LookupFunction = (hostname, options, callback) => resolveTo(address)(hostname, options, callback)
    const target = {
      url: new Secret(`http://a.example:${receiver.port}${receiver.path}`),
      allowHttp: true,
      allowPrivateAddresses: true,
    }
    const context = { timeoutMs: 5000, clock: { now: () => NOON_MS }, print: () => {}, colour: false, lookup: moving }
    const post = createPost(target, [], context)
    await post({ headers: {}, body: '{}' }, never)
    address = '0.0.0.0'
    await expect(post({ headers: {}, body: '{}' }, never)).rejects.toMatchObject({ failure: 'address-refused' })
  })

  test('and plain http without leave is not even tried', async () => {
    await expect(call({ allowHttp: false, allowPrivateAddresses: true })).rejects.toMatchObject({
      failure: 'address-refused',
      retryable: false,
    })
  })
})

test.each([
  [408, 'timeout', true],
  [429, 'rate-limited', true],
  [500, 'server-error', true],
  [599, 'server-error', true],
  [410, 'gone', false],
  [301, 'redirect', true],
  [304, 'redirect', true],
  [400, 'client-error', false],
  [418, 'client-error', false],
])('status %i is %s', (code, failure, retryable) => {
  expect(judgeStatus(code)).toEqual({ failure, retryable })
})

test.each([
  [null, undefined],
  ['', undefined],
  ['0', 0],
  ['120', 120_000],
  ['-5', undefined],
  ['1.5', undefined],
  ['Wed, 04 Mar 2026 12:00:30 GMT', 30_000],
  ['Wed, 04 Mar 2026 11:00:00 GMT', 0],
  ['2026', 2_026_000],
  ['99999999999999', undefined],
])('Retry-After %j is %j ms', (value, expected) => {
  expect(parseRetryAfter(value, NOON_MS)).toBe(expected)
})

describe("a target's address and key are in no error and no log line", () => {
  const refusedPort = 1
  const secretPath = '/services/T0SECRET00/B0SECRET00/aVerySecretWebhookPath'
  const cases: readonly [string, string, LookupFunction, boolean][] = [
    ['it refuses the connection', `http://127.0.0.1:${refusedPort}`, systemLookup, true],
    ['its name does not resolve', 'http://hooks.invalid', failLookup, true],
    ['its name resolves to a private address', 'http://hooks.example', resolveTo('10.0.0.1'), false],
    ['its URL holds user info', 'http://ops:pa55word-of-ops@hooks.invalid', failLookup, true],
    ['it hangs', '', systemLookup, true],
    ['it echoes the request', '', systemLookup, true],
  ]
  test.each(cases)('when %s', async (what, origin, lookup, allowPrivateAddresses) => {
    await using local = await startWebhookReceiver({ signingSecret, now: () => NOON_MS })
    local.always(what === 'it hangs' ? { kind: 'hang' } : { kind: 'echo', status: 500 })
    const url = `${origin || `http://127.0.0.1:${local.port}`}${secretPath}?key=querySecret123`
    const settings = notifySettings.parse({
      targets: { hook: { type: 'webhook', url, signingSecret, allowHttp: true, allowPrivateAddresses } },
    })
    const lines: string[] = []
    const log = createLog({ level: 'debug', format: 'json' }, { destination: { write: (line) => lines.push(line) } })
    const context = { timeoutMs: 50, clock: { now: () => NOON_MS }, print: () => {}, colour: false, lookup }
    const notifiers = createNotifiers(settings, context, log)
    const store = createMemoryOutboxStore()
    store.add(makeAlert())
    const error: unknown = await notifiers[0]?.notifier.notify(makeAlert(), never).catch((reason: unknown) => reason)
    await createOutbox({
      store,
      notifiers,
      clock: context.clock,
      log,
      metrics: { attempted: () => {}, waiting: () => {} },
      retry: settings.retry,
      notifyFromMs: 0,
      maxAgeMs: 0,
      ownedPartitions: () => [PARTITION],
      reviewTopics: () => [PARTITION.topic],
      database: 'tokenwatch',
    }).drain()
    expect(error).toBeInstanceOf(DeliveryError)
    expect(lines.length).toBeGreaterThan(0)
    expect(store.rows()[0]?.detail).not.toBe('')
    const seen = [(error as Error).stack, JSON.stringify(error), ...lines, JSON.stringify(store.rows())].join('\n')
    for (const secret of ['SECRET', 'aVerySecret', 'querySecret123', 'pa55word-of-ops', signingSecret.slice(6)])
      expect(seen).not.toContain(secret)
  })
})

function failLookup(...[hostname, , callback]: Parameters<LookupFunction>): void {
  const error: NodeJS.ErrnoException = new Error(`getaddrinfo ENOTFOUND ${hostname}`)
  error.code = 'ENOTFOUND'
  callback(error, '')
}
