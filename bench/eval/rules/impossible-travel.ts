/** Two calls of one token from places so far apart that nobody travels as fast. */
import { HOUR_MS } from '../../../src/settings.ts'
import { perToken, type Rule } from './rule.ts'

export interface ImpossibleTravelOptions {
  readonly speedKmh: number
  readonly distanceKm: number
}

type Point = readonly [latitude: number, longitude: number]

/** Compares each call with the one before it that had a place. */
export function createImpossibleTravel({ speedKmh, distanceKm }: ImpossibleTravelOptions): Rule {
  const lastOf = perToken(() => ({ point: undefined as Point | undefined, timeMs: 0 }))
  return {
    name: 'impossible travel',
    inspect(event) {
      const here = pointOf(event.place)
      if (here === undefined) return []
      const last = lastOf(event)
      const before = { ...last }
      last.point = here
      last.timeMs = event.timeMs
      if (before.point === undefined) return []
      const distance = haversineKm(before.point, here)
      const hours = Math.abs(event.timeMs - before.timeMs) / HOUR_MS
      return distance > distanceKm && distance > speedKmh * hours ? ['faster than anyone travels'] : []
    },
  }
}

/** `country|region|city|lat,lon`. */
function pointOf(place: string): Point | undefined {
  const [latitude, longitude] = (place.split('|')[3] ?? '').split(',').map(Number)
  if (latitude === undefined || longitude === undefined || Number.isNaN(latitude + longitude)) return undefined
  return [latitude, longitude]
}

/** Great-circle distance on a sphere of 6,371 km. */
function haversineKm([fromLatitude, fromLongitude]: Point, [toLatitude, toLongitude]: Point): number {
  const radians = Math.PI / 180
  const half = (degrees: number) => Math.sin((degrees * radians) / 2) ** 2
  const across = Math.cos(fromLatitude * radians) * Math.cos(toLatitude * radians) * half(toLongitude - fromLongitude)
  return 2 * 6_371 * Math.asin(Math.min(1, Math.sqrt(half(toLatitude - fromLatitude) + across)))
}
