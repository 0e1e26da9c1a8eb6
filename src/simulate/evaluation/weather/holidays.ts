/** Days on which the people of a country, or of one company, do not work, and business traffic goes with them. */
import type { Random } from '../../random.ts'
import { dayOf, localMs } from '../calendar.ts'
import type { Tenant } from '../tenants.ts'
import type { WeatherOptions } from './index.ts'

interface DayOff {
  readonly day: number
  readonly people: number
  readonly machines: number
}

/** A country has up to two such days in a month, some tenants a few of their own. Some holidays are kept by half. */
export function createHolidays(random: Random, { startMs, days, tenants }: WeatherOptions) {
  const firstDay = dayOf(startMs)
  const dayOff = (day: number): DayOff => ({
    day,
    people: random.chance(0.75) ? random.between(0, 0.12) : random.between(0.3, 0.7),
    machines: random.between(0.35, 0.95),
  })
  const byCountry = new Map<string, readonly DayOff[]>()
  const byTenant = new Map<Tenant, readonly DayOff[]>()
  for (const tenant of tenants) {
    const some = (count: number) => Array.from({ length: count }, () => dayOff(firstDay + 2 + random.int(days)))
    if (!byCountry.has(tenant.country)) byCountry.set(tenant.country, some(random.int(3)))
    const retreat = firstDay + random.int(days)
    const ownDays = random.chance(0.15) ? [dayOff(retreat), dayOff(retreat + 1), dayOff(retreat + 2)] : []
    byTenant.set(tenant, [...(byCountry.get(tenant.country) ?? []), ...ownDays])
  }
  return function holidayLoad(tenant: Tenant, isPerson: boolean, hourMs: number): number {
    const day = dayOf(localMs(tenant.zone, hourMs))
    const off = byTenant.get(tenant)?.find((one) => one.day === day)
    if (off === undefined) return 1
    return isPerson ? off.people : off.machines
  }
}
