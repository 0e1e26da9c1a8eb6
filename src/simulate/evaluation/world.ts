/** What all tokens of one seed live in: a platform with services and tenants, products, and the weather. */
import { createRandom, type Random } from '../random.ts'
import { createProducts, type Products } from './agents.ts'
import { createServices, type Service } from './services.ts'
import { createTenants, type Tenant } from './tenants.ts'
import { createWeather, type Weather } from './weather/index.ts'

export interface WorldOptions {
  readonly seed: number
  readonly tokens: number
  readonly days: number
  readonly startMs: number
}

/** How one seed's estate differs from another's. Every range is wide: no single value should be tuned to. */
export interface Style {
  /** About 1: how often there are launches, outages, deploys. */
  readonly restlessness: number
  /** About 1: how much clients' hours and days differ from their mean. */
  readonly noise: number
  /** Share of calls that people make to routes that they hardly use. */
  readonly curiosity: number
  /** How far apart the volumes of tokens of one kind are. */
  readonly volumeSpread: number
  /** How far the mix of kinds is from the usual. */
  readonly mixSpread: number
  /** What the log says beside the call: all, less, or hardly anything. */
  readonly fields: 'all' | 'few' | 'bare'
  readonly tokenIds: 'fingerprint' | 'uuid' | 'name'
}

export interface World extends WorldOptions {
  readonly style: Style
  readonly services: readonly Service[]
  readonly tenants: readonly Tenant[]
  readonly products: Products
  readonly weather: Weather
}

/** Countries by how often tenants sit there, in platforms of different homes. */
const MARKETS: readonly (readonly string[])[] = [
  'DE DE DE FR FR GB NL AT CH IT ES PL SE US BE'.split(' '),
  'US US US US US CA GB DE IN AU BR'.split(' '),
  'US US GB DE FR IN JP AU SG BR CA SE ES'.split(' '),
  'IN IN SG JP JP AU AU US GB'.split(' '),
  'GB GB GB IE NL US DE FR DK NO FI SE'.split(' '),
  'FR FR ES ES PT IT BE CH CZ PL DE'.split(' '),
]
const PLATFORMS = ['stripeline', 'orbit', 'quarry', 'fathom', 'larkspur', 'nimbus', 'beacon']

export function createWorld(options: WorldOptions): World {
  const { seed, days, startMs } = options
  const random = createRandom(seed, 'world')
  const style = createStyle(random)
  const services = createServices(random, 8 + random.int(8))
  const tenants = createTenants(random, {
    count: 10 + random.int(11),
    services,
    countries: random.pick(MARKETS),
    movingShare: random.between(0.05, 0.3),
    startMs,
    days,
  })
  const products = createProducts(createRandom(seed, 'products'), startMs, random.pick(PLATFORMS))
  const { restlessness } = style
  const weather = createWeather(createRandom(seed, 'weather'), { startMs, days, tenants, services, restlessness })
  return { ...options, style, services, tenants, products, weather }
}

function createStyle(random: Random): Style {
  return {
    restlessness: random.between(0.5, 1.8),
    noise: random.between(0.6, 1.5),
    curiosity: random.between(0.001, 0.012),
    volumeSpread: random.between(0.8, 1.4),
    mixSpread: random.between(0.2, 0.6),
    fields: random.pick(['all', 'all', 'all', 'few', 'bare']),
    tokenIds: random.pick(['fingerprint', 'fingerprint', 'uuid', 'name']),
  }
}
