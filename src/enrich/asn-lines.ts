/**
 * Lines of a table of networks as bytes. All but a few of half a million look alike, and reading them without making a
 * text of each loads such a table several times as fast; what looks otherwise is left to the parser of every form.
 */
import { type AddressWords, V4_WORDS, V6_WORDS, compareWords } from './address-words.ts'
import { nameColumn } from './asn-csv.ts'

/** One object for all lines: it says what the last one was. */
export interface PlainLine {
  start: AddressWords
  end: AddressWords
  /** What `ownerOf` answered for its ASN and name. */
  owner: number
  /** Where the next line begins. */
  next: number
}

const LINE_FEED = 10
const COMMA = 44
const DOT = 46
const ZERO = 48
const COLON = 58
const V6_GROUPS = 8

/**
 * Reads a line `start,end,asn,name` with addresses as text. undefined for whatever else begins at `from`, be it right or
 * wrong.
 */
export function createPlainLineReader(
  bytes: Buffer,
  ownerOf: (asn: number, name: string) => number,
): (from: number) => PlainLine | undefined {
  const v4 = { read: readV4, start: new Uint32Array(V4_WORDS), end: new Uint32Array(V4_WORDS) }
  const v6 = { read: readV6, start: new Uint32Array(V6_WORDS), end: new Uint32Array(V6_WORDS) }
  const line: PlainLine = { start: v4.start, end: v4.end, owner: 0, next: 0 }
  const readName = createNameReader(bytes, ownerOf)

  return function readPlainLine(from) {
    let { read, start, end } = v4
    let at = read(bytes, from, start)
    if (at === 0) {
      ;({ read, start, end } = v6)
      at = read(bytes, from, start)
    }
    if (at !== 0) at = read(bytes, at, end)
    if (at === 0 || compareWords(start, 0, end, 0, start.length) > 0) return undefined
    let asn = 0
    let digits = 0
    for (let digit = digitAt(bytes, at); digit >= 0 && digit <= 9; digit = digitAt(bytes, ++at)) {
      asn = asn * 10 + digit
      digits++
    }
    if (digits === 0 || digits > 10 || asn > 0xffff_ffff || bytes[at] !== COMMA) return undefined
    const name = readName(asn, at + 1)
    if (name === undefined) return undefined
    line.start = start
    line.end = end
    line.owner = name.owner
    line.next = at + 1 + name.lengthBytes + 1
    return line
  }
}

/** Below 0 or above 9 for what is no digit. */
function digitAt(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) - ZERO
}

/** Reads an address and the comma after it. Where the next column begins, 0 when it is no such address. */
function readV4(bytes: Buffer, from: number, into: AddressWords): number {
  let at = from
  let address = 0
  for (let part = 0; part < 4; part++) {
    const first = at
    let number = 0
    for (let digit = digitAt(bytes, at); digit >= 0 && digit <= 9; digit = digitAt(bytes, ++at))
      number = number * 10 + digit
    if (at === first || number > 255 || (bytes[first] === ZERO && at > first + 1)) return 0
    if (bytes[at++] !== (part < 3 ? DOT : COMMA)) return 0
    address = address * 256 + number
  }
  into[0] = address
  return at
}

/** Eight groups of up to four hexadecimal digits; `::` once stands for one or more groups of 0. */
function readV6(bytes: Buffer, from: number, into: AddressWords): number {
  let at = from
  let count = 0
  let gap = -1
  into.fill(0)
  if (bytes[at] === COLON && bytes[at + 1] === COLON) {
    gap = 0
    at += 2
  }
  while (bytes[at] !== COMMA) {
    const first = at
    let group = 0
    for (let digit = hexDigitOf(bytes[at] ?? 0); digit !== -1; digit = hexDigitOf(bytes[++at] ?? 0))
      group = group * 16 + digit
    if (count === V6_GROUPS || at === first || at > first + 4) return 0
    putGroup(into, count++, group)
    if (bytes[at] === COMMA) break
    if (bytes[at++] !== COLON || bytes[at] === COMMA) return 0
    if (bytes[at] !== COLON) continue
    if (gap !== -1) return 0
    gap = count
    at++
  }
  if (gap === -1 ? count < V6_GROUPS : count === V6_GROUPS) return 0
  if (gap !== -1) moveToEnd(into, gap, count)
  return at + 1
}

/** Moves the groups from `gap` on to the end, the last one first. */
function moveToEnd(words: AddressWords, gap: number, count: number): void {
  for (let moved = 1; moved <= count - gap; moved++) {
    putGroup(words, V6_GROUPS - moved, groupOf(words, count - moved))
    putGroup(words, count - moved, 0)
  }
}

function groupOf(words: AddressWords, group: number): number {
  const word = words[group >> 1] as number
  return group % 2 === 0 ? word >>> 16 : word & 0xffff
}

function putGroup(words: AddressWords, group: number, value: number): void {
  const word = words[group >> 1] as number
  words[group >> 1] = group % 2 === 0 ? (word & 0xffff) | (value << 16) : (word & 0xffff_0000) | value
}

function hexDigitOf(code: number): number {
  if (code >= ZERO && code <= ZERO + 9) return code - ZERO
  // Bit 5 makes a letter lower case.
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

interface Name {
  readonly from: number
  /** Of the column as it stands there, up to the end of the line. */
  readonly lengthBytes: number
  readonly owner: number
}

/** A network's ranges repeat its name: its bytes are compared with where they stood last, which makes no text. */
function createNameReader(
  bytes: Buffer,
  ownerOf: (asn: number, name: string) => number,
): (asn: number, from: number) => Name | undefined {
  const latest = new Map<number, Name>()
  return function readName(asn, from) {
    const known = latest.get(asn)
    if (known !== undefined) {
      const { lengthBytes } = known
      let same = 0
      while (same < lengthBytes && bytes[from + same] === bytes[known.from + same]) same++
      if (same === lengthBytes && (bytes[from + same] ?? LINE_FEED) === LINE_FEED) return known
    }
    const newline = bytes.indexOf(LINE_FEED, from)
    const end = newline === -1 ? bytes.length : newline
    const text = nameColumn(bytes.toString('utf8', from, end))
    if (text === undefined) return undefined
    const name = { from, lengthBytes: end - from, owner: ownerOf(asn, text) }
    latest.set(asn, name)
    return name
  }
}
