/** More calls in an hour than nearly ever in the two weeks before it. */
import { quantile } from 'simple-statistics'
import { HOUR_MS } from '../../../src/settings.ts'
import { perToken, type Rule } from './rule.ts'

export interface HourlyCountOptions {
  readonly hours: number
  /** Between 0 and 1. */
  readonly percentile: number
}

interface Counts {
  readonly firstHour: number
  readonly byHour: Map<number, number>
  /** The hour that `limit` is for. */
  limitHour: number
  limit: number
  firedHour: number
}

/** Fires once an hour, when the hour's count so far exceeds the percentile; hours without a call count as zero. */
export function createHourlyCount({ hours, percentile }: HourlyCountOptions): Rule {
  const countsOf = perToken(({ timeMs }): Counts => {
    const firstHour = Math.floor(timeMs / HOUR_MS)
    return { firstHour, byHour: new Map(), limitHour: -1, limit: Infinity, firedHour: -1 }
  })
  return {
    name: 'hourly count',
    inspect(event) {
      const counts = countsOf(event)
      const hour = Math.floor(event.timeMs / HOUR_MS)
      const count = (counts.byHour.get(hour) ?? 0) + 1
      counts.byHour.set(hour, count)
      if (hour - counts.firstHour < hours || counts.firedHour === hour) return []
      if (counts.limitHour !== hour) {
        const before = Array.from({ length: hours }, (_, index) => counts.byHour.get(hour - 1 - index) ?? 0)
        counts.limit = quantile(before, percentile)
        counts.limitHour = hour
      }
      if (count <= counts.limit) return []
      counts.firedHour = hour
      return ['more calls than usual']
    },
  }
}
