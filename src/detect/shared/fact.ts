/** What the detectors of facts share: whether a call was let through, and how a fact is told once and not with each call. */
import { z } from 'zod'
import type { AccessEvent } from '../../event.ts'
import { dayOf, monthOf, monthStartMs } from '../../profile/calendar.ts'
import type { TokenProfile } from '../../profile/profile.ts'
import { DAY_MS } from '../../settings.ts'
import { sourceOf } from './words.ts'

/**
 * Whether the token opened the door. Without a status it is taken to have; a rate limit, a missing route or a broken
 * server may answer before anyone looks at the token, and say nothing of it.
 */
export function outcomeOf(event: AccessEvent): 'accepted' | 'refused' | 'unknown' {
  if (event.status < 400) return 'accepted'
  return event.status === 401 || event.status === 403 ? 'refused' : 'unknown'
}

/** A fact has levels, worse with each: 1, 2, ... */
export interface Telling {
  readonly bits: number
  readonly bucket: { readonly startMs: number; readonly step: number }
}

/**
 * Tells a fact once per bucket, and again where it is worse than what was told there: a refused call first, an accepted
 * one later. What was told before is not paid twice. A bucket before the latest one stays silent.
 * @param bitsOf what each level, from 1, is worth.
 */
export function tellOnce(
  profile: TokenProfile,
  detector: string,
  bucketMs: number,
  level: number,
  bitsOf: readonly number[],
): Telling | undefined {
  const raised = profile.raised.get(detector)
  if (raised !== undefined && bucketMs < raised.bucketMs) return undefined
  const told = raised?.bucketMs === bucketMs ? raised.step : 0
  if (level <= told) return undefined
  const paid = told === 0 ? 0 : (bitsOf[told - 1] ?? 0)
  return { bits: (bitsOf[level - 1] ?? 0) - paid, bucket: { startMs: bucketMs, step: level } }
}

/** Start of the UTC day. */
export function dayStartMs(timeMs: number): number {
  return dayOf(timeMs) * DAY_MS
}

/** Start of the UTC month. */
export function monthStartOf(timeMs: number): number {
  return monthStartMs(monthOf(timeMs))
}

/** Clocks differ, and what is changed at the issuer takes a while to reach every gateway. */
export const PROPAGATION_MS = 5 * 60_000

/** The call as a person wants to read it: `GET /v1/invoices from 192.0.2.7, AS64500`. */
export function callOf(event: AccessEvent): string {
  const source = sourceOf(event)
  const call = [event.method, event.route].filter((part) => part !== '').join(' ')
  return `${call === '' ? 'a call' : call}${source === '' ? '' : ` from ${source}`}`
}

/** RFC 3339 to the second. */
export function timeText(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}

/** `owned by kim`, or that nobody is. */
export function ownerText(owner: string): string {
  return owner === '' ? 'without an owner' : `owned by ${owner}`
}

/** A setting: how much a fact is worth. */
export function factBits(description: string, bits: number) {
  return z.number().min(0).max(64).describe(description).default(bits)
}
