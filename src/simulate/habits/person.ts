/** A person with a browser: working hours, home and office, browser updates, and for some a journey abroad. */
import { DAY_MS } from '../../settings.ts'
import { chrome, versionAt } from '../agents.ts'
import { localMs, workingShape, type Zone, ZONES } from '../calendar.ts'
import { atDay, type Habit, type HabitContext } from '../client.ts'
import { anyAddress, NETWORKS, type Network } from '../networks.ts'

interface Life {
  readonly home: Network
  readonly office: Network
  readonly zone: Zone
  readonly platform: string
  /** Where this person is for four days of the month, if anywhere. */
  readonly abroad?: { readonly network: Network; readonly zone: Zone }
}

const LIVES: readonly Life[] = [
  {
    home: NETWORKS.telekomMunich,
    office: NETWORKS.coltFrankfurt,
    zone: ZONES.berlin,
    platform: 'Windows NT 10.0; Win64; x64',
  },
  {
    home: NETWORKS.telefonicaMadrid,
    office: NETWORKS.telefonicaMadrid,
    zone: ZONES.berlin,
    platform: 'X11; Linux x86_64',
  },
  {
    home: NETWORKS.orangeParis,
    office: NETWORKS.orangeParis,
    zone: ZONES.berlin,
    platform: 'Macintosh; Intel Mac OS X 10_15_7',
    abroad: { network: NETWORKS.rogersToronto, zone: ZONES.newYork },
  },
  {
    home: NETWORKS.kddiTokyo,
    office: NETWORKS.kddiTokyo,
    zone: ZONES.tokyo,
    platform: 'Macintosh; Intel Mac OS X 10_15_7',
  },
]
const JOURNEY_DAYS = 4
/** Chrome's release cycle. */
const BROWSER_RELEASE_DAYS = 28

/** Two days a week are spent at home. No calls are made on the days of the flights. */
export function createPersonHabit({ random, ordinal, startMs, days }: HabitContext): Habit {
  const life = LIVES[ordinal % LIVES.length] as Life
  const homeIp = anyAddress(random, life.home, 1)
  const officeIp = anyAddress(random, { ...life.office, prefixes: life.office.prefixes.slice(-1) })
  const hotelIp = life.abroad === undefined ? '' : anyAddress(random, life.abroad.network)
  const journeyMs = atDay(startMs, Math.floor(days * 0.35), 0)
  const updateLagDays = random.between(3, 20)
  let place: 'home' | 'office' | 'flight' | 'hotel' = 'office'
  let userAgent = ''
  const zoneNow = () => (place === 'hotel' && life.abroad !== undefined ? life.abroad.zone : life.zone)
  return {
    networks: [life.home, life.office, ...(life.abroad === undefined ? [] : [life.abroad.network])],
    callsPerVisit: 8,
    visitMs: 600_000,
    advance: (hourMs) => {
      const journeyDay = Math.floor((hourMs - journeyMs) / DAY_MS)
      const weekday = new Date(localMs(life.zone, hourMs)).getUTCDay()
      place = weekday === 1 || weekday === 5 ? 'home' : 'office'
      if (life.abroad !== undefined && journeyDay >= 0 && journeyDay <= JOURNEY_DAYS + 1) {
        place = journeyDay === 0 || journeyDay === JOURNEY_DAYS + 1 ? 'flight' : 'hotel'
      }
      userAgent = chrome(life.platform, versionAt(141, BROWSER_RELEASE_DAYS, startMs - updateLagDays * DAY_MS, hourMs))
    },
    visitsPerHour: (hourMs) => (place === 'flight' ? 0 : 9 * workingShape(localMs(zoneNow(), hourMs))),
    source: () => ({ ip: { home: homeIp, office: officeIp, hotel: hotelIp, flight: homeIp }[place], userAgent }),
  }
}
