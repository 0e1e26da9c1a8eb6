/** The registry of formats, and the contract that each of them keeps. */
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FORMAT_NAMES, formatNamed, formats } from '../../src/ingest/formats/index.ts'
import type { FormatName } from '../../src/ingest/formats/index.ts'
import type { JsonObject } from '../../src/ingest/formats/format.ts'
import { formatContract } from '../contract/format.ts'
import { trailRecord } from './cloudtrail-record.ts'
import { call } from './decoding.ts'

/** A format without a record here does not compile. */
const RECORDS: Readonly<Record<FormatName, JsonObject>> = {
  canonical: call(),
  cloudtrail: trailRecord(),
}

test('Every file in the folder is registered under its own name.', () => {
  const folder = new URL('../../src/ingest/formats/', import.meta.url)
  const files = readdirSync(folder).filter((file) => file !== 'index.ts' && file !== 'format.ts')
  expect(files.map((file) => file.replace(/\.ts$/, '')).sort()).toEqual([...FORMAT_NAMES].sort())
  expect(formats.map(({ name }) => name)).toEqual(FORMAT_NAMES)
})

for (const name of FORMAT_NAMES) formatContract({ format: formatNamed(name), record: RECORDS[name] })
