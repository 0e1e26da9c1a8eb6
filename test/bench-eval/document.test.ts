/** How measured tables come into the page. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Section, withSection } from '../../bench/eval/document.ts'

const section: Section = {
  name: 'nab',
  introduction: 'Measured.',
  tables: [{ title: 'Scores', head: ['profile', 'score'], rows: [['a|b', 51.7]] }],
}

test('what stands between the markers is replaced, what is around them stays', () => {
  const page = 'before\n<!-- measured: nab -->\nold\n<!-- end of measured: nab -->\nafter\n'
  const written = withSection(page, section)
  expect(written).toMatch(/^before\n<!-- measured: nab -->\n\nMeasured\./)
  expect(written).toMatch(/\| a\\\|b \| 51\.7 \|\n\n<!-- end of measured: nab -->\nafter\n$/)
  expect(written).not.toContain('old')
  expect(withSection(written, section)).toBe(written)
})

test('a page without the markers is refused', () => {
  expect(() => withSection('<!-- end of measured: nab --><!-- measured: nab -->', section)).toThrow('lacks')
})

test.each(['simulated', 'cloudtrail', 'nab'] as const)('docs/detection.md has a place for %s', (name) => {
  const page = readFileSync(new URL('../../docs/detection.md', import.meta.url), 'utf8')
  expect(() => withSection(page, { ...section, name })).not.toThrow()
})
