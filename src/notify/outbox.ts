/** The delivery loop: hands every stored alert to every target, retries from the table, and records each attempt. */
import { setTimeout as wait } from 'node:timers/promises'
import type { TargetNotifier } from './index.ts'
import { createLane, passLane } from './lane.ts'
import { passReview } from './review.ts'
import type { Lane, LaneDeps } from './lane.ts'

export interface OutboxDeps extends Omit<LaneDeps, 'callSignal' | 'random'> {
  readonly notifiers: readonly TargetNotifier[]
  readonly random?: () => number
  /** Time that running calls are given at the end, default 3 s. */
  readonly stopGraceMs?: number
  /** How often the table is looked at without being woken, default 5 s: alerts of partitions taken over, old retries. */
  readonly pollMs?: number
}

export interface Outbox {
  /** Alerts were stored: look now. */
  wake(): void
  /** Delivers until `signal`; resolves once running calls have ended, been cut off or been recorded. Never rejects. */
  run(signal: AbortSignal): Promise<void>
  /** Delivers all that is due now, retries that are due later excepted. Rejects when the store does. */
  drain(): Promise<void>
}

/** A lane with what `run` and `drain` share of it. */
interface Track {
  readonly lane: Lane
  /** The end of the pass under way: one at a time. */
  passing: Promise<void>
  woken: boolean
  wake: () => void
}

export function createOutbox(deps: OutboxDeps): Outbox {
  let calls = new AbortController()
  let stopping = false
  const laneDeps: LaneDeps = { ...deps, random: deps.random ?? Math.random, callSignal: () => calls.signal }
  const tracks = deps.notifiers.map((target): Track => ({
    lane: createLane(target, laneDeps),
    passing: Promise.resolve(),
    woken: false,
    wake: () => {},
  }))
  const pass = (track: Track): Promise<void> => {
    const next = passAfter(track.passing, track.lane, () => stopping)
    track.passing = next.catch(() => {})
    return next
  }
  return {
    wake() {
      for (const track of tracks) {
        track.woken = true
        track.wake()
      }
    },
    async run(signal) {
      calls = new AbortController()
      stopping = signal.aborted
      let grace: NodeJS.Timeout | undefined
      const stop = () => {
        stopping = true
        for (const track of tracks) track.wake()
        grace = setTimeout(() => calls.abort(), deps.stopGraceMs ?? 3000)
      }
      signal.addEventListener('abort', stop, { once: true })
      await Promise.all(tracks.map((track) => runTrack(track, pass, deps, signal)))
      signal.removeEventListener('abort', stop)
      clearTimeout(grace)
      stopping = false
    },
    async drain() {
      await Promise.all(tracks.map(pass))
    },
  }
}

/** What is urgent first. */
async function passAfter(earlier: Promise<void>, lane: Lane, stopping: () => boolean): Promise<void> {
  await earlier
  await passLane(lane, stopping)
  await passReview(lane, stopping)
}

async function runTrack(
  track: Track,
  pass: (track: Track) => Promise<void>,
  deps: OutboxDeps,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    track.woken = false
    try {
      await pass(track)
    } catch (error) {
      deps.log.error({ target: track.lane.target.notifier.name, err: error }, 'the outbox could not be read or written')
    }
    await rest(track, deps, signal)
  }
}

/** Until woken, which stopping does too, or until the next retry that this process knows of, at most `pollMs`. */
async function rest(track: Track, deps: OutboxDeps, signal: AbortSignal): Promise<void> {
  if (track.woken || signal.aborted) return
  const { nextRetryMs } = track.lane
  const pollMs = deps.pollMs ?? 5000
  const untilRetryMs = nextRetryMs === 0 ? pollMs : Math.max(1, nextRetryMs - deps.clock.now())
  const ended = new AbortController()
  track.wake = () => ended.abort()
  try {
    await wait(Math.min(pollMs, untilRetryMs), undefined, { signal: ended.signal })
  } catch {
    // Woken.
  }
  track.wake = () => {}
}
