/** What every notifier owes whoever relies on it. Each one's test file is a call of `notifierContract`. */
import { describe, expect, test } from 'vitest'
import { DeliveryError } from '../../src/notify/notifier.ts'
import type { Notifier } from '../../src/notify/notifier.ts'
import {
  HOSTILE,
  NOON_MS,
  enormousAlert,
  hostileAlert,
  makeAlert,
  makeReview,
  pipelineAlert,
} from '../notify/alerts.ts'
import { status } from '../support/receivers.ts'
import type { Behaviour, Receiver } from '../support/receivers.ts'

/** A notifier and the place that it delivers to. */
export interface NotifierPlace extends AsyncDisposable {
  readonly notifier: Notifier
  /** The texts that arrived, as a person or a program there reads them, one entry a message. */
  received(): readonly string[]
  violations(): readonly string[]
  /** Of targets that are called over HTTP. */
  readonly receiver: Receiver | undefined
}

export interface NotifierHarness {
  readonly type: string
  readonly overHttp: boolean
  start(options: { readonly timeoutMs: number }): Promise<NotifierPlace>
}

const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/
const TIMEOUT_MS = 10_000
const never = new AbortController().signal

export function notifierContract(harness: NotifierHarness): void {
  const deliver = async (alert: ReturnType<typeof makeAlert>) => {
    await using place = await harness.start({ timeoutMs: TIMEOUT_MS })
    const answer = await place.notifier.notify(alert, never)
    expect(place.violations()).toEqual([])
    expect(place.received()).toHaveLength(1)
    return { answer, text: place.received()[0] ?? '' }
  }

  describe(`the notifier ${harness.type}`, () => {
    test('says all that an on-call engineer needs: which token, seen, normal, bits, sources, events, query', async () => {
      const alert = makeAlert()
      const { text, answer } = await deliver(alert)
      const needed = [
        alert.title,
        alert.subject,
        alert.tokenName,
        alert.tenant,
        ...alert.evidence.flatMap((each) => [each.seen, each.normal]),
        ...alert.detectors.map(({ name }) => name),
        '12.',
        '7.5',
        ...alert.sources.flatMap((source) => [source.ip, source.country, source.network]),
        ...alert.eventIds,
        alert.evidenceQuery,
      ]
      for (const part of needed) expect(text).toContain(part)
      expect(answer.text.length).toBeLessThanOrEqual(4096)
    })

    test('makes hostile values harmless wherever they stand', async () => {
      const { text } = await deliver(hostileAlert())
      expect(text).not.toMatch(UNPRINTABLE)
      expect(text).toContain('DROP TABLE')
    })

    test('hands over an alert that is too long everywhere, within the limits of the target', async () => {
      await deliver(enormousAlert())
    })

    test('hands over an alert about the pipeline, which has no token and no evidence', async () => {
      const { text } = await deliver(pipelineAlert())
      expect(text).toContain('No event has come in')
    })

    test('puts late alerts into one message that says how late they are', async () => {
      await using place = await harness.start({ timeoutMs: TIMEOUT_MS })
      const alerts = [makeAlert({ title: 'the first' }), hostileAlert(), makeAlert({ title: 'the third' })]
      await place.notifier.notifyDigest({ alerts, lateMs: 26 * 3_600_000 }, 'digest1', never)
      expect(place.violations()).toEqual([])
      expect(place.received()).toHaveLength(1)
      const text = place.received()[0] ?? ''
      expect(text).toContain('the first')
      expect(text).toContain('the third')
      expect(text).toMatch(/1 d 2 h late|93600000/)
    })

    test('hands over a digest of a thousand alerts', async () => {
      await using place = await harness.start({ timeoutMs: TIMEOUT_MS })
      const alerts = Array.from({ length: 1000 }, (_, index) => makeAlert({ title: `number ${index}` }))
      await place.notifier.notifyDigest({ alerts, lateMs: 1000 }, 'digest2', never)
      expect(place.violations()).toEqual([])
      expect(place.received()).toHaveLength(1)
    })
  })

  describe(`a review by ${harness.type}`, () => {
    const tell = async (review: ReturnType<typeof makeReview>) => {
      await using place = await harness.start({ timeoutMs: TIMEOUT_MS })
      await place.notifier.notifyReview(review, 'review1', never)
      expect(place.violations()).toEqual([])
      expect(place.received()).toHaveLength(1)
      return place.received()[0] ?? ''
    }

    test('says what it is, what each detector saw of which token, and how to list it', async () => {
      const review = makeReview()
      const text = await tell(review)
      expect(text).toContain('Token review of 2026-03-03, nothing urgent: 3 notes about 2 tokens')
      for (const { detector, notes } of review.groups)
        for (const part of [detector, ...notes.flatMap((note) => [note.tokenName, note.subject, note.seen])])
          expect(text).toContain(part)
      expect(text).toContain(review.query)
    })

    test('makes hostile values harmless', async () => {
      const text = await tell(makeReview({ tokenName: HOSTILE, tenant: HOSTILE, subject: HOSTILE, seen: HOSTILE }))
      expect(text).not.toMatch(UNPRINTABLE)
      expect(text).toContain('evil')
    })

    test('counts what it does not show', async () => {
      const note = { subject: 'tok_x', tokenName: 'x'.repeat(900), tenant: '<&>'.repeat(900), seen: '<&>'.repeat(900) }
      const notes = Array.from({ length: 1010 }, () => note)
      const text = await tell({ ...makeReview(), groups: ['one', 'two'].map((detector) => ({ detector, notes })) })
      expect(text).toMatch(/and 1000 more|"notes_total":1010/)
      expect(text.length).toBeLessThan(1_000_000)
    })
  })

  if (harness.overHttp) httpContract(harness)
}

const FAILURES: readonly { says: string; behaviour: Behaviour; failure: string; retryable: boolean; status: number }[] =
  [
    { says: 'a server error may pass', behaviour: status(500), failure: 'server-error', retryable: true, status: 500 },
    { says: 'a gateway error may pass', behaviour: status(503), failure: 'server-error', retryable: true, status: 503 },
    { says: 'a request timeout may pass', behaviour: status(408), failure: 'timeout', retryable: true, status: 408 },
    {
      says: 'too many requests may pass',
      behaviour: status(429),
      failure: 'rate-limited',
      retryable: true,
      status: 429,
    },
    { says: 'a bad request stays bad', behaviour: status(400), failure: 'client-error', retryable: false, status: 400 },
    {
      says: 'what is not found stays away',
      behaviour: status(404),
      failure: 'client-error',
      retryable: false,
      status: 404,
    },
    { says: 'gone is for good', behaviour: status(410), failure: 'gone', retryable: false, status: 410 },
    {
      says: 'a redirect is never followed, and may pass',
      behaviour: { kind: 'redirect', location: 'http://127.0.0.1:1/elsewhere' },
      failure: 'redirect',
      retryable: true,
      status: 302,
    },
    {
      says: 'a closed socket may pass',
      behaviour: { kind: 'close' },
      failure: 'connection',
      retryable: true,
      status: 0,
    },
    {
      says: 'an answer that quotes the address is not quoted',
      behaviour: { kind: 'echo', status: 500 },
      failure: 'server-error',
      retryable: true,
      status: 500,
    },
  ]

function httpContract(harness: NotifierHarness): void {
  const failure = async (place: NotifierPlace, signal = never): Promise<DeliveryError> => {
    const error: unknown = await place.notifier.notify(makeAlert(), signal).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(DeliveryError)
    for (const secret of place.receiver?.secretParts ?? []) {
      expect(String((error as Error).stack)).not.toContain(secret)
      expect(JSON.stringify(error)).not.toContain(secret)
    }
    expect((error as Error).cause).toBeUndefined()
    return error as DeliveryError
  }

  describe(`the notifier ${harness.type}, over HTTP`, () => {
    test.each(FAILURES)('$says', async ({ behaviour, says: _says, ...expected }) => {
      await using place = await harness.start({ timeoutMs: TIMEOUT_MS })
      place.receiver?.behave(behaviour)
      expect(await failure(place)).toMatchObject(expected)
      expect(place.receiver?.requests).toHaveLength(1)
    })

    test('a target that never answers is given up in time', async () => {
      await using place = await harness.start({ timeoutMs: 50 })
      place.receiver?.behave({ kind: 'hang' })
      expect(await failure(place)).toMatchObject({ failure: 'timeout', retryable: true, status: 0 })
    })

    test('a call is cut off when it is told to end', async () => {
      await using place = await harness.start({ timeoutMs: TIMEOUT_MS })
      place.receiver?.behave({ kind: 'hang' })
      const stop = new AbortController()
      const failed = failure(place, stop.signal)
      await place.receiver?.waitForRequests(1)
      stop.abort()
      expect(await failed).toMatchObject({ failure: 'connection', retryable: true })
    })

    test.each([
      ['seconds', '7', 7000],
      ['a date', new Date(NOON_MS + 90_000).toUTCString(), 90_000],
      ['a date that has passed', new Date(NOON_MS - 90_000).toUTCString(), 0],
      ['nonsense', 'soon', undefined],
    ])('Retry-After is understood: %s', async (_, header, retryAfterMs) => {
      await using place = await harness.start({ timeoutMs: TIMEOUT_MS })
      place.receiver?.behave(status(429, { 'retry-after': header }))
      expect((await failure(place)).retryAfterMs).toBe(retryAfterMs)
    })

    test('the start of an endless answer is read and the connection closed', async () => {
      await using place = await harness.start({ timeoutMs: TIMEOUT_MS })
      place.receiver?.behave({ kind: 'huge' })
      const answer = await place.notifier.notify(makeAlert(), never)
      expect(answer.status).toBe(200)
      expect(answer.text.length).toBeLessThanOrEqual(4096)
      await place.receiver?.closed(1)
    })

    test('a success whose text does not come is a success, and the connection is closed', async () => {
      await using place = await harness.start({ timeoutMs: 100 })
      place.receiver?.behave({ kind: 'slow' })
      expect(await place.notifier.notify(makeAlert(), never)).toMatchObject({ status: 200 })
      await place.receiver?.closed(1)
    })
  })
}
