/** Drops what no profile looks at any more: months of the rollups, once every partition is far past them. */
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import { watermarkMs } from '../store/pipeline.ts'
import { dropOldMonths } from '../store/retention.ts'
import { ownsFirst } from './first-partition.ts'
import type { Reader } from './reader.ts'

const INTERVAL_MS = 60 * 60_000
/** One more than a fold looks back on, so that no late event within its window begins a month anew. */
const MONTHS_KEPT = 7

export interface HousekeepingDeps {
  readonly config: Config
  readonly db: Database
  readonly reader: Reader
  readonly log: Log
}

/** Once an hour, in the process that owns the first partition. */
export function startHousekeeping({ config, db, reader, log }: HousekeepingDeps): NodeJS.Timeout {
  const { topics } = config.ingest.kafka

  async function dropMonths(): Promise<void> {
    const watermark = ownsFirst(reader.owned(), topics) ? await watermarkMs(db, topics) : 0
    if (watermark === 0) return
    const dropped = await dropOldMonths(db, monthBefore(watermark, MONTHS_KEPT))
    if (dropped > 0) log.info({ partitions: dropped }, 'dropped months of the rollups that are out of every window')
  }

  return setInterval(() => {
    dropMonths().catch((error: unknown) => log.warn({ err: error }, 'old months could not be dropped; trying again'))
  }, INTERVAL_MS)
}

/** The month so many before the one of this time, as year times 100 plus month. */
export function monthBefore(timeMs: number, months: number): number {
  const date = new Date(timeMs)
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth() - months
  return Math.floor(month / 12) * 100 + (month % 12) + 1
}
