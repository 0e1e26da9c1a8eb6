/**
 * A token used from two places in turn that do not go together.
 *
 * Attack: a thief uses a token while its owner goes on working. Signal: a return, that is a call from a source after one
 * from another source and an earlier one from the first, all within half an hour (profile/turns.ts). Bits: the share of
 * the token's past hours, by how busy they were, that had such a return, P = (k + 1/2) / (n + 1) (Krichevsky & Trofimov,
 * 1981); dual stack, phones and pools of machines do it all the time. One of the networks, or of the addresses in one
 * network, must have come within `newMs`: home and office go together. Told once an hour; on the same day again as one
 * cause that goes on. Sources of one network weigh `sameNetworkFactor`, for machines are replaced one after the other.
 * Blind to: a thief who waits until the owner sleeps, or who sits behind the owner's own address.
 */
import { z } from 'zod'
import { hoursBefore } from '../profile/activity.ts'
import { hourOf } from '../profile/calendar.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { takeInHand } from '../profile/in-hand.ts'
import { callsInHour } from '../profile/frequency.ts'
import type { TokenProfile } from '../profile/profile.ts'
import { type Turn, networkOf, turnOf } from '../profile/turns.ts'
import { enteredAtMs, findRow, nodeAt, sizeOf } from '../profile/values.ts'
import { DAY_MS, HOUR_MS, durationMs } from '../settings.ts'
import { defineDetector } from './detector.ts'
import { createHourlyFit } from './shared/hourly-fit.ts'
import { durationOf, sourceOf } from './shared/words.ts'
import { bitsEquation, bounded, num } from './shared/arithmetic.ts'

export const concurrentUse = defineDetector({
  name: 'concurrent-use',
  summary: 'A token used from two places in turn that do not go together.',
  cause: 'company',
  settings: z.strictObject({
    sameNetworkFactor: z
      .number()
      .min(0)
      .max(1)
      .describe('What the bits are multiplied with where both sources are in one network.')
      .default(0.7),
    newMs: durationMs('Two sources of which neither came within this time go together.').default(2 * DAY_MS),
    againBitsMax: z.number().min(0).describe('Bits at most where it was told within the day before.').default(4),
  }),
  explain(found) {
    const { n = 0, k = 0, factor = 1 } = found.numbers
    const value = -Math.log2((k + 0.5) / (n + 1)) * factor
    const expression = `-log2((${k} + 0.5) / (${num(n)} + 1)) * ${num(factor)}`
    return bitsEquation(bounded(expression, value, found), found)
  },
  create: ({ sameNetworkFactor, newMs, againBitsMax }, { findingBitsMin }) => {
    const pastOf = {
      network: createHourlyFit((profile, hour) => pastTurns(profile, hour, 'networkTurns')),
      address: createHourlyFit((profile, hour) => pastTurns(profile, hour, 'addressTurns')),
    }
    return {
      name: 'concurrent-use',
      inspect(event, profile) {
        if (isUnauthenticated(event) || event.sourceClass === 'none') return undefined
        const found = turnOf(profile, event)
        if (found === undefined) return undefined
        const { turn, other } = found
        const since = event.timeMs - newMs
        if (
          isLongKnown(profile, takeInHand(profile, event).nodes.network, turn, since) &&
          isLongKnown(profile, other.node, turn, since)
        ) {
          return undefined
        }
        const startMs = hourOf(event.timeMs) * HOUR_MS
        const raised = profile.raised.get('concurrent-use')
        if (raised !== undefined && startMs <= raised.bucketMs) return undefined
        // Of this hour or the one before: a busy spell does not end with the hour.
        const calls = 1 + Math.max(callsInHour(profile, event.timeMs), callsInHour(profile, event.timeMs - HOUR_MS))
        const { n, k } = hoursWithTurns(pastOf[turn](profile, hourOf(event.timeMs)), calls)
        const factor = turn === 'network' ? 1 : sameNetworkFactor
        const rareBits = -Math.log2((k + 0.5) / (n + 1)) * factor
        const isAgain = raised !== undefined && startMs - raised.bucketMs <= DAY_MS
        const bits = isAgain ? Math.min(rareBits, againBitsMax) : rareBits
        if (bits < findingBitsMin) return undefined
        const [country, network, , address] = profile.shared.vocabulary.chainText(other.node).split('|')
        return {
          bits,
          seen: `Used in turn from ${sourceOf(event)} and from ${address}, ${network}, ${country} within ${durationOf(event.timeMs - other.lastMs)}`,
          normal: `In ${k} of ${num(n)} hours of four weeks, by how busy they were, used from two ${turn === 'network' ? 'networks' : 'addresses'} in turn`,
          numbers: { n, k, factor },
          bucket: { startMs, step: 1 },
          ...(isAgain ? { cause: 'again' as const } : {}),
        }
      },
    }
  },
})

/** So many calls in an hour show whether the token is used from two places; fewer show it by as much less. */
const SHOWING_CALLS = 8

interface PastTurns {
  /** Past hours that had a return. */
  readonly turning: number
  /** Those that had none, by their calls; the last is of so many or more. */
  readonly quiet: readonly number[]
}

function pastTurns(profile: TokenProfile, hour: number, turns: 'networkTurns' | 'addressTurns'): PastTurns {
  const quiet = Array.from({ length: SHOWING_CALLS + 1 }, () => 0)
  let turning = 0
  for (const counts of hoursBefore(profile.activity, hour, profile.settings.adoptAfterMs)) {
    const calls = Math.min(counts.learned, SHOWING_CALLS)
    if (counts[turns] > 0) turning++
    else quiet[calls] = (quiet[calls] as number) + 1
  }
  return { turning, quiet }
}

/** Past hours, by how far each would have shown a return among so many calls, and those that had one. */
function hoursWithTurns({ turning, quiet }: PastTurns, calls: number) {
  const showing = Math.min(calls, SHOWING_CALLS)
  const shown = quiet.reduce((sum, hours, of) => sum + hours * Math.min(1, of / showing), 0)
  return { n: turning + shown, k: turning }
}

/** Whether the source's network, or the very address where both are in one network, was learned before `sinceMs`. */
function isLongKnown(profile: TokenProfile, node: number, turn: Turn, sinceMs: number): boolean {
  const table = profile.learned.network
  if (turn === 'address') {
    const row = findRow(table, node)
    return row >= 0 && enteredAtMs(table, row) < sinceMs
  }
  const network = networkOf(profile, node)
  for (let row = 0; row < sizeOf(table); row++) {
    if (enteredAtMs(table, row) < sinceMs && networkOf(profile, nodeAt(table, row)) === network) return true
  }
  return false
}
