/** Looks after the pipeline itself on the wall clock: silence, lag, dead letters. */
import { createPipelineWatch } from '../alert/pipeline-watch.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { TopicPartition } from '../ingest/source.ts'
import type { Log } from '../log.ts'
import { DAY_MS } from '../settings.ts'
import type { Database } from '../store/database.ts'
import { insertAlerts, lastIngestedAtMs } from '../store/pipeline.ts'
import type { PlacedAlert } from '../store/rows.ts'
import type { Reader } from './reader.ts'

const LOOK_INTERVAL_MS = 5_000
/** How far back the last stored event is looked for: far enough for a restart in a silence to tell of the same one. */
const LOOK_BACK_MS = 7 * DAY_MS

export interface WatchDeps {
  readonly config: Config
  readonly db: Database
  readonly reader: Reader
  /** Called when an alert was stored. */
  readonly onAlerts: () => void
  readonly log: Log
}

/** Looks every few seconds whether tokenwatch itself sees too little, and tells through the same outbox. */
export function startWatch({ config, db, reader, onAlerts, log }: WatchDeps): NodeJS.Timeout {
  const { ingest } = config
  const look = createPipelineWatch({
    groupId: ingest.kafka.groupId,
    silenceMs: ingest.silenceMs,
    lagRecordsMax: ingest.lagRecordsMax,
    deadLetterShareMax: ingest.deadLetterShareMax,
  })
  const startedAtMs = systemClock.now()
  /** Told once by `look`, kept here until they are stored. */
  const pending: PlacedAlert[] = []
  let isLooking = false

  async function lookOnce(): Promise<void> {
    const first = [...reader.owned()].sort(byPlace)[0]
    if (first === undefined) return
    const isSpeaker = first.partition === 0 && first.topic === [...ingest.kafka.topics].sort()[0]
    const state = reader.state()
    const lastEventMs = await latestEvent(state.lastEventMs, isSpeaker)
    const alerts = look({ ...state, lastEventMs, nowMs: systemClock.now() })
    pending.push(...alerts.map((alert) => ({ alert, position: { ...first, offset: 0 } })))
    if (pending.length === 0) return
    await insertAlerts(db, pending, systemClock.now())
    pending.length = 0
    onAlerts()
  }

  /**
   * Wall time of the last event of any member. Only the owner of the first partition speaks of silence, and only it
   * asks the database, once its own partitions are silent; where nothing was ever stored, silence began with this run.
   */
  async function latestEvent(ownMs: number, isSpeaker: boolean): Promise<number> {
    const nowMs = systemClock.now()
    if (!isSpeaker) return nowMs
    const seenMs = Math.max(ownMs, startedAtMs)
    if (ingest.silenceMs === 0 || nowMs - seenMs < ingest.silenceMs) return seenMs
    const storedMs = await lastIngestedAtMs(db, ingest.kafka.topics, nowMs - LOOK_BACK_MS)
    return Math.max(ownMs, storedMs) || startedAtMs
  }

  return setInterval(() => {
    if (isLooking) return
    isLooking = true
    lookOnce()
      .catch((error: unknown) => log.warn({ err: error }, 'could not look after the pipeline'))
      .finally(() => {
        isLooking = false
      })
  }, LOOK_INTERVAL_MS)
}

function byPlace(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}
