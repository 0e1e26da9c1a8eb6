/** The one place where the detectors of facts look into a profile: which routes a token is known for. */
import type { AccessEvent } from '../../event.ts'
import { chainOf } from '../../profile/dimension.ts'
import type { TokenProfile } from '../../profile/profile.ts'

/** Whether the token is known for calls of this service, route and method. */
export function knowsRoute(profile: TokenProfile, event: AccessEvent): boolean {
  return profile.learned.route.has(chainOf('route', event))
}

/** The calls that the token is known for. */
export function knownCalls(profile: TokenProfile): { service: string; route: string; method: string }[] {
  return [...profile.learned.route.keys()].map((chain) => {
    const [service = '', route = '', method = ''] = chain.split('|')
    return { service, route, method }
  })
}
