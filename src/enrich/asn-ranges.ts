/** Ranges of addresses in sorted typed arrays: half a million take some 20 MB and a lookup twenty comparisons. */
import { type AddressWords, V4_WORDS, V6_WORDS, compareWords, increment, parseWords, wordsOf } from './address-words.ts'
import type { AsnEntry, AsnLookup, AsnRange } from './asn-lookup.ts'

/** Takes ranges in any order. Where they overlap, the one that starts last wins; of two with one start, the narrower. */
export interface RangeTableBuilder {
  /** What `add` takes for the network; the same whenever it is asked for. */
  readonly ownerOf: (asn: number, name: string) => number
  /** Copies the words, of which there are as many as the family has. */
  add(start: AddressWords, end: AddressWords, owner: number): void
  build(): AsnLookup
}

export function createRangeTable(ranges: readonly AsnRange[]): AsnLookup {
  const builder = createRangeTableBuilder()
  for (const range of ranges) addRange(builder, range)
  return builder.build()
}

export function addRange(builder: RangeTableBuilder, { isV6, start, end, asn, name }: AsnRange): void {
  builder.add(wordsOf(start, isV6), wordsOf(end, isV6), builder.ownerOf(asn, name))
}

export function createRangeTableBuilder(): RangeTableBuilder {
  const v4 = createRanges(V4_WORDS)
  const v6 = createRanges(V6_WORDS)
  const entries = createEntries()
  return {
    ownerOf: entries.indexOf,
    add: (start, end, owner) => (start.length === V4_WORDS ? v4 : v6).add(start, end, owner),
    build: () => lookupIn(entries.list, flatten(v4), flatten(v6)),
  }
}

/** A function of its own, so that nothing of what the table was made from stays in memory with it. */
function lookupIn(entries: readonly (AsnEntry | undefined)[], v4: Segments, v6: Segments): AsnLookup {
  return {
    find(ip) {
      const address = parseWords(ip)
      const { starts, owners } = address.length === V4_WORDS ? v4 : v6
      let low = 0
      let high = owners.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (compareWords(starts, middle, address, 0, address.length) <= 0) low = middle + 1
        else high = middle
      }
      return entries[owners[low - 1] ?? 0]
    },
  }
}

/** Distinct entries; the one at 0 stands for nobody. */
function createEntries() {
  const list: (AsnEntry | undefined)[] = [undefined]
  const known = new Map<string, number>()

  function indexOf(asn: number, name: string): number {
    // AS 0 marks space that nobody announces (RFC 7607).
    if (asn === 0) return 0
    const key = `${asn},${name}`
    const index = known.get(key) ?? list.length
    if (index === list.length) {
      // A copy: a part of a line would keep the line, and what was read with it, in memory.
      list.push({ asn, name: Buffer.from(name).toString() })
      known.set(key, index)
    }
    return index
  }

  return { list, indexOf }
}

/** Ranges of one family as they came, in arrays that grow. */
interface Ranges {
  readonly width: number
  readonly count: number
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  readonly owners: Uint32Array
  add(start: AddressWords, end: AddressWords, owner: number): void
}

function createRanges(width: number): Ranges {
  let count = 0
  let starts = new Uint32Array(1024 * width)
  let ends = new Uint32Array(1024 * width)
  let owners = new Uint32Array(1024)
  return {
    width,
    get count() {
      return count
    },
    get starts() {
      return starts
    },
    get ends() {
      return ends
    },
    get owners() {
      return owners
    },
    add(start, end, owner) {
      if (count === owners.length) [starts, ends, owners] = [doubled(starts), doubled(ends), doubled(owners)]
      // Word by word: for so few, `set` costs several times as much.
      for (let word = 0; word < width; word++) {
        starts[count * width + word] = start[word] as number
        ends[count * width + word] = end[word] as number
      }
      owners[count++] = owner
    },
  }
}

function doubled(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2)
  larger.set(array)
  return larger
}

/** From its start on, up to the next segment's, addresses belong to the owner, an index of entries. */
interface Segments {
  readonly starts: Uint32Array
  readonly owners: Uint32Array
}

/** Turns overlapping ranges into segments without overlap, by a sweep with a stack of what is open. */
function flatten({ width, count, starts, ends, owners }: Ranges): Segments {
  const order = sortedOrder(starts, ends, width, count)
  const segmentStarts = new Uint32Array(count * 2 * width)
  const segmentOwners = new Uint32Array(count * 2)
  let segments = 0
  const open: number[] = []
  const afterEnd = new Uint32Array(width)

  function append(words: Uint32Array, at: number, owner: number): void {
    if (segments > 0 && compareWords(segmentStarts, segments - 1, words, at, width) === 0) segments--
    for (let word = 0; word < width; word++) segmentStarts[segments * width + word] = words[at * width + word] as number
    segmentOwners[segments++] = owner
  }
  /** Ends the open range that started last, and those that end with it; what still lies open below goes on. */
  function closeTop(top: number): void {
    while (open.length > 0 && compareWords(ends, open.at(-1) as number, ends, top, width) <= 0) open.pop()
    for (let word = 0; word < width; word++) afterEnd[word] = ends[top * width + word] as number
    const below = open.at(-1)
    // Behind the last address of all there is nothing left to own.
    if (increment(afterEnd)) append(afterEnd, 0, below === undefined ? 0 : (owners[below] as number))
  }

  for (const range of order) {
    for (
      let top = open.at(-1);
      top !== undefined && compareWords(ends, top, starts, range, width) < 0;
      top = open.at(-1)
    )
      closeTop(top)
    append(starts, range, owners[range] as number)
    open.push(range)
  }
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) closeTop(top)
  return { starts: segmentStarts.slice(0, segments * width), owners: segmentOwners.slice(0, segments) }
}

/** By start, and of one start the wider first. Most files are sorted already. */
function sortedOrder(starts: Uint32Array, ends: Uint32Array, width: number, count: number): Uint32Array {
  const compare = (a: number, b: number) =>
    compareWords(starts, a, starts, b, width) || compareWords(ends, b, ends, a, width)
  const order = Uint32Array.from({ length: count }, (_, index) => index)
  let sorted = true
  for (let index = 1; index < count && sorted; index++) sorted = compare(index - 1, index) <= 0
  return sorted ? order : order.sort(compare)
}
