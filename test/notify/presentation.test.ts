/** Facts in words. */
import { describe, expect, test } from 'vitest'
import { detectorLines, durationText, timeText } from '../../src/notify/presentation.ts'
import { countryName } from '../../src/text.ts'
import { NOON_MS, makeAlert } from './alerts.ts'

test.each([
  [0, '0 s'],
  [999, '1 s'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [93_600_000, '1 d 2 h'],
  [90_061_000, '1 d 1 h'],
  [-5, '0 s'],
])('%i ms is %s', (durationMs, text) => {
  expect(durationText(durationMs)).toBe(text)
})

test('times no calendar knows are shown as they are', () => {
  expect(timeText(NOON_MS)).toBe('2026-03-04 12:00:00 UTC')
  expect(timeText(Number.MAX_SAFE_INTEGER)).toBe('9007199254740991 ms')
})

test.each([
  ['BR', 'Brazil (BR)'],
  ['', ''],
  ['QQ', 'QQ'],
  ['<!', '<!'],
])('country %j is shown as %j', (code, text) => {
  expect(countryName(code)).toBe(text)
})

describe('lines by detector', () => {
  test('come most bits first, each with its strongest finding and the number of the others', () => {
    const [first, second] = makeAlert().evidence
    if (!first || !second) throw new Error('the sample has two')
    const lines = detectorLines(
      makeAlert({
        detectors: [
          { name: 'new-user-agent', bits: 9 },
          { name: 'new-country', bits: 12 },
          { name: 'dormant-token', bits: 3 },
        ],
        evidence: [{ ...second, bits: 1 }, second, first],
      }),
    )
    expect(lines.map(({ name, strongest, further }) => [name, strongest?.bits, further])).toEqual([
      ['new-country', 12.25, 0],
      ['new-user-agent', 7.5, 1],
      ['dormant-token', undefined, 0],
    ])
  })
})
