/** tokenwatch's own format keeps the contract; what its fields may hold is tested with the decoder. */
import { expect, test } from 'vitest'
import { canonical } from '../../src/ingest/formats/canonical.ts'
import { formatContract } from '../contract/format.ts'
import { call, testDecoder } from './decoding.ts'

formatContract({ format: canonical, record: call() })

test.each(['timestamp', '@timestamp', 'time', 'ts'])('The time may be called %s.', (key) => {
  const event = testDecoder().event(call({ timestamp: undefined, [key]: '2026-03-01T10:00:00Z' }))
  expect(event.timeMs).toBe(Date.UTC(2026, 2, 1, 10))
})
