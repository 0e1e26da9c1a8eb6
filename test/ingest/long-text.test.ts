/** Fields that are far longer than what is kept of them: nothing is lost at the wrong end, and no memory with it. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { call, testDecoder } from './decoding.ts'

test('A long list of addresses that the client sent does not hide the one that the proxy saw.', () => {
  const forged = Array.from({ length: 700 }, (_, at) => `198.51.100.${at % 256}`).join(', ')
  expect(forged.length).toBeGreaterThan(8192)
  expect(testDecoder().event(call({ ip: `${forged}, 203.0.113.77` })).ip).toBe('203.0.113.77')
})

const FILLER = ' '.repeat(60_000)

test.each([
  ['a token id', 'tokenId', (at: number) => ({ token_id: `the-token-number-${at}${FILLER}` })],
  ['a user agent', 'userAgent', (at: number) => ({ user_agent: `agent/${at} ${'x'.repeat(60_000)}` })],
  ['an address', 'ip', (at: number) => ({ ip: `${FILLER}, 203.113.${at >> 8}.${at & 255}` })],
] as const)('Whoever remembers %s does not keep the whole text alive.', (_, field, changes) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const decoder = testDecoder()
  const remembered: string[] = []
  collect()
  const before = process.memoryUsage().heapUsed
  for (let at = 0; at < 400; at++) remembered.push(decoder.event(call(changes(at)))[field])
  collect()
  const grownBytes = process.memoryUsage().heapUsed - before
  expect(new Set(remembered).size).toBe(400)
  // The whole texts are 24 MB.
  expect(grownBytes).toBeLessThan(8_000_000)
})
