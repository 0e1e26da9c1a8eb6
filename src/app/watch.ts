/** Looks after the pipeline itself on the wall clock: silence, lag, dead letters. */
import { createPipelineWatch } from '../alert/pipeline-watch.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { TopicPartition } from '../ingest/source.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import { insertAlerts, lastIngestedAtMs } from '../store/pipeline.ts'
import type { Reader } from './reader.ts'

const LOOK_INTERVAL_MS = 5_000

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
  let isLooking = false

  async function lookOnce(): Promise<void> {
    const first = [...reader.owned()].sort(byPlace)[0]
    if (first === undefined) return
    const state = reader.state()
    let lastEventMs = Math.max(state.lastEventMs, startedAtMs)
    // Other members may have stored events that this one did not see.
    const isSilent = systemClock.now() - lastEventMs >= ingest.silenceMs
    if (ingest.silenceMs > 0 && isSilent) {
      const isSpeaker = first.partition === 0 && first.topic === [...ingest.kafka.topics].sort()[0]
      lastEventMs = isSpeaker
        ? Math.max(lastEventMs, await lastIngestedAtMs(db, ingest.kafka.topics))
        : systemClock.now()
    }
    const alerts = look({ ...state, lastEventMs, nowMs: systemClock.now() })
    if (alerts.length === 0) return
    const placed = alerts.map((alert) => ({ alert, position: { ...first, offset: 0 } }))
    await insertAlerts(db, placed, systemClock.now())
    onAlerts()
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
