/** Where an address is registered to be, as far as geoip-lite's bundled GeoLite2 data knows. */
import { createRequire } from 'node:module'
import type * as geoip from 'geoip-lite'
import { levelOf } from './level.ts'

export interface Place {
  /** ISO 3166-1 alpha-2, '' when unknown. */
  readonly country: string
  readonly region: string
  readonly city: string
  /** `country|region|city|lat,lon`, coordinates rounded to 0.1 degree; '' when unknown. */
  readonly place: string
}

export const UNKNOWN_PLACE: Place = { country: '', region: '', city: '', place: '' }

export type GeoLookup = (ip: string) => Place

/** geoip-lite reads its 115 MB of tables when it is loaded (some 0.3 s), so that happens here and not at import. */
export function createGeoLookup(): GeoLookup {
  const { lookup } = createRequire(import.meta.url)('geoip-lite') as typeof geoip
  return function placeOf(ip) {
    const found = lookup(ip)
    if (!found || !/^[A-Z]{2}$/.test(found.country)) return UNKNOWN_PLACE
    const region = levelOf(found.region)
    const city = levelOf(found.city)
    return {
      country: found.country,
      region,
      city,
      place: `${found.country}|${region}|${city}|${coordinates(found.ll)}`,
    }
  }
}

/** The country-only tables hold no coordinates, whatever the types say. */
function coordinates([latitude, longitude]: readonly (number | null)[]): string {
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return ''
  return `${tenths(latitude)},${tenths(longitude)}`
}

function tenths(degrees: number): string {
  const rounded = Math.round(degrees * 10) / 10
  return (rounded === 0 ? 0 : rounded).toFixed(1)
}
