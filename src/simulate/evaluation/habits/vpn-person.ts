/** A person behind a VPN, on most days or some: the company's, or a commercial one whose exits change country. */
import { DAY_MS, MINUTE_MS } from '../../../settings.ts'
import { createRandom } from '../../random.ts'
import { browserAgent } from '../agents.ts'
import { type HabitKind, moments, volume } from '../habit.ts'
import { office } from '../loads.ts'
import { networksOf } from '../networks/index.ts'
import { workplaces } from '../people.ts'
import { pickSome } from '../pick.ts'
import { egress, fixed, mixed, scheduled } from '../where.ts'

export const vpnPerson: HabitKind = {
  weight: 16,
  names: ['remote-laptop', 'privacy-laptop', 'contractor-laptop', 'analyst-laptop'],
  create: (context) => {
    const { random, world, tenant } = context
    const providers = networksOf('vpn').filter(({ operator }) => !['zscaler', 'netskope'].includes(operator))
    const provider = random.pick(providers).operator
    const exits = providers.filter(({ operator }) => operator === provider)
    const commercial = mixed(pickSome(random, exits, 1 + random.int(3)).map((exit) => [fixed(random, exit, 6), 1]))
    const corporate = egress(tenant.vpn)
    const isCommercial = random.chance(0.5)
    const share = random.between(0.15, 0.95)
    const key = random.uint32()
    const onVpn = (hourMs: number) => createRandom(key, Math.floor(hourMs / DAY_MS)).chance(share)
    return {
      where: scheduled([workplaces(context), isCommercial ? commercial : corporate], (hourMs) =>
        onVpn(hourMs) ? 1 : 0,
      ),
      agent: browserAgent(context),
      load: office(random, tenant.zone),
      callsPerDay: volume(context, 16, 0.6),
      callsPerVisit: random.between(2, 10),
      visitMs: random.between(2, 20) * MINUTE_MS,
      work: { curiosity: world.style.curiosity },
      deploysMs: moments(context, 0.7),
      traits: { isPerson: true, place: isCommercial ? 'many' : 'home' },
    }
  },
}
