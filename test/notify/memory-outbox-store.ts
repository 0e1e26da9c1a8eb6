/** An outbox store in memory that follows the rules of `OutboxStore`, for tests of the delivery loop. */
import type { Alert } from '../../src/alert/alert.ts'
import type { TopicPartition } from '../../src/ingest/source.ts'
import type { DueDelivery, OutboxStore } from '../../src/notify/delivery.ts'
import type { Delivery } from '../../src/store/delivery.ts'
import type { WaitingNote } from '../../src/store/review-notes.ts'

export interface MemoryOutboxStore extends OutboxStore {
  /** Alerts in the table, each with the partition that raised it. */
  add(alert: Alert, partition?: TopicPartition): void
  /** Rows by delivery id, in the order in which they were first written. */
  rows(): readonly Delivery[]
  /** The store is away while this is true. */
  away: boolean
}

export const PARTITION: TopicPartition = { topic: 'api', partition: 0 }

/**
 * Rules: due are pairs of alert and target, of the partitions asked for, without a delivery, or with a `retry` of the
 * greatest attempt number that is not after `nowMs`; ordered by the alert's time, then its id; `limit` pairs at most.
 * An alert counts as written at its event time; those of governance are notes, and never due.
 * A recorded row is seen by the next `due`. A delivery id that comes again changes nothing.
 */
export function createMemoryOutboxStore(): MemoryOutboxStore {
  const alerts: { alert: Alert; partition: TopicPartition }[] = []
  const deliveries = new Map<string, Delivery>()
  const lastOf = (alertId: string, target: string) =>
    [...deliveries.values()]
      .filter((row) => row.alertId === alertId && row.target === target)
      .reduce<Delivery | undefined>((last, row) => (last && last.attempt > row.attempt ? last : row), undefined)
  const store: MemoryOutboxStore = {
    away: false,
    add: (alert, partition = PARTITION) => void alerts.push({ alert, partition }),
    rows: () => [...deliveries.values()],
    async due({ partitions, targets, nowMs, limit }) {
      if (store.away) throw new Error('the store is away')
      const owned = new Set(partitions.map(keyOf))
      return alerts
        .filter(({ alert, partition }) => alert.concern !== 'governance' && owned.has(keyOf(partition)))
        .flatMap(({ alert }) =>
          targets.flatMap((target): DueDelivery[] => {
            const last = lastOf(alert.alertId, target)
            if (!last) return [{ alert, target, attempts: 0 }]
            const again = last.outcome === 'retry' && last.retryAtMs <= nowMs
            return again ? [{ alert, target, attempts: last.attempt }] : []
          }),
        )
        .sort((a, b) => a.alert.timeMs - b.alert.timeMs || (a.alert.alertId < b.alert.alertId ? -1 : 1))
        .slice(0, limit)
    },
    async notes({ topics, target, beforeMs, nowMs, limit }) {
      if (store.away) throw new Error('the store is away')
      return alerts
        .filter(({ alert, partition }) => alert.concern === 'governance' && topics.includes(partition.topic))
        .filter(({ alert }) => alert.timeMs < beforeMs)
        .flatMap(({ alert }): WaitingNote[] => {
          const last = lastOf(alert.alertId, target)
          if (last !== undefined && (last.outcome !== 'retry' || last.retryAtMs > nowMs)) return []
          const found = alert.evidence.map(({ detector, seen }) => ({ detector, seen }))
          const { attempt: attempts, retryAtMs } = last ?? { attempt: 0, retryAtMs: 0 }
          return [{ ...alert, writtenAtMs: alert.timeMs, found, attempts, retryAtMs }]
        })
        .sort((a, b) => Number(b.attempts > 0) - Number(a.attempts > 0) || a.writtenAtMs - b.writtenAtMs)
        .slice(0, limit)
    },
    async record(rows) {
      if (store.away) throw new Error('the store is away')
      for (const row of rows) if (!deliveries.has(row.deliveryId)) deliveries.set(row.deliveryId, row)
    },
  }
  return store
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
