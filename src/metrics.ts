/** What tokenwatch counts about itself. Labels come from closed sets only: never a token, tenant, route or address. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { ALERT_KINDS, type AlertKind } from './alert/alert.ts'
import { SEVERITIES, type Severity } from './severity.ts'
import { DEAD_LETTER_REASONS } from './ingest/dead-letter.ts'
import type { DeadLetterReason } from './ingest/dead-letter.ts'
import { DROPPABLE_FIELDS } from './ingest/field.ts'
import type { DroppableField } from './ingest/field.ts'
import type { DeliveryFailure } from './store/delivery.ts'

/** How an attempt is counted. `suppressed`: recorded, never sent. `undeliverable`: the last try failed. */
export type CountedOutcome = 'delivered' | 'suppressed' | 'undeliverable' | DeliveryFailure
const OUTCOMES: Readonly<Record<CountedOutcome, true>> = {
  delivered: true,
  suppressed: true,
  undeliverable: true,
  timeout: true,
  connection: true,
  'address-refused': true,
  redirect: true,
  'rate-limited': true,
  'client-error': true,
  'server-error': true,
  gone: true,
  internal: true,
}

/** The closed sets that only the registries know. A value outside of them is counted as `other`. */
export interface MetricSets<Detector extends string = string, TargetType extends string = string> {
  readonly detectors: readonly Detector[]
  readonly targetTypes: readonly TargetType[]
}

export interface Metrics<Detector extends string = string, TargetType extends string = string> {
  recordsConsumed(count: number): void
  eventsStored(count: number): void
  deadLetter(reason: DeadLetterReason): void
  finding(detector: Detector): void
  alert(kind: AlertKind, severity: Severity): void
  delivery(targetType: TargetType, outcome: CountedOutcome): void
  /** An optional field was wrong and left out. */
  fieldDropped(field: DroppableField): void
  /** An `ip` that was no address and was kept as text. */
  sourceText(): void
  /** A `token_id` that looked like a credential and was fingerprinted. */
  tokenIdFingerprinted(): void
  /** Records between what was handled and the partition's end. Topics are those of the configuration. */
  consumerLag(topic: string, partition: number, records: number): void
  /** The partition belongs to another process now. */
  partitionRevoked(topic: string, partition: number): void
  /** From the record's time in Kafka, or its arrival from a file, to its row in ClickHouse. */
  endToEnd(durationMs: number): void
  /** From a record's arrival to the end of its detection. */
  decision(durationMs: number): void
  blockFlushed(durationMs: number): void
  /** What arrived and is not stored yet, over all partitions. */
  buffered(rows: number, bytes: number): void
  /** Alerts in the outbox whose time to be sent has come. */
  outboxDue(alerts: number): void
  /** Profiles fetched from the rollups. */
  profilesLoaded(count: number): void
  profilesResident(count: number): void
  /** The exposition format of Prometheus, with its content type. */
  render(): Promise<{ readonly text: string; readonly contentType: string }>
  /** For tests that walk what is registered. */
  readonly registry: Registry
}

const END_TO_END_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200]
const DECISION_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const FLUSH_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Every process, and every test, has a registry of its own; nothing is registered globally. */
export function createMetrics<const Detector extends string, const TargetType extends string>(
  sets: MetricSets<Detector, TargetType>,
  options: { processMetrics?: boolean } = {},
): Metrics<Detector, TargetType> {
  const registry = new Registry()
  if (options.processMetrics !== false) collectDefaultMetrics({ register: registry })
  const detectors: ReadonlySet<string> = new Set(sets.detectors)
  const targetTypes: ReadonlySet<string> = new Set(sets.targetTypes)
  const c = createCounters(registry)
  const g = createGauges(registry)
  const h = createHistograms(registry)
  startAtZero(c, sets)
  return {
    recordsConsumed: (count) => c.records.inc(count),
    eventsStored: (count) => c.stored.inc(count),
    deadLetter: (reason) => c.deadLetters.inc({ reason }),
    finding: (detector) => c.findings.inc({ detector: detectors.has(detector) ? detector : 'other' }),
    alert: (kind, severity) => c.alerts.inc({ kind, severity }),
    delivery: (type, outcome) => c.deliveries.inc({ type: targetTypes.has(type) ? type : 'other', outcome }),
    fieldDropped: (field) => c.fieldsDropped.inc({ field }),
    sourceText: () => c.sourceText.inc(),
    tokenIdFingerprinted: () => c.fingerprinted.inc(),
    consumerLag: (topic, partition, records) => g.lag.set({ topic, partition }, records),
    partitionRevoked: (topic, partition) => g.lag.remove({ topic, partition }),
    endToEnd: (durationMs) => h.endToEnd.observe(durationMs / 1000),
    decision: (durationMs) => h.decision.observe(durationMs / 1000),
    blockFlushed: (durationMs) => h.flush.observe(durationMs / 1000),
    buffered: (rows, bytes) => {
      g.bufferedRows.set(rows)
      g.bufferedBytes.set(bytes)
    },
    outboxDue: (alerts) => g.outboxDue.set(alerts),
    profilesLoaded: (count) => c.profilesLoaded.inc(count),
    profilesResident: (count) => g.profilesResident.set(count),
    render: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
    registry,
  }
}

function createCounters(registry: Registry) {
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter<L>({ name: `tokenwatch_${name}`, help, labelNames, registers: [registry] })
  return {
    records: counter('records_consumed_total', 'Records read from Kafka or a file, good and bad.'),
    stored: counter('events_stored_total', 'Events acknowledged by ClickHouse.'),
    deadLetters: counter('dead_letters_total', 'Records that could not become an event, by reason.', 'reason'),
    findings: counter('findings_total', 'Findings, by detector.', 'detector'),
    alerts: counter('alerts_total', 'Alerts written to the outbox, by kind and severity.', 'kind', 'severity'),
    deliveries: counter('deliveries_total', 'Attempts to deliver an alert.', 'type', 'outcome'),
    fieldsDropped: counter('fields_dropped_total', 'Optional fields that were wrong and left out.', 'field'),
    sourceText: counter('source_text_total', 'Events whose address was text, such as a cloud service.'),
    fingerprinted: counter('token_id_fingerprinted_total', 'Token ids that looked like a credential.'),
    profilesLoaded: counter('profiles_loaded_total', 'Profiles fetched from the rollups.'),
  }
}

function createGauges(registry: Registry) {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge<L>({ name: `tokenwatch_${name}`, help, labelNames, registers: [registry] })
  return {
    lag: gauge('consumer_lag_records', 'Records not handled yet, by partition.', 'topic', 'partition'),
    bufferedRows: gauge('buffered_rows', 'Rows in blocks that are not stored yet.'),
    bufferedBytes: gauge('buffered_bytes', 'Bytes of records that are not stored yet.'),
    outboxDue: gauge('outbox_due_alerts', 'Alerts that should have been sent by now.'),
    profilesResident: gauge('profiles_resident', 'Profiles in memory.'),
  }
}

function createHistograms(registry: Registry) {
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `tokenwatch_${name}`, help, buckets, registers: [registry] })
  return {
    endToEnd: histogram('end_to_end_seconds', 'From a record in Kafka to its row in ClickHouse.', END_TO_END_SECONDS),
    decision: histogram('decision_seconds', 'From arrival to the end of detection.', DECISION_SECONDS),
    flush: histogram('block_flush_seconds', 'Writing one block, all tables.', FLUSH_SECONDS),
  }
}

/** Every series of a closed set exists from the start, so that a rate over the first occurrence is not lost. */
function startAtZero(c: ReturnType<typeof createCounters>, sets: MetricSets): void {
  for (const reason of DEAD_LETTER_REASONS) c.deadLetters.inc({ reason }, 0)
  for (const detector of sets.detectors) c.findings.inc({ detector }, 0)
  for (const field of DROPPABLE_FIELDS) c.fieldsDropped.inc({ field }, 0)
  for (const severity of SEVERITIES) {
    for (const kind of ALERT_KINDS) if (kind !== 'bits') c.alerts.inc({ kind, severity }, 0)
  }
  for (const type of sets.targetTypes) {
    for (const outcome of Object.keys(OUTCOMES)) c.deliveries.inc({ type, outcome }, 0)
  }
}
