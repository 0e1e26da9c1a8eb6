/** The one place where the detectors of facts look into a profile: which routes a token is known for. */
import type { AccessEvent } from '../../event.ts'
import { isLearned } from '../../profile/in-hand.ts'
import type { TokenProfile } from '../../profile/profile.ts'
import { enteredAtMs, findRow, nodeAt, sizeOf } from '../../profile/values.ts'

/** Whether the token is known for calls of this service, route and method. */
export function knowsRoute(profile: TokenProfile, event: AccessEvent): boolean {
  return isLearned(profile, event, 'route')
}

/** The calls that the token is known for, and those in quarantine that it was met with before `timeMs`. */
export function callsBefore(
  profile: TokenProfile,
  timeMs: number,
): { service: string; route: string; method: string }[] {
  const { learned, held, shared } = profile
  const nodes: number[] = []
  for (let row = 0; row < sizeOf(learned.route); row++) nodes.push(nodeAt(learned.route, row))
  for (let row = 0; row < sizeOf(held.route); row++) {
    const node = nodeAt(held.route, row)
    if (enteredAtMs(held.route, row) < timeMs && findRow(learned.route, node) < 0) nodes.push(node)
  }
  const { ancestorAt, levelText } = shared.vocabulary
  return nodes.map((node) => ({
    service: levelText(ancestorAt(node, 0)),
    route: levelText(ancestorAt(node, 1)),
    method: levelText(node),
  }))
}
