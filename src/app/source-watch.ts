/**
 * Looks at what sources do with the tokens of all partitions, every few seconds, and tells through the same outbox.
 *
 * The tokens of one source are spread over partitions, and so over processes: no block sees them all. So the process that
 * owns the first partition follows the stored visits, in the order of event time. What it finds has ids of the source,
 * the hour and the step, and what was found before is read back when it begins: two processes that look at once, or one
 * that looks again, tell the same.
 */
import { budgetOf } from '../alert/budget.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Finding } from '../detect/finding.ts'
import { foldSettingsOf, sourceFoldSettingsOf } from '../detection.ts'
import type { TopicPartition } from '../ingest/source.ts'
import { type Log, silentLog } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { dayOf } from '../profile/calendar.ts'
import { DAY_MS, HOUR_MS } from '../settings.ts'
import { createSourceFold } from '../source-fold.ts'
import { createMemorySources } from '../sources/memory-sources.ts'
import { holderOf } from '../sources/sight.ts'
import type { Database } from '../store/database.ts'
import { insertAlerts } from '../store/pipeline.ts'
import type { PlacedAlert } from '../store/rows.ts'
import {
  activeSourceHours,
  homesSince,
  insertFindings,
  reachedMs,
  sourceFindingsSince,
  visitsSince,
} from '../store/sources.ts'
import { createBlockViews } from './block-views.ts'
import { createStoredThresholds } from './stored-thresholds.ts'

const LOOK_INTERVAL_MS = 10_000
/** How far back is read what is usual. */
const LEARN_MS = 7 * DAY_MS
/** How far back is read what was found: further than an incident's gap and what its evidence carries over. */
const PAST_MS = 2 * DAY_MS
/** Visits of the last time are read again each time: logs differ in how far they are. One may be so far behind. */
const AGAIN_MS = 2 * HOUR_MS
const BEHIND_MS_MAX = DAY_MS
/** Sources remembered on each level: only those where tokens are new. */
const SOURCES_MAX = 20_000

export interface SourceWatchDeps {
  readonly config: Config
  readonly db: Database
  /** The partitions of this process. */
  readonly owned: () => readonly TopicPartition[]
  readonly metrics: Pick<Metrics, 'finding' | 'alert'>
  readonly log: Log
  /** Called when alerts were stored. */
  readonly onAlerts: () => void
}

export function startSourceWatch(deps: SourceWatchDeps): NodeJS.Timeout {
  const { config, db, owned, metrics, log, onAlerts } = deps
  const [firstTopic] = [...config.ingest.kafka.topics].sort()
  let look: SourceLook | undefined
  let isLooking = false

  async function lookOnce(): Promise<void> {
    const place = owned().find(({ topic, partition }) => partition === 0 && topic === firstTopic)
    if (place === undefined) {
      look = undefined
      return
    }
    look ??= await createSourceLook(config, db)
    const { findings, alerts } = await look({ ...place, offset: 0 })
    for (const { detector } of findings) metrics.finding(detector)
    for (const { alert } of alerts) metrics.alert(alert.kind, alert.severity)
    if (alerts.length > 0) onAlerts()
  }

  return setInterval(() => {
    if (isLooking) return
    isLooking = true
    lookOnce()
      .catch((error: unknown) => {
        // What was counted but not stored is counted anew.
        look = undefined
        log.warn({ err: error }, 'could not look at sources; trying again')
      })
      .finally(() => {
        isLooking = false
      })
  }, LOOK_INTERVAL_MS)
}

/** Reads what came since the last look, stores what that comes to, and returns it. */
export interface SourceLook {
  /** @param place whose owner delivers the alerts. */
  (place: PlacedAlert['position']): Promise<{
    readonly findings: readonly Finding[]
    readonly alerts: readonly PlacedAlert[]
  }>
}

/** Begins with what was usual and what was found before. */
export async function createSourceLook(config: Config, db: Database): Promise<SourceLook> {
  const startMs = await reachedMs(db, BEHIND_MS_MAX)
  const calmHours = await activeSourceHours(db, Math.max(0, startMs - LEARN_MS))
  const sources = createMemorySources(config.learning.adoptAfterMs, SOURCES_MAX, calmHours)
  const views = createBlockViews(db, (ask) => ask(), silentLog)
  let view = await views.at(systemClock.now())
  const budget = budgetOf(config.alerting)
  const thresholds = budget && createStoredThresholds(budget)
  const days = thresholds?.daysOf(db)
  const past = await sourceFindingsSince(db, Math.max(0, startMs - PAST_MS))
  await days?.prepare(new Set(past.map(({ timeMs }) => dayOf(timeMs))))
  const foldSource = createSourceFold({
    sources,
    registry: { of: (tokenId) => view.registry.of(tokenId) },
    settings: sourceFoldSettingsOf(config),
    shared: foldSettingsOf(config, thresholds && { thresholdBits: thresholds.thresholdBits }),
    actions: {
      marksOf: (tokenId) => view.actions.marksOf(tokenId),
      isClosed: (incidentId) => view.actions.isClosed(incidentId),
      resolvesOf: (incidentId) => view.actions.resolvesOf(incidentId),
    },
    past,
  })
  let sinceMs = Math.max(0, startMs - AGAIN_MS)
  for (const { event, sight } of await visitsSince(db, Math.max(0, startMs - LEARN_MS))) {
    if (event.timeMs < sinceMs) sources.learn(event, sight, holderOf(event, view.registry))
  }

  return async function look(place) {
    const reached = await reachedMs(db, BEHIND_MS_MAX)
    const [homes, visits] = await Promise.all([homesSince(db, sinceMs), visitsSince(db, sinceMs)])
    view = await views.at(systemClock.now())
    await days?.prepare(new Set(visits.map(({ event }) => dayOf(event.timeMs))))
    const findings: Finding[] = []
    const alerts: PlacedAlert[] = []
    for (const { event, sight } of [...homes, ...visits]) {
      const found = foldSource(event, sight)
      findings.push(...found.findings)
      alerts.push(...found.alerts.map((alert) => ({ alert, position: place })))
    }
    const nowMs = systemClock.now()
    // Alerts first: of what was found nothing is told again.
    if (alerts.length > 0) await insertAlerts(db, alerts, nowMs)
    if (findings.length > 0) await insertFindings(db, findings, nowMs)
    sinceMs = Math.max(sinceMs, reached - AGAIN_MS)
    return { findings, alerts }
  }
}
