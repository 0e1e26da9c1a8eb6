/** Words that several detectors use for the same things. */
import type { AccessEvent } from '../../event.ts'

/** Where a call came from, as a person wants to read it. */
export function sourceOf(event: AccessEvent): string {
  if (event.ip === '') return event.sourceText
  const place = [event.city, event.country].filter((part) => part !== '').join(', ')
  const network = event.networkName === '' ? event.network : `${event.network} ${event.networkName}`
  return [event.ip, network, place].filter((part) => part !== '').join(', ')
}

/** A duration as a person says it: `3 days`, `5 hours`, `40 minutes`, `less than a minute`. */
export function durationOf(ms: number): string {
  if (ms < 60_000) return 'less than a minute'
  const minutes = Math.round(ms / 60_000)
  if (minutes < 120) return `${minutes} minute${minutes === 1 ? '' : 's'}`
  const hours = Math.round(minutes / 60)
  if (hours < 48) return `${hours} hours`
  return `${Math.round(hours / 24)} days`
}
