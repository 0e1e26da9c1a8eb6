/** `replay --store`: a file becomes one more partition of the configured ClickHouse, and nobody is told of its alerts. */
import type { Config } from '../config.ts'
import type { Detection } from '../detection.ts'
import { type DeliveryId, hashId } from '../event.ts'
import { createBlockStore } from '../store/blocks.ts'
import { claimKey } from '../store/claims.ts'
import { outboxStoreOf } from '../app/delivery.ts'
import { createStoredStates } from '../app/stored-states.ts'
import { storedRows } from '../store/pipeline.ts'
import { openStore } from '../store/store.ts'
import { ExitCode, UserError } from './command.ts'

/** Alerts looked up at once when they are marked. */
const PAGE_ROWS = 1_000

/** Opens the store and refuses a file that is in it already, whole or in part. */
export async function openReplayStore(config: Config, topic: string, detection: Detection) {
  const store = await openStore(config.clickhouse)
  try {
    const rows = await storedRows(store.db, topic)
    if (rows > 0) {
      throw new UserError(`this file is in ClickHouse already: ${rows} events under the topic ${topic}`, {
        exitCode: ExitCode.usage,
        remedy: 'replay it without --store, or into another clickhouse.database',
      })
    }
    await claimKey(store.db, detection.keyId, false)
  } catch (error) {
    await store.close()
    throw error
  }
  const outbox = outboxStoreOf(store.db)
  return {
    states: createStoredStates(store.db, detection.foldSettings.profile, config.learning.profilesMax),
    db: store.db,
    blocks: createBlockStore({ db: store.db, keyId: detection.keyId, onRetry: () => {} }),
    /** Records every alert of the file as suppressed, for each target. */
    async finish(): Promise<void> {
      const targets = Object.keys(config.notify.targets)
      if (targets.length === 0) return
      for (;;) {
        const nowMs = Date.now()
        const due = await outbox.due({ partitions: [{ topic, partition: 0 }], targets, nowMs, limit: PAGE_ROWS })
        if (due.length === 0) return
        await outbox.record(
          due.map(({ alert, target, attempts }) => ({
            deliveryId: hashId(alert.alertId, target, attempts + 1) as DeliveryId,
            alertId: alert.alertId,
            target,
            attempt: attempts + 1,
            outcome: 'suppressed' as const,
            status: 0,
            failure: '' as const,
            detail: 'replayed from a file',
            attemptedAtMs: nowMs,
            retryAtMs: 0,
            durationMs: 0,
          })),
        )
      }
    },
    [Symbol.asyncDispose]: () => store.close(),
  }
}
