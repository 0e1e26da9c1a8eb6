/** Each reference rule where it must fire and where it must not. */
import { expect, test } from 'vitest'
import { createCoincidence, createFirstValue } from '../../bench/eval/rules/first-value.ts'
import { createHourlyCount } from '../../bench/eval/rules/hourly-count.ts'
import { createImpossibleTravel } from '../../bench/eval/rules/impossible-travel.ts'
import { RULE_SETS } from '../../bench/eval/rules/index.ts'
import { createScorer } from '../../bench/eval/rules/lines.ts'
import { address, agentFamily, country, type Rule } from '../../bench/eval/rules/rule.ts'
import { createSeveralPlaces } from '../../bench/eval/rules/several-places.ts'
import type { AccessEvent } from '../../src/event.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/settings.ts'
import { call, CURL, NOON_MS, SINGAPORE } from '../profile/calls.ts'

/** Whether each of the events makes the rule fire. */
function fires(rule: Rule, events: readonly AccessEvent[]): readonly boolean[] {
  return events.map((event) => rule.inspect(event).length > 0)
}

const firstAddress = () =>
  createFirstValue({
    name: 'first-seen address',
    watched: { name: 'address', valueOf: address, forgetMs: 10 * DAY_MS },
    learnMs: 7 * DAY_MS,
  })

test('a first value fires after the learning time, once', () => {
  const later = NOON_MS + 8 * DAY_MS
  const events = [call(NOON_MS), call(later), call(later + 1, SINGAPORE), call(later + 2, SINGAPORE)]
  expect(fires(firstAddress(), events)).toEqual([false, false, true, false])
})

test('a first value is learned quietly at first, and is new again when forgotten', () => {
  const events = [call(NOON_MS), call(NOON_MS + DAY_MS, SINGAPORE), call(NOON_MS + 11 * DAY_MS + 1, SINGAPORE)]
  expect(fires(firstAddress(), events)).toEqual([false, false, true])
  expect(fires(firstAddress(), [call(NOON_MS), call(NOON_MS + 10 * DAY_MS)])).toEqual([false, false])
})

test('an absent value is never first', () => {
  expect(fires(firstAddress(), [call(NOON_MS), call(NOON_MS + 8 * DAY_MS, { ip: '' })])).toEqual([false, false])
})

test('what one token uses is new to another', () => {
  const later = NOON_MS + 8 * DAY_MS
  const events = [
    call(NOON_MS, SINGAPORE),
    call(NOON_MS, { tokenId: 'tok_other' }),
    call(later, { tokenId: 'tok_other', ...SINGAPORE }),
  ]
  expect(fires(firstAddress(), events)).toEqual([false, false, true])
})

const coincidence = () =>
  createCoincidence({
    name: 'first-time values',
    watched: [
      { name: 'country', valueOf: country, forgetMs: 90 * DAY_MS },
      { name: 'agent', valueOf: agentFamily, forgetMs: 30 * DAY_MS },
    ],
    learnMs: 7 * DAY_MS,
    withinMs: HOUR_MS,
    countMin: 2,
  })

test('two first values fire within the hour, not beyond it', () => {
  const later = NOON_MS + 8 * DAY_MS
  const country = call(later, SINGAPORE)
  expect(fires(coincidence(), [call(NOON_MS), country, call(later + HOUR_MS, CURL)])).toEqual([false, false, true])
  expect(fires(coincidence(), [call(NOON_MS), country, call(later + HOUR_MS + 1, CURL)])).toEqual([false, false, false])
  expect(fires(coincidence(), [call(NOON_MS), call(later, { ...SINGAPORE, ...CURL })])).toEqual([false, true])
})

test('two first values of one dimension are no coincidence', () => {
  const later = NOON_MS + 8 * DAY_MS
  const events = [call(NOON_MS), call(later, SINGAPORE), call(later + 1, { country: 'JP' })]
  expect(fires(coincidence(), events)).toEqual([false, false, false])
})

const severalPlaces = () => createSeveralPlaces({ withinMs: 30 * MINUTE_MS, addressesMin: 2, networksMin: 2 })

test('several addresses in several networks fire within half an hour', () => {
  const back = call(NOON_MS + 30 * MINUTE_MS)
  expect(fires(severalPlaces(), [call(NOON_MS), call(NOON_MS + 10 * MINUTE_MS, SINGAPORE), back])).toEqual([
    false,
    true,
    true,
  ])
  expect(fires(severalPlaces(), [call(NOON_MS), call(NOON_MS + 31 * MINUTE_MS, SINGAPORE)])).toEqual([false, false])
})

test('several addresses of one network are quiet', () => {
  expect(fires(severalPlaces(), [call(NOON_MS), call(NOON_MS + 1, { ip: '93.184.216.35' })])).toEqual([false, false])
})

const impossibleTravel = () => createImpossibleTravel({ speedKmh: 300, distanceKm: 100 })

test('9,900 km from Berlin to Singapore take 33 hours at 300 km/h', () => {
  expect(fires(impossibleTravel(), [call(NOON_MS), call(NOON_MS + 32 * HOUR_MS, SINGAPORE)])).toEqual([false, true])
  expect(fires(impossibleTravel(), [call(NOON_MS), call(NOON_MS + 34 * HOUR_MS, SINGAPORE)])).toEqual([false, false])
})

test('a short way is never impossible, and an unknown place is none', () => {
  const potsdam = { place: 'DE|BB|Potsdam|52.4,13.1' }
  const events = [call(NOON_MS), call(NOON_MS + 1, potsdam), call(NOON_MS + 2, { place: '' })]
  expect(fires(impossibleTravel(), events)).toEqual([false, false, false])
})

test('more calls in an hour than in nearly all of two weeks fire once', () => {
  const rule = createHourlyCount({ hours: 14 * 24, percentile: 0.995 })
  const twoWeeks = Array.from({ length: 14 * 24 }, (_, hour) => call(NOON_MS + hour * HOUR_MS))
  expect(fires(rule, twoWeeks)).not.toContain(true)
  const hourMs = NOON_MS + 14 * DAY_MS
  expect(fires(rule, [call(hourMs), call(hourMs + 1), call(hourMs + 2)])).toEqual([false, true, false])
})

test('three busy hours of two weeks allow another', () => {
  const rule = createHourlyCount({ hours: 14 * 24, percentile: 0.995 })
  const quiet = Array.from({ length: 14 * 24 }, (_, hour) => call(NOON_MS + hour * HOUR_MS))
  const busy = [20, 100, 200].flatMap((hour) => [1, 2].map((at) => call(NOON_MS + hour * HOUR_MS + at)))
  fires(
    rule,
    [...quiet, ...busy].sort((left, right) => left.timeMs - right.timeMs),
  )
  const hourMs = NOON_MS + 14 * DAY_MS
  expect(fires(rule, [call(hourMs), call(hourMs + 1), call(hourMs + 2)])).toEqual([false, false, false])
  expect(fires(rule, [call(hourMs + 3)])).toEqual([true])
})

test('a set ranks by the number of different alerts of the token within the hour', () => {
  const watched = { name: 'first', valueOf: address, forgetMs: 10 * DAY_MS }
  const agents = { name: 'first', valueOf: agentFamily, forgetMs: 10 * DAY_MS }
  const score = createScorer({
    name: 'two rules',
    create: () => [
      createFirstValue({ name: 'address', watched, learnMs: DAY_MS }),
      createFirstValue({ name: 'agent', watched: agents, learnMs: DAY_MS }),
    ],
  })
  const later = NOON_MS + 2 * DAY_MS
  expect(score(call(NOON_MS))).toBeUndefined()
  expect(score(call(later, SINGAPORE))).toMatchObject({ bits: 1, detectors: ['address'], subject: 'tok_office' })
  expect(score(call(later + 1, CURL))).toMatchObject({ bits: 2, detectors: ['agent'] })
  expect(score(call(later + 2 * HOUR_MS, { ip: '192.0.2.1' }))).toMatchObject({ bits: 1 })
})

test('every set can be run, and none fires on the first event of a token', () => {
  for (const set of RULE_SETS) expect(createScorer(set)(call(NOON_MS)), set.name).toBeUndefined()
})
