/** Nouns as columns: the only place where camelCase becomes snake_case. docs/schema.md lists the columns. */
import type { Alert } from '../alert/alert.ts'
import type { FoldedEvent, Finding } from '../detect/finding.ts'
import type { Position } from '../event.ts'
import type { DeadLetter } from '../ingest/dead-letter.ts'
import type { Delivery } from './delivery.ts'
import type { Column, NumberType } from './native.ts'

/** `Float64Array.from` goes through the iterator, four times slower. */
function numbersOf<T>(items: readonly T[], of: (item: T) => number): Float64Array {
  const values = new Float64Array(items.length)
  for (let i = 0; i < items.length; i++) values[i] = of(items[i]!)
  return values
}

/** Reads one column off a list of nouns. */
export function columnsOf<T>(items: readonly T[]) {
  return {
    text: (name: string, of: (item: T) => string): Column => ({ name, type: 'String', values: items.map(of) }),
    texts: (name: string, of: (item: T) => readonly string[]): Column => ({
      name,
      type: 'Array(String)',
      values: items.map(of),
    }),
    number: (name: string, type: NumberType, of: (item: T) => number): Column => ({
      name,
      type,
      values: numbersOf(items, of),
    }),
    time: (name: string, of: (item: T) => number): Column => ({
      name,
      type: 'DateTime64(3)',
      values: numbersOf(items, of),
    }),
  }
}

/**
 * Rows of `events`.
 * @param ingestedAtMs of the block.
 * @param keyId id of the fingerprint key in use; recorded only where a key made the token id.
 */
export function eventColumns(events: readonly FoldedEvent[], ingestedAtMs: number, keyId: string): Column[] {
  const { text, texts, number, time } = columnsOf(events)
  return [
    ...positionColumns(events),
    number('record_index', 'UInt32', (e) => e.position.index),
    time('ingested_at', () => ingestedAtMs),
    text('event_id', (e) => e.eventId),
    text('producer_id', (e) => e.producerId),
    time('time', (e) => e.timeMs),
    text('token_id', (e) => e.tokenId),
    text('token_kind', (e) => e.tokenKind),
    text('key_id', (e) => (e.tokenKind === 'fingerprint' || e.tokenKind === 'jwt' ? keyId : '')),
    text('token_name', (e) => e.tokenName),
    text('tenant', (e) => e.tenant),
    text('service', (e) => e.service),
    text('region', (e) => e.region),
    text('environment', (e) => e.environment),
    ...sourceColumns(events),
    text('method', (e) => e.method),
    text('path', (e) => e.path),
    text('gateway_route', (e) => e.gatewayRoute),
    text('operation', (e) => e.operation),
    text('route', (e) => e.route),
    number('status', 'UInt16', (e) => e.status),
    text('error_code', (e) => e.errorCode),
    text('user_agent', (e) => e.userAgent),
    text('agent', (e) => e.agent),
    text('agent_version', (e) => e.agentVersion),
    number('bytes_in', 'UInt64', (e) => e.bytesIn),
    number('bytes_out', 'UInt64', (e) => e.bytesOut),
    number('latency_ms', 'Float32', (e) => e.latencyMs),
    number('truncated', 'UInt8', (e) => (e.truncated ? 1 : 0)),
    number('surprise_bits', 'Float32', (e) => e.surpriseBits),
    texts('reasons', (e) => e.reasons),
    text('incident_id', (e) => e.incidentId),
    number('learned', 'UInt16', (e) => e.learned),
    number('held', 'UInt16', (e) => e.held),
    number('fresh', 'UInt16', (e) => e.fresh),
    number('sight', 'UInt16', (e) => e.sight),
    text('home', (e) => e.home),
    number('firsts', 'UInt16', (e) => e.firsts),
    time('peer_window', (e) => e.peerWindowMs),
  ]
}

/** Where the call came from. */
function sourceColumns(events: readonly FoldedEvent[]): Column[] {
  const { text } = columnsOf(events)
  return [
    text('ip', (e) => e.ip),
    text('source_text', (e) => e.sourceText),
    text('source_class', (e) => e.sourceClass),
    text('country', (e) => e.country),
    text('geo_region', (e) => e.geoRegion),
    text('city', (e) => e.city),
    text('place', (e) => e.place),
    text('network', (e) => e.network),
    text('network_name', (e) => e.networkName),
    text('prefix', (e) => e.prefix),
    text('address', (e) => e.address),
  ]
}

function positionColumns(items: readonly { readonly position: LogPosition }[]): Column[] {
  const { text, number } = columnsOf(items)
  return [
    text('topic', (item) => item.position.topic),
    number('partition', 'UInt32', (item) => item.position.partition),
    number('offset', 'UInt64', (item) => item.position.offset),
  ]
}

/** Where a row belongs in its log, without the place within the record. */
export type LogPosition = Omit<Position, 'index'>

/** Rows of `findings`. */
export function findingColumns(findings: readonly Finding[], ingestedAtMs: number): Column[] {
  const { text, number, time } = columnsOf(findings)
  return [
    text('finding_id', (f) => f.findingId),
    text('incident_id', (f) => f.incidentId),
    text('subject_kind', (f) => f.subjectKind),
    text('subject', (f) => f.subject),
    text('token_name', (f) => f.tokenName),
    text('tenant', (f) => f.tenant),
    text('detector', (f) => f.detector),
    text('cause', (f) => f.cause),
    text('concern', (f) => f.concern),
    text('event_id', (f) => f.eventId),
    time('time', (f) => f.timeMs),
    time('bucket', (f) => f.bucketMs),
    number('step', 'UInt16', (f) => f.step),
    number('bits', 'Float32', (f) => f.bits),
    number('sum_bits', 'Float32', (f) => f.sumBits),
    time('window', (f) => f.windowMs),
    number('carried_bits', 'Float32', (f) => f.carriedBits),
    text('severity_min', (f) => f.severityMin ?? ''),
    number('grave', 'UInt8', (f) => (f.isGrave ? 1 : 0)),
    number('reopening', 'UInt32', (f) => f.reopening),
    text('seen', (f) => f.seen),
    text('normal', (f) => f.normal),
    { name: 'numbers', type: 'Map(String, Float64)', values: findings.map((f) => f.numbers) },
    text('snapshot', (f) => f.snapshot),
    text('ip', (f) => f.ip),
    text('country', (f) => f.country),
    text('network', (f) => f.network),
    ...positionColumns(findings),
    number('record_index', 'UInt32', (f) => f.position.index),
    time('ingested_at', () => ingestedAtMs),
  ]
}

/** An alert and the record that raised it, which says who delivers it. */
export interface PlacedAlert {
  readonly alert: Alert
  readonly position: LogPosition
}

/** Rows of `alerts`: the alert as JSON for the targets, and typed columns beside it for analysts. */
export function alertColumns(placed: readonly PlacedAlert[], ingestedAtMs: number): Column[] {
  const { text, texts, number, time } = columnsOf(placed)
  return [
    text('alert_id', (p) => p.alert.alertId),
    text('incident_id', (p) => p.alert.incidentId),
    text('kind', (p) => p.alert.kind),
    text('concern', (p) => p.alert.concern),
    text('severity', (p) => p.alert.severity),
    number('reopening', 'UInt32', (p) => p.alert.reopening),
    text('subject_kind', (p) => p.alert.subjectKind),
    text('subject', (p) => p.alert.subject),
    text('token_name', (p) => p.alert.tokenName),
    text('tenant', (p) => p.alert.tenant),
    text('title', (p) => p.alert.title),
    time('time', (p) => p.alert.timeMs),
    time('began_at', (p) => p.alert.beganAtMs),
    number('surprise_bits', 'Float32', (p) => p.alert.surpriseBits),
    texts('detectors', (p) => p.alert.detectors.map((detector) => detector.name)),
    {
      name: 'detector_bits',
      type: 'Array(Float32)',
      values: placed.map((p) => p.alert.detectors.map((detector) => detector.bits)),
    },
    texts('event_ids', (p) => p.alert.eventIds),
    texts('ips', (p) => p.alert.sources.map((source) => source.ip)),
    text('evidence_query', (p) => p.alert.evidenceQuery),
    text('body', (p) => JSON.stringify(p.alert)),
    ...positionColumns(placed),
    time('ingested_at', () => ingestedAtMs),
  ]
}

/** Rows of `dead_letters`. */
export function deadLetterColumns(letters: readonly DeadLetter[], ingestedAtMs: number): Column[] {
  const { text, number, time } = columnsOf(letters)
  return [
    ...positionColumns(letters),
    number('record_index', 'UInt32', (letter) => letter.position.index),
    time('ingested_at', () => ingestedAtMs),
    text('reason', (letter) => letter.reason),
    text('detail', (letter) => letter.detail),
    text('excerpt', (letter) => letter.excerpt),
    number('length_bytes', 'UInt64', (letter) => letter.lengthBytes),
    text('sha256', (letter) => letter.sha256),
  ]
}

/** Rows of `deliveries`. */
export function deliveryColumns(deliveries: readonly Delivery[]): Column[] {
  const { text, number, time } = columnsOf(deliveries)
  return [
    text('delivery_id', (d) => d.deliveryId),
    text('alert_id', (d) => d.alertId),
    text('target', (d) => d.target),
    number('attempt', 'UInt32', (d) => d.attempt),
    text('outcome', (d) => d.outcome),
    number('status', 'UInt16', (d) => d.status),
    text('failure', (d) => d.failure),
    text('detail', (d) => d.detail),
    time('attempted_at', (d) => d.attemptedAtMs),
    time('retry_at', (d) => d.retryAtMs),
    number('duration_ms', 'UInt32', (d) => d.durationMs),
  ]
}
