/** Times and durations as arguments of commands. */
import { InvalidArgumentError } from 'commander'
import { timeOf } from '../registry/token-entry.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../settings.ts'

const UNITS_MS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS }

export function durationArgument(text: string): number {
  const [, number, unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text) ?? []
  const ms = Number(number) * (UNITS_MS[unit] ?? Number.NaN)
  if (!(ms > 0)) throw new InvalidArgumentError('expected a duration such as 30d, 12h or 45m')
  return ms
}

/** RFC 3339 or a date, which is its first moment in UTC. */
export function timeArgument(text: string): number {
  const ms = timeOf(text)
  if (ms === undefined || ms === 0) throw new InvalidArgumentError('expected a time such as 2026-03-01T00:00:00Z')
  return ms
}
