/** The webhook against a receiver that verifies signatures with an implementation of its own. */
import { describe, expect, test } from 'vitest'
import { webhookBody, webhookNotifier, webhookReviewBody } from '../../src/notify/webhook.ts'
import { notifierContract } from '../contract/notifier.ts'
import { newSigningSecret, startWebhookReceiver, textsOf } from '../support/receivers.ts'
import type { Receiver } from '../support/receivers.ts'
import { NOON_MS, makeAlert, makeReview } from './alerts.ts'

const signingSecret = newSigningSecret()
const clock = { now: () => NOON_MS }

function create(receiver: Receiver, timeoutMs: number, key = signingSecret, url = receiver.url) {
  const settings = webhookNotifier.settings.parse({
    type: 'webhook',
    url,
    signingSecret: key,
    allowHttp: true,
    allowPrivateAddresses: true,
  })
  return webhookNotifier.create('siem', settings, { timeoutMs, clock, print: () => {}, colour: false })
}

notifierContract({
  type: 'webhook',
  overHttp: true,
  async start({ timeoutMs }) {
    const receiver = await startWebhookReceiver({ signingSecret, now: clock.now })
    return {
      notifier: create(receiver, timeoutMs),
      receiver,
      received: () => receiver.requests.map(({ body }) => [...textsOf(JSON.parse(body)), body].join('\n')),
      violations: () => receiver.violations,
      [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
    }
  },
})

describe('a webhook message', () => {
  const never = new AbortController().signal

  test('is the alert in snake_case with RFC 3339 times', () => {
    expect(JSON.parse(webhookBody(makeAlert()))).toMatchObject({
      type: 'tokenwatch.alert.opened',
      timestamp: '2026-03-04T12:00:00.000Z',
      data: {
        severity: 'high',
        token_id: 'tok_aaaabbbbccccddddeeeeffff22',
        began_at: '2026-03-04T11:57:31.000Z',
        surprise_bits: 19.75,
        detectors: [
          { name: 'new-country', surprise_bits: 12.25 },
          { name: 'new-user-agent', surprise_bits: 7.5 },
        ],
        event_ids: ['event-one', 'event-two'],
        evidence_total: 2,
      },
    })
  })

  test('of a review names each detector, how much it saw and the first of it', () => {
    expect(JSON.parse(webhookReviewBody(makeReview(), NOON_MS))).toEqual({
      type: 'tokenwatch.review',
      timestamp: '2026-03-04T12:00:00.000Z',
      data: {
        title: 'Token review of 2026-03-03, nothing urgent: 3 notes about 2 tokens',
        written_from: '2026-03-03T12:00:00.000Z',
        written_to: '2026-03-03T13:46:40.000Z',
        subjects: 2,
        groups: [
          {
            detector: 'expiring-soon',
            notes_total: 1,
            notes: [
              {
                subject: 'tok_aaaabbbbccccddddeeeeffff22',
                token_name: 'ci-deploy',
                tenant: 'acme',
                seen: 'Expires in 3 days and is in use',
              },
            ],
          },
          expect.objectContaining({ detector: 'ownerless-token', notes_total: 2 }),
        ],
        query: makeReview().query,
      },
    })
  })

  test('has the id of its alert at every attempt', async () => {
    await using receiver = await startWebhookReceiver({ signingSecret, now: clock.now })
    const notifier = create(receiver, 1000)
    const alert = makeAlert()
    await notifier.notify(alert, never)
    await notifier.notify(alert, never)
    expect(receiver.requests.map(({ headers }) => headers['webhook-id'])).toEqual([alert.alertId, alert.alertId])
  })

  test('is refused where another key signed it', async () => {
    await using receiver = await startWebhookReceiver({ signingSecret, now: clock.now })
    await expect(create(receiver, 1000, newSigningSecret()).notify(makeAlert(), never)).rejects.toMatchObject({
      status: 401,
      failure: 'client-error',
    })
    expect(receiver.violations).toEqual(['webhook-signature does not match'])
  })

  test('takes user info of the URL as Basic credentials', async () => {
    await using receiver = await startWebhookReceiver({ signingSecret, now: clock.now })
    const url = receiver.url.replace('http://', 'http://ops:p%40ss@')
    await create(receiver, 1000, signingSecret, url).notify(makeAlert(), never)
    expect(receiver.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ops:p@ss').toString('base64')}`)
  })

  test.each([
    ['a key that is too short', { signingSecret: 'whsec_c2hvcnQ=' }],
    ['a key that is no base64', { signingSecret: 'whsec_??' }],
    ['http without leave', { url: 'http://hooks.example/x', signingSecret }],
    ['another scheme', { url: 'file:///etc/passwd', signingSecret }],
  ])('is not configured with %s', (_, over) => {
    const result = webhookNotifier.settings.safeParse({ type: 'webhook', url: 'https://hooks.example/x', ...over })
    expect(result.success).toBe(false)
  })
})
