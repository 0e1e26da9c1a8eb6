/** The one place where the detectors of facts look into a profile: which routes a token is known for. */
import type { AccessEvent } from '../../event.ts'
import { chainOf } from '../../profile/dimension.ts'
import type { TokenProfile } from '../../profile/profile.ts'

/** Whether the token is known for calls of this service, route and method. */
export function knowsRoute(profile: TokenProfile, event: AccessEvent): boolean {
  return profile.learned.route.has(chainOf('route', event))
}

/** The calls that the token is known for, and those in quarantine that it was met with before `timeMs`. */
export function callsBefore(
  profile: TokenProfile,
  timeMs: number,
): { service: string; route: string; method: string }[] {
  const held = [...profile.held.route].filter(([chain, entry]) => {
    return entry.enteredAtMs < timeMs && !profile.learned.route.has(chain)
  })
  return [...profile.learned.route.keys(), ...held.map(([chain]) => chain)].map((chain) => {
    const [service = '', route = '', method = ''] = chain.split('|')
    return { service, route, method }
  })
}
