/**
 * A token used in a place it does not know, sooner after a known place than anyone could travel.
 *
 * Attack: a stolen token used while its owner goes on working. Signal: great-circle distance between the places of
 * geoip-lite and the time between them; the place must be new to the token and the distance beyond the errors of geo
 * databases. A fact rather than a statistic, so its bits are a setting; a token that shows new places all the time, or
 * that has hardly any history, is worth less. A journey is told once: not again while the place
 * is in quarantine, or every day of a token that moved would alert.
 * Blind to: a thief in a known city; sources without a place; tokens used from many places at once, whose places are
 * known. Geo databases put mobile and VPN addresses hundreds of kilometres off, hence the least distance.
 * Formula: haversine on a sphere of 6,371 km.
 */
import { z } from 'zod'
import { newValueBits, noveltyOf, rateOfNew } from '../profile/novelty.ts'
import type { TokenProfile } from '../profile/profile.ts'
import { entriesOf } from '../profile/values.ts'
import { HOUR_MS } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { durationOf, sourceOf } from './shared/words.ts'
import { bitsEquation, bounded, newValueExpression } from './shared/arithmetic.ts'

const EARTH_RADIUS_KM = 6_371
/** What an impossible journey is worth beyond the new place alone, where new places are common. */
const JOURNEY_BITS = 1
/** Level of the chain `country|region|city|lat,lon` that says the city; finer levels are noise of the database. */
const CITY_LEVEL = 2

export const impossibleTravel = defineDetector({
  name: 'impossible-travel',
  summary: 'A token used in a place it does not know, sooner after a known place than anyone could travel.',
  cause: 'source',
  settings: z.strictObject({
    bits: z.number().min(0).describe('Bits that one impossible journey is worth.').default(6),
    distanceKmMin: z.number().min(0).describe('Shorter journeys are never impossible.').default(500),
    speedKmhMin: z.number().min(1).describe('Faster than this is impossible.').default(1000),
  }),
  explain(found) {
    const { n = 0, k = 0 } = found.numbers
    const { bits, delta } = newValueBits(n, k)
    const expression = `${newValueExpression(n, k, delta)} + ${JOURNEY_BITS}`
    return bitsEquation(bounded(expression, bits + JOURNEY_BITS, found), found)
  },
  create: ({ bits, distanceKmMin, speedKmhMin }, { findingBitsMin }) => ({
    name: 'impossible-travel',
    inspect(event, profile, context) {
      if (bits < findingBitsMin || event.sourceClass !== 'public') return undefined
      const novelty = noveltyOf(profile, 'place', event, context.peers)
      if (novelty === undefined || novelty.level > CITY_LEVEL || novelty.held) return undefined
      const last = lastPlace(profile)
      const here = coordinatesOf(event.place)
      if (last === undefined || here === undefined) return undefined
      const distanceKm = haversineKm(last.coordinates, here)
      const elapsedMs = Math.abs(event.timeMs - last.timeMs)
      const speedKmh = distanceKm / Math.max(elapsedMs / HOUR_MS, 1 / 60)
      if (distanceKm < distanceKmMin || speedKmh < speedKmhMin) return undefined
      const rare = rateOfNew(profile, 'place', novelty.level)
      return {
        bits: Math.min(bits, rare.bits + JOURNEY_BITS),
        seen: `${Math.round(distanceKm)} km in ${durationOf(elapsedMs)} from ${last.name} to ${sourceOf(event)}`,
        normal: `Known in ${novelty.siblingCount} place${novelty.siblingCount === 1 ? '' : 's'}, last in ${last.name} at ${new Date(last.timeMs).toISOString()}`,
        numbers: {
          distanceKm: Math.round(distanceKm),
          elapsedMs,
          speedKmh: Math.round(speedKmh),
          n: rare.n,
          k: rare.k,
        },
      }
    },
  }),
})

/** The place of the token's latest learned call that had one; of several at that time, the greatest by name. */
function lastPlace(profile: TokenProfile) {
  let latest = ''
  let timeMs = 0
  for (const [value, entry] of entriesOf(profile.learned.place)) {
    if (entry.lastMs > timeMs || (entry.lastMs === timeMs && value > latest)) {
      latest = value
      timeMs = entry.lastMs
    }
  }
  const coordinates = coordinatesOf(latest)
  if (coordinates === undefined) return undefined
  const [country, region, city] = latest.split('|')
  return { coordinates, timeMs, name: [city, region, country].filter((part) => part !== '').join(', ') }
}

function coordinatesOf(place: string): readonly [number, number] | undefined {
  const [latitude, longitude] = (place.split('|')[3] ?? '').split(',').map(Number)
  if (latitude === undefined || longitude === undefined || Number.isNaN(latitude + longitude)) return undefined
  return [latitude, longitude]
}

/** Distance in kilometres between two points in degrees. */
function haversineKm(a: readonly [number, number], b: readonly [number, number]): number {
  const radians = Math.PI / 180
  const sinLatitude = Math.sin(((b[0] - a[0]) * radians) / 2)
  const sinLongitude = Math.sin(((b[1] - a[1]) * radians) / 2)
  const h = sinLatitude ** 2 + Math.cos(a[0] * radians) * Math.cos(b[0] * radians) * sinLongitude ** 2
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)))
}
