/** What a token's hours hold, by time. */
import { type HourCounts, callsAt, countsAt, placeOf } from './hours.ts'
import { hourOf } from './calendar.ts'
import type { TokenProfile } from './profile.ts'

/** Calls of an hour so far, in quarantine or not. */
export function callsInHour(profile: TokenProfile, timeMs: number): number {
  const { hours } = profile.activity
  const at = placeOf(hours, hourOf(timeMs))
  return at < 0 ? 0 : callsAt(hours, at)
}

export function findHour(profile: TokenProfile, hour: number): HourCounts | undefined {
  const { hours } = profile.activity
  const at = placeOf(hours, hour)
  return at < 0 ? undefined : countsAt(hours, at)
}
