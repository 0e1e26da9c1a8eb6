/**
 * The daily review: what concerns the governance of tokens is nobody's emergency, so each target gets one message a UTC
 * day that lists it. It goes through the same table of deliveries as alerts do, one row for each that it stands for.
 */
import { quote, timeLiteral } from '../alert/evidence-query.ts'
import { DAY_MS, MINUTE_MS } from '../settings.ts'
import type { WaitingNote } from '../store/review-notes.ts'
import { hashId } from '../event.ts'
import { type Lane, attempt, isRemembered, refusalOf, settleRefused } from './lane.ts'
import type { Review, ReviewNote } from './notifier.ts'

/** A day's review goes out so long after midnight: the day's last blocks are stored by then. */
const GRACE_MS = 10 * MINUTE_MS
const LOOK_INTERVAL_MS = 10 * MINUTE_MS
/** In one message; more make a further one. */
const NOTES_MAX = 10_000

/**
 * Sends what the days up to yesterday brought, in the process that owns the first partition. What failed together is tried
 * again together, so a review that is repeated has the same id. Throws only what the store throws.
 */
export async function passReview(lane: Lane, stopping: () => boolean): Promise<void> {
  const { clock, store, reviewTopics } = lane.deps
  const topics = reviewTopics()
  if (topics.length === 0 || clock.now() < lane.nextReviewMs) return
  while (!stopping() && clock.now() >= lane.restUntilMs) {
    const nowMs = clock.now()
    const beforeMs = Math.floor((nowMs - GRACE_MS) / DAY_MS) * DAY_MS
    const target = lane.target.notifier.name
    const found = await store.notes({ topics, target, beforeMs, nowMs, limit: NOTES_MAX })
    const notes = found.filter((note) => !isRemembered(lane, note))
    if (notes.length === 0) {
      lane.nextReviewMs = Math.min(nowMs + LOOK_INTERVAL_MS, lane.nextRetryMs || Infinity)
      return
    }
    await settleRefused(lane, notes)
    const wanted = Map.groupBy(notes, (note) => (refusalOf(lane, note) === undefined ? note.retryAtMs : -1))
    for (const [retryAtMs, together] of wanted) {
      if (stopping() || clock.now() < lane.restUntilMs) return
      if (retryAtMs >= 0) await send(lane, together)
    }
  }
}

/** The id depends on what is in it, so that a receiver knows a review that it has. */
async function send(lane: Lane, notes: readonly WaitingNote[]): Promise<void> {
  const { notifier } = lane.target
  const review = reviewOf(notes, lane.deps.database)
  const reviewId = hashId('review', notifier.name, ...notes.map(({ alertId }) => alertId).sort())
  await attempt(lane, notes, 'digested', (signal) => notifier.notifyReview(review, reviewId, signal))
}

/** @param notes at least one. */
export function reviewOf(notes: readonly WaitingNote[], database: string): Review {
  const groups = new Map<string, ReviewNote[]>()
  for (const { subject, tokenName, tenant, found } of notes) {
    for (const { detector, seen } of found) {
      const group = groups.get(detector) ?? []
      groups.set(detector, group)
      group.push({ subject, tokenName, tenant, seen })
    }
  }
  const written = notes.map(({ writtenAtMs }) => writtenAtMs)
  const [fromMs, toMs] = [Math.min(...written), Math.max(...written)]
  return {
    fromMs,
    toMs,
    subjects: new Set(notes.map(({ subject }) => subject)).size,
    groups: [...groups]
      .map(([detector, group]) => ({ detector, notes: group.sort(byName) }))
      .sort((a, b) => (a.detector < b.detector ? -1 : 1)),
    query: reviewQuery(database, fromMs, toMs),
  }
}

function byName(a: ReviewNote, b: ReviewNote): number {
  const [one, other] = [`${a.tenant}\n${a.tokenName}\n${a.subject}`, `${b.tenant}\n${b.tokenName}\n${b.subject}`]
  return one < other ? -1 : one > other ? 1 : 0
}

/** Lists all that a review stands for, with what every detector saw. */
function reviewQuery(database: string, fromMs: number, toMs: number): string {
  const table = database === '' ? 'findings' : `${quote(database, '"')}.findings`
  return [
    'SELECT detector, tenant, token_name, subject, time, seen, normal',
    `FROM ${table} FINAL`,
    `WHERE concern = 'governance'`,
    `  AND ingested_at >= ${timeLiteral(fromMs)}`,
    `  AND ingested_at <= ${timeLiteral(toMs)}`,
    'ORDER BY detector, tenant, token_name, subject, time',
  ].join('\n')
}
