/** What a token's hours hold, by time. */
import type { HourCounts } from './activity.ts'
import { hourOf } from './calendar.ts'
import type { TokenProfile } from './profile.ts'

/** Calls of an hour so far, in quarantine or not. */
export function callsInHour(profile: TokenProfile, timeMs: number): number {
  const counts = findHour(profile, hourOf(timeMs))
  return counts === undefined ? 0 : counts.learned + counts.held
}

export function findHour(profile: TokenProfile, hour: number): HourCounts | undefined {
  const { hours } = profile.activity
  for (let at = hours.length - 1; at >= 0; at--) {
    const counts = hours[at] as HourCounts
    if (counts.hour === hour) return counts
    if (counts.hour < hour) return undefined
  }
  return undefined
}
