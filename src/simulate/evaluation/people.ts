/** Where people are: lines at home, carriers, the office, hotels abroad, and how a week is spread over them. */
import { DAY_MS, HOUR_MS } from '../../settings.ts'
import { createRandom, type Random } from '../random.ts'
import { localMs, ZONES_BY_COUNTRY } from './calendar.ts'
import { type HabitContext, moment } from './habit.ts'
import type { Load } from './loads.ts'
import { migrated } from './machines.ts'
import { networksOf, v6Of } from './networks/index.ts'
import { carrier, egress, line, mixed, scheduled, v6Line, type Where } from './where.ts'

/** A line at home: its address lasts a day or months; some have IPv6 as well. */
export function homeLine(random: Random, country: string): Where {
  const networks = networksOf('fixed', country)
  const network = random.pick(networks.length > 0 ? networks : networksOf('fixed'))
  const own = line(
    random,
    network,
    Math.exp(random.between(Math.log(0.8), Math.log(200))),
    random.pick([16, 20, 22, 24]),
  )
  const v6 = random.chance(0.25) ? v6Of(network) : undefined
  return v6 === undefined
    ? own
    : mixed([
        [own, 1],
        [v6Line(random, v6), random.between(0.2, 3)],
      ])
}

export function phoneLine(random: Random, country: string): Where {
  const networks = networksOf('mobile', country)
  const network = random.pick(networks.length > 0 ? networks : networksOf('mobile'))
  const own = carrier(random, network, random.between(0.7, 12))
  const v6 = random.chance(0.3) ? v6Of(network) : undefined
  return v6 === undefined
    ? own
    : mixed([
        [own, 1],
        [v6Line(random, v6), random.between(0.3, 4)],
      ])
}

/** Home on some days of the week, the office on the others, a hotspot or a café in between, by chance of the day. Some move house. */
export function workplaces(context: HabitContext): Where {
  const { random, tenant } = context
  const first = homeLine(random, tenant.country)
  const home = random.chance(0.05) ? migrated(context, first, homeLine(random, tenant.country)) : first
  const office = egress(tenant.office)
  const under = mixed([
    [phoneLine(random, tenant.country), 1],
    [homeLine(random, tenant.country), random.between(0, 0.5)],
  ])
  const officeShare = random.pick([0, 0.2, 0.5, 0.8, 1])
  const underwayShare = random.pick([0, 0.02, 0.05, 0.15])
  const key = random.uint32()
  return scheduled([office, home, under], (hourMs) => {
    const local = localMs(tenant.zone, hourMs)
    const day = createRandom(key, Math.floor(local / DAY_MS))
    if (createRandom(key, hourMs).chance(underwayShare)) return 2
    return day.chance(officeShare) ? 0 : 1
  })
}

export interface Journey {
  readonly where: Where
  /** 0 while the person is in the air. */
  readonly load: Load
}

/** Some days abroad, with hours at both ends in which nobody calls. */
export function journeyOf(context: HabitContext, usual: Where): Journey {
  const { random, tenant } = context
  const abroad = random.pick(Object.keys(ZONES_BY_COUNTRY).filter((country) => country !== tenant.country))
  const away = mixed([
    [homeLine(random, abroad), 1],
    [phoneLine(random, abroad), random.between(0, 1)],
  ])
  const beginMs = moment(context, 0.1, 0.95)
  const endMs = beginMs + random.between(1.5, 12) * DAY_MS
  const flightMs = random.between(14, 26) * HOUR_MS
  const flying = (hourMs: number) =>
    (hourMs > beginMs - flightMs && hourMs < beginMs) || (hourMs > endMs - flightMs && hourMs < endMs)
  return {
    where: scheduled([usual, away], (hourMs) => (hourMs >= beginMs && hourMs < endMs ? 1 : 0)),
    load: (hourMs) => (flying(hourMs) ? 0 : 1),
  }
}
