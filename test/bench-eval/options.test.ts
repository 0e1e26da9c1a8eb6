/** What the evaluation's command line means. */
import { expect, test } from 'vitest'
import { parseOptions } from '../../bench/eval/options.ts'

test('seeds are numbers and ranges', () => {
  expect(parseOptions(['--seeds', '1-3,7']).seeds).toEqual([1, 2, 3, 7])
  expect(parseOptions([]).seeds).toEqual([1])
})

test('what is written into the documentation is of other seeds than those for tuning, and has the rules beside it', () => {
  expect(parseOptions(['--write'])).toMatchObject({ seeds: [11, 12, 13], rules: true })
})

test.each([
  ['--seeds', 'x'],
  ['--tokens', '0'],
  ['--days', '1.5'],
])('%s %s is refused', (name, value) => {
  expect(() => parseOptions([name, value])).toThrow(RangeError)
})
