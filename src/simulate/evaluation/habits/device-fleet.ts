/** One token in many devices: homes and shops all over a country, on lines and on carriers. */
import { MINUTE_MS } from '../../../settings.ts'
import { type HabitKind, volume } from '../habit.ts'
import { wave } from '../loads.ts'
import { homeLine, phoneLine } from '../people.ts'
import { mixed } from '../where.ts'

export const deviceFleet: HabitKind = {
  weight: 7,
  names: ['thermostat-fleet', 'till-fleet', 'meter-fleet', 'tracker-fleet'],
  create: (context) => {
    const { random, world, tenant } = context
    const others = random.chance(0.4) ? [random.pick(world.tenants).country] : []
    const devices = Array.from({ length: 6 + random.int(40) }, () => {
      const country = random.pick([tenant.country, tenant.country, ...others])
      return [random.chance(0.7) ? homeLine(random, country) : phoneLine(random, country), 1] as const
    })
    const firmware = world.products.app(`${tenant.name}-firmware`)
    const isSilent = random.chance(0.25)
    return {
      where: mixed(devices),
      agent: (timeMs, random) =>
        isSilent ? '-' : `ESP32 HTTP Client/${firmware(timeMs - random.int(5) * 86_400_000)}`,
      load: wave(random, tenant.zone),
      callsPerDay: volume(context, 130),
      callsPerVisit: 1,
      visitMs: 0.1 * MINUTE_MS,
      work: { routes: 1 + random.int(3) },
      traits: { isPerson: false, place: 'many' },
    }
  },
}
