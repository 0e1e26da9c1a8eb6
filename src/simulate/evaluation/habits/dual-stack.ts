/** A client with IPv4 and IPv6, at home or in a cloud: either family, with a new privacy address each day. */
import { MINUTE_MS } from '../../../settings.ts'
import { programAgent, browserAgent } from '../agents.ts'
import { type HabitKind, volume } from '../habit.ts'
import { leisure, wave } from '../loads.ts'
import { networksOf, v6Of } from '../networks/index.ts'
import { fixed, line, mixed, v6Line } from '../where.ts'

export const dualStack: HabitKind = {
  weight: 18,
  names: ['status-dashboard', 'home-gateway', 'kiosk', 'desktop-client'],
  create: (context) => {
    const { random, tenant } = context
    const kind = random.chance(0.65) ? 'fixed' : 'hosting'
    const all = networksOf(kind).filter((network) => v6Of(network) !== undefined)
    const near = all.filter(({ country }) => country === tenant.country)
    const network = random.pick(near.length > 0 ? near : all)
    const isPerson = kind === 'fixed' && random.chance(0.5)
    const v6 = v6Of(network)
    return {
      where: mixed([
        [kind === 'fixed' ? line(random, network, random.between(2, 90)) : fixed(random, network), 1],
        ...(v6 === undefined ? [] : [[v6Line(random, v6), Math.exp(random.normal())] as const]),
      ]),
      agent: isPerson ? browserAgent(context) : programAgent(context, []),
      load: isPerson ? leisure(random, tenant.zone) : wave(random, tenant.zone),
      callsPerDay: volume(context, 35),
      callsPerVisit: random.between(1, 5),
      visitMs: random.between(0.2, 4) * MINUTE_MS,
      traits: { isPerson, place: 'home' },
    }
  },
}
