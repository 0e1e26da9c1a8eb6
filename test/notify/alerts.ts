/** Alerts for tests: a plain one, a hostile one, and one that is too long everywhere. */
import type { Alert } from '../../src/alert/alert.ts'
import { evidenceQuery } from '../../src/alert/evidence-query.ts'
import type { AlertId, EventTimeMs, IncidentId } from '../../src/event.ts'
import { hashId } from '../../src/event.ts'
import type { Review, ReviewNote } from '../../src/notify/notifier.ts'
import { reviewOf } from '../../src/notify/review.ts'
import type { WaitingNote } from '../../src/store/review-notes.ts'

export const NOON_MS = Date.parse('2026-03-04T12:00:00Z')

export function makeAlert(over: Partial<Alert> = {}): Alert {
  const timeMs = over.timeMs ?? (NOON_MS as EventTimeMs)
  const subject = over.subject ?? 'tok_aaaabbbbccccddddeeeeffff22'
  const eventIds = over.eventIds ?? ['event-one', 'event-two']
  return {
    alertId: hashId('alert', subject, timeMs, over.title ?? '') as AlertId,
    incidentId: hashId('incident', subject, timeMs) as IncidentId,
    kind: 'opened',
    concern: 'misuse',
    severity: 'high',
    reopening: 0,
    subjectKind: 'token',
    subject,
    tokenName: 'ci-deploy',
    tenant: 'acme',
    title: 'Token ci-deploy was used from Brazil for the first time',
    timeMs,
    beganAtMs: (timeMs - 149_000) as EventTimeMs,
    surpriseBits: 19.75,
    detectors: [
      { name: 'new-country', bits: 12.25 },
      { name: 'new-user-agent', bits: 7.5 },
    ],
    evidence: [
      {
        detector: 'new-country',
        bits: 12.25,
        timeMs: (timeMs - 149_000) as EventTimeMs,
        seen: 'a call from Brazil',
        normal: 'United States in 412 active hours over 30 days',
        eventId: 'event-one',
        ip: '203.0.113.7',
        country: 'BR',
        network: 'AS64496',
      },
      {
        detector: 'new-user-agent',
        bits: 7.5,
        timeMs,
        seen: 'curl 8.9',
        normal: 'python-requests 2.31, 2.32',
        eventId: 'event-two',
        ip: '2001:db8::7',
        country: '',
        network: '2001:db8::/48',
      },
    ],
    sources: [
      { ip: '203.0.113.7', country: 'BR', network: 'AS64496' },
      { ip: '2001:db8::7', country: '', network: '2001:db8::/48' },
    ],
    eventIds,
    evidenceQuery: evidenceQuery({
      database: 'tokenwatch',
      subject,
      detectors: ['new-country', 'new-user-agent'],
      eventIds,
      fromMs: timeMs - 149_000,
      toMs: timeMs,
    }),
    ...over,
  }
}

/** What a caller can put into a user agent, a path, a tenant, a token's id and a token's name. */
export const HOSTILE =
  "<!channel> <https://evil.example|x> `` ``` *bold* &amp; \u001b[2J\u001b]0;x\u0007 \u202eevil\u2066 '; DROP TABLE events; --\n\r\u2028line\u0000 \u009b31m \ud800"

export function hostileAlert(): Alert {
  const eventIds = [`${HOSTILE}-event`, "' OR 1=1 --"]
  const subject = `arn:${HOSTILE}`
  return makeAlert({
    subject,
    tokenName: `name ${HOSTILE}`,
    tenant: `tenant ${HOSTILE}`,
    title: `Token ${HOSTILE} was used with ${HOSTILE}`,
    evidence: makeAlert().evidence.map((each) => ({
      ...each,
      seen: `agent ${HOSTILE} at path /${HOSTILE}`,
      normal: `agents ${HOSTILE}`,
      eventId: eventIds[0] ?? '',
      network: `net ${HOSTILE}`,
    })),
    sources: [{ ip: HOSTILE, country: HOSTILE, network: HOSTILE }],
    eventIds,
    evidenceQuery: evidenceQuery({
      database: 'tokenwatch',
      subject,
      detectors: ['new-country'],
      eventIds,
      fromMs: NOON_MS,
      toMs: NOON_MS,
    }),
  })
}

/** Every text far over any limit, every list too long, made of what grows most when it is escaped. */
export function enormousAlert(): Alert {
  const long = '<&>'.repeat(3000)
  const names = Array.from({ length: 60 }, (_, index) => `detector-${index}`)
  const eventIds = Array.from({ length: 5 }, (_, index) => `${index}${long}`)
  return makeAlert({
    subject: long,
    tokenName: long,
    tenant: long,
    title: long,
    detectors: names.map((name) => ({ name, bits: 1 })),
    evidence: names.flatMap((detector) =>
      makeAlert().evidence.map((each) => ({ ...each, detector, seen: long, normal: long, eventId: long })),
    ),
    sources: Array.from({ length: 5 }, () => ({ ip: long, country: long, network: long })),
    eventIds,
    evidenceQuery: evidenceQuery({
      database: 'tokenwatch',
      subject: long,
      detectors: names,
      eventIds,
      fromMs: NOON_MS,
      toMs: NOON_MS,
    }),
  })
}

export function pipelineAlert(over: Partial<Alert> = {}): Alert {
  return makeAlert({
    kind: 'pipeline',
    concern: 'availability',
    subjectKind: 'pipeline',
    subject: 'pipeline',
    tokenName: '',
    tenant: '',
    title: 'No event has come in for 15 minutes',
    surpriseBits: 0,
    detectors: [],
    evidence: [],
    sources: [],
    eventIds: [],
    evidenceQuery: '',
    ...over,
  })
}

/** One alert that waits for its review, as the store gives it. */
export function waitingNote(over: Partial<WaitingNote> = {}): WaitingNote {
  return {
    alertId: hashId('note', over.subject ?? '') as AlertId,
    kind: 'opened',
    severity: 'low',
    timeMs: NOON_MS - 86_400_000,
    writtenAtMs: NOON_MS - 86_400_000,
    subject: 'tok_aaaabbbbccccddddeeeeffff22',
    tokenName: 'ci-deploy',
    tenant: 'acme',
    found: [{ detector: 'ownerless-token', seen: 'In use without an owner: GET /v1/orders' }],
    attempts: 0,
    retryAtMs: 0,
    ...over,
  }
}

/** Two tokens, three notes. */
export function makeReview(over: Partial<ReviewNote> = {}): Review {
  const { seen = 'Expires in 3 days and is in use', ...who } = over
  const both = [
    { detector: 'ownerless-token', seen },
    { detector: 'expiring-soon', seen },
  ]
  const second = { subject: 'tok_second', tokenName: 'billing-export', writtenAtMs: NOON_MS - 80_000_000 }
  return reviewOf([waitingNote({ ...who, found: both }), waitingNote({ ...second, ...who })], 'tokenwatch')
}
