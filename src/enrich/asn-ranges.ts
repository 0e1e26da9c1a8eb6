/** Ranges of addresses in sorted typed arrays: half a million take some 20 MB and a lookup twenty comparisons. */
import { v4Number, v6Number } from './asn-csv.ts'
import type { AsnEntry, AsnLookup, AsnRange } from './asn-lookup.ts'

/** Where ranges overlap, the one that starts last wins; of two with one start, the narrower. */
export function createRangeTable(ranges: readonly AsnRange[]): AsnLookup {
  const { entries, v4Starts, v4Owners, v6Highs, v6Lows, v6Owners } = arraysOf(ranges)

  function findV4(address: number): AsnEntry | undefined {
    const index = lastNotAfter(v4Starts.length, (i) => (v4Starts[i] ?? 0) <= address)
    return entries[v4Owners[index] ?? 0]
  }

  function findV6(address: bigint): AsnEntry | undefined {
    const high = address >> 64n
    const low = address & 0xffff_ffff_ffff_ffffn
    const index = lastNotAfter(v6Highs.length, (i) => {
      const start = v6Highs[i] ?? 0n
      return start < high || (start === high && (v6Lows[i] ?? 0n) <= low)
    })
    return entries[v6Owners[index] ?? 0]
  }

  return { find: (ip) => (ip.includes(':') ? findV6(v6Number(ip)) : findV4(v4Number(ip))) }
}

/** A function of its own, so that nothing of what it needed stays in memory with its answer. */
function arraysOf(ranges: readonly AsnRange[]) {
  const v4 = flatten(
    ranges.filter(({ isV6 }) => !isV6),
    32n,
  )
  const v6 = flatten(
    ranges.filter(({ isV6 }) => isV6),
    128n,
  )
  /** Distinct entries; 0 stands for nobody. */
  const entries: (AsnEntry | undefined)[] = [undefined]
  const known = new Map<string, number>()
  const entryOf = (range: AsnRange | undefined): number => {
    // AS 0 marks space that nobody announces (RFC 7607).
    if (range === undefined || range.asn === 0) return 0
    const key = `${range.asn},${range.name}`
    const index = known.get(key) ?? entries.length
    if (index === entries.length) {
      // A copy: a part of a line would keep the line, and what was read with it, in memory.
      entries.push({ asn: range.asn, name: Buffer.from(range.name).toString() })
      known.set(key, index)
    }
    return index
  }
  return {
    entries,
    v4Starts: Uint32Array.from(v4, ({ start }) => Number(start)),
    v4Owners: Uint32Array.from(v4, ({ owner }) => entryOf(owner)),
    v6Highs: BigUint64Array.from(v6, ({ start }) => start >> 64n),
    v6Lows: BigUint64Array.from(v6, ({ start }) => start & 0xffff_ffff_ffff_ffffn),
    v6Owners: Uint32Array.from(v6, ({ owner }) => entryOf(owner)),
  }
}

/** The greatest index for which `isNotAfter` holds, -1 for none; it holds up to some index and then no more. */
function lastNotAfter(length: number, isNotAfter: (index: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isNotAfter(middle)) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** From `start` on, up to the next segment's, addresses belong to `owner`. */
interface Segment {
  readonly start: bigint
  readonly owner: AsnRange | undefined
}

/** Turns overlapping ranges into segments without overlap, by a sweep with a stack of what is open. */
function flatten(ranges: AsnRange[], bits: bigint): readonly Segment[] {
  ranges.sort((a, b) => compare(a.start, b.start) || compare(b.end, a.end))
  const segments: Segment[] = []
  const open: AsnRange[] = []
  const append = (start: bigint, owner: AsnRange | undefined) => {
    if (segments.at(-1)?.start === start) segments.pop()
    // Behind the last address of all there is nothing left to own.
    if (start >> bits !== 0n) return
    segments.push({ start, owner })
  }
  /** Ends the open range that started last, and those that end with it; what still lies open below goes on. */
  const closeTop = (top: AsnRange) => {
    while ((open.at(-1)?.end ?? top.end + 1n) <= top.end) open.pop()
    append(top.end + 1n, open.at(-1))
  }
  for (const range of ranges) {
    for (let top = open.at(-1); top && top.end < range.start; top = open.at(-1)) closeTop(top)
    append(range.start, range)
    open.push(range)
  }
  for (let top = open.at(-1); top; top = open.at(-1)) closeTop(top)
  return segments
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
