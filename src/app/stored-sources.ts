/** Sources as ClickHouse keeps them, for the detectors that look at one token: by snapshots of closed ten minutes. */
import { LRUCache } from 'lru-cache'
import type { SourceSlots } from '../pipeline.ts'
import { DAY_MS } from '../settings.ts'
import { createMemorySources } from '../sources/memory-sources.ts'
import { SLOT_MS, slotOf } from '../sources/source.ts'
import type { SourceSnapshot } from '../sources/snapshot.ts'
import type { Database } from '../store/database.ts'
import { type StoredSnapshot, readSourceSnapshots, takeSourceSnapshot } from '../store/source-snapshots.ts'

/** Events that came later than this are not looked at: what is kept to be caught up with would need a snapshot each. */
const LATE_MS_MAX = DAY_MS
const SLOTS_KEPT = 300

export interface StoredSources {
  /** What was known of sources at the start of an event's ten minutes. */
  readonly snapshot: SourceSnapshot
  /** @param around each question to the database, for those who try again. */
  slotsOf(db: Database, around?: <T>(ask: () => Promise<T>) => Promise<T>): SourceSlots
}

/** @param adoptAfterMs as of createMemorySources. */
export function createStoredSources(adoptAfterMs: number): StoredSources {
  const known = new LRUCache<number, SourceSnapshot>({ max: SLOTS_KEPT })
  let fromSlot = Number.POSITIVE_INFINITY

  function snapshotAt(timeMs: number): SourceSnapshot | undefined {
    const slot = slotOf(timeMs)
    return slot < fromSlot ? undefined : known.get(slot)
  }

  return {
    snapshot: {
      idOf: (event) => `sources ${new Date(slotOf(event.timeMs) * SLOT_MS).toISOString()}`,
      sprayingOf: (event, holder, sight) => snapshotAt(event.timeMs)?.sprayingOf(event, holder, sight),
      sharingOf: (event, holder, sight) => snapshotAt(event.timeMs)?.sharingOf(event, holder, sight),
    },
    slotsOf: (db, around = (ask) => ask()) => ({
      async prepare(slots, ingestedAtMs) {
        const first = slotOf(ingestedAtMs - LATE_MS_MAX)
        const missing = [...slots].filter((slot) => slot >= first && !known.has(slot)).sort((a, b) => a - b)
        if (missing.length === 0) return
        const stored = await around(() => readSourceSnapshots(db, missing))
        for (const slot of missing) {
          const taken = stored.get(slot) ?? (await around(() => takeSourceSnapshot(db, slot)))
          known.set(slot, countedAgain(taken, adoptAfterMs))
        }
      },
      begin(ingestedAtMs) {
        fromSlot = slotOf(ingestedAtMs - LATE_MS_MAX)
      },
    }),
  }
}

function countedAgain({ calmHours, visits }: StoredSnapshot, adoptAfterMs: number): SourceSnapshot {
  const sources = createMemorySources(adoptAfterMs, Math.max(1, visits.length), calmHours)
  for (const { event, sight } of visits) sources.learn(event, sight, { tenant: event.tenant, owner: '' })
  return sources
}
