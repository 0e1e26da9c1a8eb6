/** An alert that is plainly a test, for trying out targets: every part of a real one, about no real token. */
import type { Alert, Evidence } from '../alert/alert.ts'
import { evidenceQuery } from '../alert/evidence-query.ts'
import { hashId } from '../event.ts'
import type { AlertId, EventTimeMs, IncidentId } from '../event.ts'
import { MINUTE_MS } from '../settings.ts'

const TOKEN_ID = 'tok_testtesttesttesttesttest00'
const SOURCE = { ip: '203.0.113.7', country: 'BR', network: 'AS64496' }

/** Another time gives another alert, so that no target drops it as one that it already has. */
export function sampleAlert(nowMs: number): Alert {
  const beganAtMs = (nowMs - 2 * MINUTE_MS) as EventTimeMs
  const evidence: readonly Evidence[] = [
    {
      detector: 'new-country',
      bits: 11.5,
      timeMs: beganAtMs,
      seen: 'TEST: a call from Brazil (BR), where this token was never used.',
      normal: 'TEST: United States (US) only, in 412 active hours over 30 days.',
      eventId: 'test-event-1',
      ...SOURCE,
    },
    {
      detector: 'frequency-spike',
      bits: 6.25,
      timeMs: nowMs as EventTimeMs,
      seen: 'TEST: 1,870 calls in 5 minutes.',
      normal: 'TEST: 40 calls at this hour of the week, 95 at most, in 30 days.',
      eventId: 'test-event-2',
      ...SOURCE,
    },
  ]
  const eventIds = evidence.map((each) => each.eventId)
  const detectors = evidence.map(({ detector, bits }) => ({ name: detector, bits }))
  return {
    alertId: hashId('test-alert', nowMs) as AlertId,
    incidentId: hashId('test-incident', nowMs) as IncidentId,
    kind: 'opened',
    concern: 'misuse',
    severity: 'low',
    reopening: 0,
    subjectKind: 'token',
    subject: TOKEN_ID,
    tokenName: 'test token',
    tenant: 'test',
    title: 'TEST from tokenwatch: no token is affected, nothing has to be done',
    timeMs: nowMs as EventTimeMs,
    beganAtMs,
    surpriseBits: 17.75,
    detectors,
    evidence,
    sources: [SOURCE],
    eventIds,
    evidenceQuery: evidenceQuery({
      database: '',
      subject: TOKEN_ID,
      detectors: detectors.map(({ name }) => name),
      eventIds,
      fromMs: beganAtMs,
      toMs: nowMs,
    }),
  }
}
