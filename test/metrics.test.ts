import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createMetrics } from '../src/metrics.ts'

const sets = { detectors: ['new-country', 'error-burst'], targetTypes: ['slack', 'webhook'] } as const
const create = () => createMetrics(sets, { processMetrics: false })

/** Sets off every metric once, so that every label shows. */
function touch(metrics: ReturnType<typeof create>): void {
  metrics.recordsConsumed(3)
  metrics.eventsStored(2)
  metrics.deadLetter('not-json')
  metrics.finding('new-country')
  metrics.alert('opened', 'high')
  metrics.delivery('slack', 'delivered')
  metrics.fieldDropped('ip')
  metrics.sourceText()
  metrics.tokenIdFingerprinted()
  metrics.consumerLag('access', 1, 17)
  metrics.endToEnd(1500)
  metrics.decision(2)
  metrics.blockFlushed(40)
  metrics.buffered(10, 2048)
  metrics.outboxDue(1)
  metrics.profilesLoaded(5)
  metrics.profilesResident(5)
}

describe('createMetrics', () => {
  it('has labels from closed sets only, in every metric that is registered', async () => {
    const metrics = create()
    touch(metrics)
    const labels: Record<string, string[]> = {}
    for (const metric of await metrics.registry.getMetricsAsJSON()) {
      const names = new Set((metric.values as { labels: object }[]).flatMap((value) => Object.keys(value.labels)))
      labels[metric.name] = [...names].sort()
    }
    expect(labels).toEqual({
      tokenwatch_records_consumed_total: [],
      tokenwatch_events_stored_total: [],
      tokenwatch_dead_letters_total: ['reason'],
      tokenwatch_findings_total: ['detector'],
      tokenwatch_alerts_total: ['kind', 'severity'],
      tokenwatch_deliveries_total: ['outcome', 'type'],
      tokenwatch_fields_dropped_total: ['field'],
      tokenwatch_source_text_total: [],
      tokenwatch_token_id_fingerprinted_total: [],
      tokenwatch_profiles_loaded_total: [],
      tokenwatch_profiles_resident: [],
      tokenwatch_consumer_lag_records: ['partition', 'topic'],
      tokenwatch_buffered_rows: [],
      tokenwatch_buffered_bytes: [],
      tokenwatch_outbox_due_alerts: [],
      tokenwatch_end_to_end_seconds: ['le'],
      tokenwatch_decision_seconds: ['le'],
      tokenwatch_block_flush_seconds: ['le'],
    })
  })

  it('counts a name outside of its closed set as other, so that no input makes a series', async () => {
    const metrics = createMetrics<string, string>({ detectors: sets.detectors, targetTypes: [] })
    metrics.finding('tok_0123456789')
    metrics.delivery('https://hooks.example.com/secret', 'timeout')
    const { text } = await metrics.render()
    expect(text).toContain('tokenwatch_findings_total{detector="other"} 1')
    expect(text).toContain('tokenwatch_deliveries_total{type="other",outcome="timeout"} 1')
    expect(text).not.toMatch(/tok_0123|hooks\.example/)
  })

  it('does not compile with a label outside of its closed set', () => {
    const metrics = create()
    const wrong = () => {
      // @ts-expect-error no such reason
      metrics.deadLetter('whatever')
      // @ts-expect-error no such detector
      metrics.finding('whatever')
      // @ts-expect-error no such severity
      metrics.alert('opened', 'whatever')
      // @ts-expect-error no such outcome
      metrics.delivery('slack', 'whatever')
      // @ts-expect-error no such field
      metrics.fieldDropped('whatever')
    }
    expect(wrong).toBeTypeOf('function')
  })

  it('starts every series of a closed set at zero', async () => {
    const { text } = await create().render()
    expect(text).toContain('tokenwatch_dead_letters_total{reason="not-json"} 0')
    expect(text).toContain('tokenwatch_alerts_total{kind="opened",severity="critical"} 0')
    expect(text).toContain('tokenwatch_deliveries_total{type="webhook",outcome="gone"} 0')
  })

  it('forgets the lag of a partition that went to another process', async () => {
    const metrics = create()
    touch(metrics)
    metrics.partitionRevoked('access', 1)
    expect((await metrics.render()).text).not.toContain('partition="1"')
  })

  it('observes milliseconds as seconds', async () => {
    const metrics = create()
    metrics.endToEnd(1500)
    expect((await metrics.render()).text).toContain('tokenwatch_end_to_end_seconds_sum 1.5')
  })

  it('adds the metrics of the process to a registry of its own, twice in one process', async () => {
    const first = createMetrics(sets)
    const second = createMetrics(sets)
    expect((await second.render()).text).toContain('process_resident_memory_bytes')
    expect(first.registry).not.toBe(second.registry)
  })

  it('knows no metric by the global registry', () => {
    expect(readFileSync('src/metrics.ts', 'utf8')).not.toMatch(/import \{[^}]*\bregister\b[^}]*\} from 'prom-client'/)
  })
})
