/** A fit to a token's past hours that serves all events of one hour; shared by the detectors that count by the hour. */
import type { TokenProfile } from '../../profile/profile.ts'

/** Remembers the latest fit of each profile. It is made again when late events change an earlier hour. */
export function createHourlyFit<T>(fit: (profile: TokenProfile, hour: number) => T) {
  const latest = new WeakMap<TokenProfile, { hour: number; revision: number; fit: T }>()
  return function fitFor(profile: TokenProfile, hour: number): T {
    const known = latest.get(profile)
    if (known !== undefined && known.hour === hour && known.revision === profile.revision) return known.fit
    const made = { hour, revision: profile.revision, fit: fit(profile, hour) }
    latest.set(profile, made)
    return made.fit
  }
}
