/** How an alert's facts are put into words, the same in every output. Hostile values pass through as they are. */
import type { Alert, AlertKind, AlertSource, Evidence } from '../alert/alert.ts'
import type { Review } from './notifier.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../settings.ts'
import { countryName } from '../text.ts'

/** What an alert of this kind says of its incident. */
export const KIND_WORDS: Readonly<Record<AlertKind, string>> = {
  opened: 'incident opened',
  escalated: 'incident escalated',
  resolved: 'incident resolved',
  pipeline: 'tokenwatch sees too little',
  bits: 'incident',
}

/** One detector as a reader meets it: its sum and its strongest finding. */
export interface DetectorLine {
  readonly name: string
  readonly bits: number
  /** Absent when the alert carries no finding of it. */
  readonly strongest: Evidence | undefined
  /** Findings of it beside the strongest one. */
  readonly further: number
}

/** Most bits first. */
export function detectorLines(alert: Alert): readonly DetectorLine[] {
  return [...alert.detectors]
    .sort((a, b) => b.bits - a.bits)
    .map(({ name, bits }) => {
      const findings = alert.evidence.filter((each) => each.detector === name)
      const strongest = findings.reduce<Evidence | undefined>(
        (best, each) => (best && best.bits >= each.bits ? best : each),
        undefined,
      )
      return { name, bits, strongest, further: Math.max(0, findings.length - 1) }
    })
}

/** `2026-03-04 10:22:31 UTC`. A time that no calendar knows is shown as it is. */
export function timeText(timeMs: number): string {
  const date = new Date(timeMs)
  if (Number.isNaN(date.getTime())) return `${timeMs} ms`
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** RFC 3339 with milliseconds and Z. */
export function rfc3339(timeMs: number): string {
  const date = new Date(timeMs)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

/** The two largest units: `2 d 3 h`, `5 min 10 s`. */
export function durationText(durationMs: number): string {
  const units = [
    ['d', DAY_MS],
    ['h', HOUR_MS],
    ['min', MINUTE_MS],
    ['s', 1000],
  ] as const
  let restMs = Math.max(0, Math.round(durationMs / 1000) * 1000)
  const parts: string[] = []
  for (const [unit, unitMs] of units) {
    const whole = Math.floor(restMs / unitMs)
    restMs -= whole * unitMs
    if (whole > 0 || parts.length > 0) parts.push(`${whole} ${unit}`)
    if (parts.length === 2) break
  }
  return parts.filter((part) => !part.startsWith('0 ')).join(' ') || '0 s'
}

export function bitsText(bits: number): string {
  return `${bits.toFixed(1)} bits`
}

/** Address, country, network: whatever of it is known. */
export function sourceText(source: AlertSource): string {
  const parts = [source.ip || 'no address', countryName(source.country), source.network]
  return parts.filter((part) => part !== '').join(' · ')
}

/** Name and id of the token, or what else it is about. */
export function subjectText({ tokenName, subject }: Pick<Alert, 'tokenName' | 'subject'>): string {
  return tokenName === '' || tokenName === subject ? subject : `${tokenName} (${subject})`
}

/** `Token review of 2026-03-04, nothing urgent: 12 notes about 9 tokens`. */
export function reviewTitle({ fromMs, toMs, subjects, groups }: Review): string {
  const [from, to] = [fromMs, toMs].map((timeMs) => rfc3339(timeMs).slice(0, 10))
  const notes = groups.reduce((sum, group) => sum + group.notes.length, 0)
  const days = from === to ? from : `${from} to ${to}`
  return `Token review of ${days}, nothing urgent: ${counted(notes, 'note')} about ${counted(subjects, 'token')}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
