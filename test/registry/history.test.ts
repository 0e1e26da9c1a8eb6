/** A block sees one registry, whenever and by whomever it is processed. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SETTLE_MS, createRegistryHistory } from '../../src/registry/history.ts'
import { EMPTY_REGISTRY, type TokenRegistry, createRegistry } from '../../src/registry/registered-token.ts'

const VISIBLE_MS = 60_000

/** A database in which versions become visible some time after the time that they carry. */
function createSource(versions: readonly { readonly writtenMs: number; readonly delayMs: number }[]) {
  const clock = { nowMs: 0, asked: 0, loaded: 0 }
  const states = new Map<number, TokenRegistry>(versions.map(({ writtenMs }) => [writtenMs, createRegistry([])]))
  const source = {
    async times() {
      clock.asked++
      const visible = versions.filter(({ writtenMs, delayMs }) => writtenMs + delayMs <= clock.nowMs)
      return { nowMs: clock.nowMs, changesMs: visible.map(({ writtenMs }) => writtenMs).sort((a, b) => a - b) }
    },
    async load(atMs: number) {
      clock.loaded++
      return states.get(atMs) as TokenRegistry
    },
  }
  /** What a block of this time has to see. */
  const expected = (ingestedAtMs: number) => {
    const seen = versions.map(({ writtenMs }) => writtenMs).filter((ms) => ms <= ingestedAtMs - SETTLE_MS)
    return seen.length === 0 ? EMPTY_REGISTRY : states.get(Math.max(...seen))
  }
  return { clock, source, expected }
}

const unused = () => {}

describe('the registry of a block', () => {
  test('is empty before the first version, and each version counts three minutes after it was written', async () => {
    const { clock, source, expected } = createSource([{ writtenMs: 1_000_000, delayMs: 0 }])
    const history = createRegistryHistory(source, unused)
    for (const ingestedAtMs of [
      1_000_000,
      1_000_000 + SETTLE_MS - 1,
      1_000_000 + SETTLE_MS,
      1_000_000 + 2 * SETTLE_MS,
    ]) {
      clock.nowMs = ingestedAtMs
      expect(await history.at(ingestedAtMs)).toBe(expected(ingestedAtMs))
    }
    expect(await history.at(1_000_000 + SETTLE_MS)).not.toBe(EMPTY_REGISTRY)
  })

  test('is the same live, after a restart, and in any order of blocks', async () => {
    const versions = fc.array(
      fc.record({
        writtenMs: fc.integer({ min: 0, max: 3_600_000 }),
        delayMs: fc.integer({ min: 0, max: VISIBLE_MS }),
      }),
      { maxLength: 8 },
    )
    const blocks = fc.array(fc.integer({ min: 0, max: 4_000_000 }), { minLength: 1, maxLength: 30 })
    const later = fc.integer({ min: 0, max: 1_000_000 })
    await fc.assert(
      fc.asyncProperty(versions, blocks, later, async (versions, blocks, laterMs) => {
        const { clock, source, expected } = createSource(versions)
        const live = createRegistryHistory(source, unused)
        const inOrder = [...blocks].sort((a, b) => a - b)
        for (const ingestedAtMs of inOrder) {
          clock.nowMs = ingestedAtMs
          expect(await live.at(ingestedAtMs)).toBe(expected(ingestedAtMs))
        }
        clock.nowMs = (inOrder.at(-1) ?? 0) + laterMs
        const again = createRegistryHistory(source, unused)
        for (const ingestedAtMs of blocks) expect(await again.at(ingestedAtMs)).toBe(expected(ingestedAtMs))
      }),
      { numRuns: 200 },
    )
  })

  test('is asked for once in a while, not for each block, and loaded once a version', async () => {
    const { clock, source } = createSource([{ writtenMs: 1, delayMs: 0 }])
    const history = createRegistryHistory(source, unused)
    for (let ms = 10_000_000; ms < 10_000_000 + 600_000; ms += 1_000) {
      clock.nowMs = ms
      await history.at(ms)
    }
    expect(clock.asked).toBeLessThanOrEqual(7)
    expect(clock.loaded).toBe(1)
  })

  test('does not wait for a database whose clock is behind, and says so once', async () => {
    const { clock, source } = createSource([{ writtenMs: 5, delayMs: 0 }])
    clock.nowMs = 1_000
    let told = 0
    const history = createRegistryHistory(source, () => told++)
    await history.at(100_000_000)
    await history.at(100_001_000)
    expect(told).toBe(1)
  })
})
