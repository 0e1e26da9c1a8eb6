/** A partner company: one site in use, another to fail over to for hours, now and then. */
import { HOUR_MS, MINUTE_MS } from '../../../settings.ts'
import { constantAgent, programAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { wave } from '../loads.ts'
import { networksOf } from '../networks/index.ts'
import { fixed, scheduled } from '../where.ts'

const PRODUCTS = [
  'SAP NetWeaver Application Server (1.0;757)',
  'MuleSoft-Runtime/4.9.3',
  'Boomi-Atom/25.09',
  'PartnerConnect/5.2.1 (.NET CLR 4.0.30319.42000)',
  'Apache-CXF/4.1.2',
]

export const partner: HabitKind = {
  weight: 18,
  names: ['logistics-partner', 'payments-partner', 'insurance-partner', 'retail-partner', 'tax-partner'],
  create: (context) => {
    const { random, tenant } = context
    const lines = networksOf('business', tenant.country)
    const site = () => random.pick(random.chance(0.6) && lines.length > 0 ? lines : tenant.clouds)
    const failoversMs = moments(context, random.between(0.5, 4))
    const lastsMs = Math.exp(random.between(Math.log(0.5), Math.log(30))) * HOUR_MS
    const failedOver = (hourMs: number) => failoversMs.some((atMs) => hourMs >= atMs && hourMs < atMs + lastsMs)
    const product = constantAgent(random.pick(PRODUCTS))
    return {
      where: scheduled([fixed(random, site(), 2), fixed(random, site(), 1)], (hourMs) => (failedOver(hourMs) ? 1 : 0)),
      agent: random.chance(0.6) ? product : programAgent(context, []),
      load: wave(random, tenant.zone),
      callsPerDay: volume(context, 60),
      callsPerVisit: random.between(1, 12),
      visitMs: random.between(0.2, 5) * MINUTE_MS,
      traits: { isPerson: false, place: 'fixed' },
    }
  },
}
