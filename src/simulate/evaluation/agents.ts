/** User agents of the evaluation's clients: libraries, SDKs, browsers, applications and tools, moving through versions. */
import { DAY_MS, HOUR_MS } from '../../settings.ts'
import { chrome } from '../agents.ts'
import type { Random } from '../random.ts'
import { type HabitContext, moment } from './habit.ts'
import { createMajors, createReleases, lagging, pinned, type VersionAt } from './releases.ts'

/** The user agent of the next visit. */
export type Agent = (timeMs: number, random: Random) => string

/** What is released for all: one for the estate, so that a release reaches many tokens. */
export interface Products {
  readonly startMs: number
  /** Name in the user agent, then its releases. */
  readonly libraries: readonly (readonly [name: string, version: VersionAt])[]
  readonly sdks: readonly (readonly [name: string, version: VersionAt])[]
  readonly chromeMajor: VersionAt
  readonly firefoxMajor: VersionAt
  /** Releases of a tenant's own application. */
  app(name: string): VersionAt
}

const LIBRARIES: readonly (readonly [name: string, major: number, minor: number, everyDays: number])[] = [
  ['python-requests', 2, 32, 40],
  ['python-httpx', 0, 28, 60],
  ['Python-urllib', 3, 12, 200],
  ['aiohttp', 3, 11, 25],
  ['axios', 1, 12, 20],
  ['node-fetch', 3, 3, 200],
  ['undici', 7, 14, 15],
  ['got', 14, 4, 60],
  ['okhttp', 5, 1, 45],
  ['Apache-HttpClient', 5, 5, 45],
  ['Java-http-client', 21, 0, 90],
  ['Go-http-client', 2, 0, 400],
  ['Faraday v', 2, 13, 60],
  ['GuzzleHttp', 7, 9, 60],
  ['RestSharp', 112, 1, 60],
  ['reqwest', 0, 12, 30],
  ['curl', 8, 14, 56],
  ['libwww-perl', 6, 78, 150],
]
const SDK_LANGUAGES = ['python', 'node', 'java', 'go', 'php', 'dotnet', 'ruby']

export function createProducts(random: Random, startMs: number, platform: string): Products {
  const apps = new Map<string, VersionAt>()
  const releases = (first: readonly [number, number, number], everyDays: number, minorShare: number) =>
    createReleases(random, { startMs, everyDays, first, minorShare })
  return {
    startMs,
    libraries: LIBRARIES.map(([name, major, minor, everyDays]) => [
      name,
      releases([major, minor, random.int(5)], everyDays, 0.3),
    ]),
    sdks: SDK_LANGUAGES.map((language) => [
      `${platform}-${language}`,
      releases([1 + random.int(9), random.int(30), random.int(6)], random.between(6, 30), 0.6),
    ]),
    chromeMajor: createMajors(random, startMs, 141, 28),
    firefoxMajor: createMajors(random, startMs, 143, 28),
    app: (name) => {
      const known = apps.get(name) ?? releases([1 + random.int(9), random.int(60), 0], random.between(5, 16), 0.7)
      apps.set(name, known)
      return known
    },
  }
}

/** A program on some library or SDK, raised when it is deployed itself or the service is. Some send no name of their own. */
export function programAgent({ random, world, service, name }: HabitContext, ownDeploysMs: readonly number[]): Agent {
  const { products, weather } = world
  const followMs = random.between(0, 5) * HOUR_MS
  const raised = weather.deploys(service).filter(({ bumpsAgents }) => bumpsAgents)
  const deploysMs = [...ownDeploysMs, ...raised.map(({ timeMs }) => timeMs + followMs)].sort((a, b) => a - b)
  const [library, released] = random.pick(random.chance(0.35) ? products.sdks : products.libraries)
  const libraryAt = pinned(lagging(released, random.between(0, 60) * DAY_MS), products.startMs, deploysMs)
  const separator = library.endsWith(' v') ? '' : '/'
  const style = random.next()
  const own = createReleases(random, {
    startMs: products.startMs,
    everyDays: 9,
    first: [1 + random.int(6), random.int(40), 0],
    minorShare: 0.5,
  })
  const ownAt = pinned(own, products.startMs, deploysMs)
  return (timeMs) => {
    const core = `${library}${separator}${libraryAt(timeMs)}`
    if (style < 0.45) return core
    if (style < 0.75) return `${name}/${ownAt(timeMs)} ${core}`
    if (style < 0.9) return `${name}/${ownAt(timeMs)} (+https://${name}.example/bot; ${core})`
    return `${name}/${ownAt(timeMs)}`
  }
}

/** Two clients in use side by side. */
export function alternating(first: Agent, second: Agent, share: number): Agent {
  return (timeMs, random) => (random.chance(share) ? second : first)(timeMs, random)
}

/** One user agent for ever. `''` and `-` are what a client without one sends. */
export function constantAgent(text: string): Agent {
  return () => text
}

const DESKTOPS = [
  'Windows NT 10.0; Win64; x64',
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
  'X11; CrOS x86_64 14541.0.0',
]

/** A person's browser; a few get another machine or change the browser within the month. */
export function browserAgent(context: HabitContext): Agent {
  const { random, world } = context
  const first = oneBrowser(random, world.products)
  if (random.chance(0.92)) return first
  const second = oneBrowser(random, world.products)
  const changesMs = moment(context, 0, 1)
  return (timeMs, random) => (timeMs < changesMs ? first : second)(timeMs, random)
}

/** It updates itself some hours or days after a release. */
function oneBrowser(random: Random, { startMs, chromeMajor, firefoxMajor }: Products): Agent {
  const desktop = random.pick(DESKTOPS)
  const lagMs = random.between(0.1, 12) * DAY_MS
  const draw = random.next()
  const chromeAt = lagging(chromeMajor, lagMs)
  if (draw < 0.62) return (timeMs) => chrome(desktop, Number(chromeAt(timeMs)))
  if (draw < 0.78) return (timeMs) => `${chrome(desktop, Number(chromeAt(timeMs)))} Edg/${chromeAt(timeMs)}.0.0.0`
  if (draw < 0.9) {
    const firefoxAt = lagging(firefoxMajor, lagMs)
    return (timeMs) => {
      const version = firefoxAt(timeMs)
      return `Mozilla/5.0 (${desktop}; rv:${version}.0) Gecko/20100101 Firefox/${version}.0`
    }
  }
  const updateMs = startMs + random.between(-20, 60) * DAY_MS
  return (timeMs) =>
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
    `Version/26.${timeMs > updateMs ? 1 : 0} Safari/605.1.15`
}

/** An application on a telephone, updated some hours or days after a release, and its system once in a while. */
export function appAgent(random: Random, products: Products, app: string): Agent {
  const title = `${app.charAt(0).toUpperCase()}${app.slice(1)}`.replaceAll(/\W/g, '')
  const versionAt = lagging(products.app(app), random.between(0.05, 6) * DAY_MS)
  const systemMs = products.startMs + random.between(-10, 60) * DAY_MS
  if (random.chance(0.5)) {
    const device = random.pick(['iPhone16,2', 'iPhone17,1', 'iPhone14,5', 'iPad14,3'])
    return (timeMs) =>
      `${title}/${versionAt(timeMs)} (${device}; iOS ${timeMs < systemMs ? '26.0.1' : '26.1'}; Scale/3.00) Alamofire/5.10.2`
  }
  const device = random.pick(['Pixel 9', 'SM-S928B', 'SM-A556B', 'Redmi Note 13', 'moto g84'])
  return (timeMs) => `${title}/${versionAt(timeMs)} (Android ${timeMs < systemMs ? 15 : 16}; ${device}) okhttp/4.12.0`
}

/** Tools that developers and operators have at hand. */
export function toolAgents(random: Random, { libraries, chromeMajor, startMs }: Products): Agent {
  const lagMs = random.between(5, 90) * DAY_MS
  const python = libraries.find(([name]) => name === 'python-requests')?.[1] ?? chromeMajor
  const tools = [
    `curl/8.${5 + random.int(10)}.0`,
    `PostmanRuntime/7.${43 + random.int(6)}.0`,
    `insomnia/11.${random.int(6)}.0`,
    `HTTPie/3.2.${random.int(4)}`,
    `Wget/1.21.${random.int(5)}`,
    `Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.${2_000 + random.int(2_500)}`,
    `Terraform/1.13.${random.int(5)} (+https://www.terraform.io)`,
  ]
  const own = Array.from({ length: 1 + random.int(3) }, () => random.pick(tools))
  const scriptsFromMs = startMs + random.between(-60, 40) * DAY_MS
  return (timeMs, random) =>
    timeMs > scriptsFromMs && random.chance(0.3) ? `python-requests/${python(timeMs - lagMs)}` : random.pick(own)
}
