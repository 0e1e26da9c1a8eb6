/** Wires what delivers: the targets of the configuration and the outbox between them and the tables. */
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { TopicPartition } from '../ingest/source.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { createNotifiers } from '../notify/index.ts'
import type { OutboxStore } from '../notify/delivery.ts'
import { type Outbox, createOutbox } from '../notify/outbox.ts'
import { ownsFirst } from './first-partition.ts'
import type { Database } from '../store/database.ts'
import { dueAlerts, recordDelivery } from '../store/outbox.ts'
import { waitingNotes } from '../store/review-notes.ts'

export interface DeliveryDeps {
  readonly config: Config
  readonly db: Database
  readonly metrics: Metrics
  readonly log: Log
  /** For the `terminal` target. */
  readonly print: (text: string) => void
  readonly colour: boolean
  readonly notifyFromMs: number
  readonly ownedPartitions: () => readonly TopicPartition[]
}

export function createDelivery(deps: DeliveryDeps): Outbox {
  const { metrics, log } = deps
  const { notify } = deps.config
  const { topics } = deps.config.ingest.kafka
  const context = { timeoutMs: notify.timeoutMs, clock: systemClock, print: deps.print, colour: deps.colour }
  const notifiers = createNotifiers(notify, context, log)
  const typeOf = new Map(notifiers.map(({ notifier, type }) => [notifier.name, type]))
  const waiting = new Map<string, number>()
  return createOutbox({
    store: outboxStoreOf(deps.db),
    notifiers,
    clock: systemClock,
    log,
    retry: notify.retry,
    maxAgeMs: notify.maxAgeMs,
    notifyFromMs: deps.notifyFromMs,
    ownedPartitions: deps.ownedPartitions,
    reviewTopics: () => (ownsFirst(deps.ownedPartitions(), topics) ? topics : []),
    database: deps.db.name,
    metrics: {
      attempted({ target, outcome, failure }) {
        const type = typeOf.get(target) ?? 'other'
        if (outcome === 'failed' || outcome === 'gone') metrics.delivery(type, 'undeliverable')
        else if (outcome === 'suppressed') metrics.delivery(type, 'suppressed')
        else metrics.delivery(type, failure === '' ? 'delivered' : failure)
      },
      waiting(target, count) {
        waiting.set(target, count)
        metrics.outboxDue([...waiting.values()].reduce((sum, due) => sum + due, 0))
      },
    },
  })
}

/** The tables as the outbox sees them: one entry for each pair of alert and target. */
export function outboxStoreOf(db: Database): OutboxStore {
  return {
    async due(input) {
      const alerts = await dueAlerts(db, input)
      return alerts.flatMap(({ alert, due }) => due.map(({ target, attempts }) => ({ alert, target, attempts })))
    },
    notes: (input) => waitingNotes(db, input),
    record: (deliveries) => recordDelivery(db, deliveries),
  }
}
