/** No format is forgotten: each file is registered and runs the contract. */
import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FORMAT_NAMES, formats } from '../../src/ingest/formats/index.ts'

test('Every file in the folder is registered under its own name.', () => {
  const folder = new URL('../../src/ingest/formats/', import.meta.url)
  const files = readdirSync(folder).filter((file) => file !== 'index.ts' && file !== 'format.ts')
  expect(files.map((file) => file.replace(/\.ts$/, '')).sort()).toEqual([...FORMAT_NAMES].sort())
  expect(formats.map(({ name }) => name)).toEqual(FORMAT_NAMES)
})

test.each(FORMAT_NAMES)('%s runs the contract.', (name) => {
  const text = readFileSync(new URL(`./${name}.test.ts`, import.meta.url), 'utf8')
  expect(text).toContain('formatContract({')
})
