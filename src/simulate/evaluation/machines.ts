/** Where servers stand: at addresses of their own in a cloud, behind a way out that all of a company share, or in the cellar. */
import { type HabitContext, moment } from './habit.ts'
import { egress, fixed, scheduled, type Where } from './where.ts'

/**
 * Some addresses for good. A tenant that has its machines at home moves them all when the office's line moves; one whose
 * cloud is behind a gateway has many tokens at one address.
 */
export function machine({ random, tenant }: HabitContext, count: number): Where {
  if (tenant.isOnPremises && random.chance(0.6)) return egress(tenant.office)
  if (random.chance(tenant.gatewayShare)) return egress(tenant.gateway)
  return fixed(random, random.pick(tenant.clouds), count)
}

/** Goes over to another place once, at some time of the month, for good. */
export function migrated(context: HabitContext, before: Where, after: Where): Where {
  const movesMs = moment(context, 0.1, 1)
  return scheduled([before, after], (hourMs) => (hourMs < movesMs ? 0 : 1))
}
