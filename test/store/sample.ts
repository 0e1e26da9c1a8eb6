/** Complete nouns for the store's tests, to be varied where a test cares. */
import type { Alert } from '../../src/alert/alert.ts'
import type { Finding, FoldedEvent } from '../../src/detect/finding.ts'
import type { AlertId, DeliveryId, EventId, EventTimeMs, FindingId, IncidentId, TokenId } from '../../src/event.ts'
import type { DeadLetter } from '../../src/ingest/dead-letter.ts'
import type { Delivery } from '../../src/store/delivery.ts'

/** A Thursday. */
export const NOON_MS = Date.UTC(2026, 0, 15, 12)

export function sampleEvent(offset: number, change: Partial<FoldedEvent> = {}): FoldedEvent {
  return {
    position: { topic: 'access', partition: 0, offset, index: 0 },
    eventId: `event-${offset}` as EventId,
    producerId: '',
    timeMs: (NOON_MS + offset * 1000) as EventTimeMs,
    tokenId: 'tok_a' as TokenId,
    tokenKind: 'opaque',
    tokenName: 'build server',
    tenant: 'acme',
    service: 'api',
    region: 'eu-west-1',
    environment: 'prod',
    ip: '203.0.113.7',
    sourceText: '',
    method: 'GET',
    path: '/v1/users/7',
    gatewayRoute: '',
    operation: '',
    status: 200,
    errorCode: '',
    userAgent: 'curl/8.0',
    bytesIn: 10,
    bytesOut: 20,
    latencyMs: 1.5,
    truncated: false,
    sourceClass: 'public',
    country: 'DE',
    geoRegion: 'BE',
    city: 'Berlin',
    place: 'DE|BE|Berlin|52.5,13.4',
    network: 'AS3320',
    networkName: 'Deutsche Telekom',
    prefix: '203.0.113.0/24',
    address: '203.0.113.7',
    route: '/v1/users/{id}',
    agent: 'curl',
    agentVersion: '8',
    surpriseBits: 0,
    reasons: [],
    incidentId: '',
    learned: 1 | 2 | 4 | 8 | 32 | 64,
    held: 0,
    fresh: 0,
    sight: 4,
    home: '',
    firsts: 0,
    peerWindowMs: 0,
    ...change,
  }
}

export function sampleFinding(number: number, change: Partial<Finding> = {}): Finding {
  return {
    findingId: `finding-${number}` as FindingId,
    incidentId: 'incident-1' as IncidentId,
    subjectKind: 'token',
    subject: 'tok_a',
    tokenName: 'build server',
    tenant: 'acme',
    detector: 'new-country',
    cause: 'source',
    concern: 'misuse',
    eventId: `event-${number}` as EventId,
    timeMs: (NOON_MS + number * 1000) as EventTimeMs,
    bucketMs: 0,
    step: 0,
    bits: 4.5,
    sumBits: 1.5,
    windowMs: NOON_MS + 1000,
    carriedBits: 0,
    severityMin: undefined,
    isGrave: false,
    reopening: 0,
    seen: 'called from BR',
    normal: 'DE in 700 hours',
    numbers: { n: 700, k: 1 },
    snapshot: '',
    ip: '198.51.100.9',
    country: 'BR',
    network: 'AS28573',
    position: { topic: 'access', partition: 0, offset: number, index: 0 },
    ...change,
  }
}

export function sampleAlert(id: string, change: Partial<Alert> = {}): Alert {
  return {
    alertId: id as AlertId,
    incidentId: 'incident-1' as IncidentId,
    kind: 'opened',
    concern: 'misuse',
    severity: 'high',
    reopening: 0,
    subjectKind: 'token',
    subject: 'tok_a',
    tokenName: 'build server',
    tenant: 'acme',
    title: 'build server was used from a new country',
    timeMs: NOON_MS as EventTimeMs,
    beganAtMs: NOON_MS as EventTimeMs,
    surpriseBits: 20.25,
    detectors: [
      { name: 'new-country', bits: 12.25 },
      { name: 'new-user-agent', bits: 8 },
    ],
    evidence: [],
    sources: [{ ip: '198.51.100.9', country: 'BR', network: 'AS28573' }],
    eventIds: ['event-1'],
    evidenceQuery: 'SELECT 1',
    ...change,
  }
}

export function sampleDelivery(alertId: string, attempt: number, change: Partial<Delivery> = {}): Delivery {
  return {
    deliveryId: `${alertId}/${change.target ?? 'slack'}/${attempt}` as DeliveryId,
    alertId: alertId as AlertId,
    target: 'slack',
    attempt,
    outcome: 'delivered',
    status: 200,
    failure: '',
    detail: 'ok',
    attemptedAtMs: NOON_MS,
    retryAtMs: 0,
    durationMs: 12,
    ...change,
  }
}

export function sampleDeadLetter(offset: number, change: Partial<DeadLetter> = {}): DeadLetter {
  return {
    position: { topic: 'access', partition: 0, offset, index: 0 },
    reason: 'not-json',
    detail: 'unexpected end',
    excerpt: '',
    lengthBytes: 17,
    sha256: 'ab'.repeat(32),
    ...change,
  }
}
