/** Reads ClickHouse's RowBinary as it comes: rows of a result that is too large to be held. */

/** The values of one row, to be taken in the order of its columns. */
export interface RowReader {
  /** Of a String, LowCardinality or not. */
  text(): string
  /** The same, of a column whose values hardly ever come again. */
  ownText(): string
  uint16(): number
  uint32(): number
  /** Exact up to 2^53. */
  uint64(): number
  /** Of a DateTime64(3): milliseconds since 1970. */
  timeMs(): number
}

/** Thrown where a row does not end in what has come so far: the rest of it comes with the next bytes. */
const SHORT = new Error('a row ends in the middle')

/** Yields rows as bytes come; throws where they end within a row. */
export async function* readRows<T>(
  chunks: AsyncIterable<Uint8Array>,
  readRow: (reader: RowReader) => T,
): AsyncGenerator<T[]> {
  const reader = createReader()
  for await (const chunk of chunks) {
    reader.add(chunk)
    const rows: T[] = []
    while (reader.hasMore()) {
      const row = reader.attempt(readRow)
      if (row === undefined) break
      rows.push(row)
    }
    if (rows.length > 0) yield rows
  }
  if (reader.hasMore()) throw SHORT
}

/** What has come and is not forgotten yet, and how far it was read. */
interface Cursor {
  bytes: Buffer
  at: number
}

/** Moves on by so many bytes, and returns where they begin. */
function take(cursor: Cursor, count: number): number {
  const from = cursor.at
  if (from + count > cursor.bytes.length) throw SHORT
  cursor.at += count
  return from
}

function takeVarint(cursor: Cursor): number {
  const first = cursor.bytes[cursor.at]
  if (first !== undefined && first < 0x80) {
    cursor.at++
    return first
  }
  let value = 0
  for (let factor = 1; ; factor *= 0x80) {
    const byte = cursor.bytes[take(cursor, 1)] as number
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return value
  }
}

function createReader() {
  const cursor: Cursor = { bytes: Buffer.alloc(0), at: 0 }
  const reader = createRowReader(cursor)

  return {
    hasMore: () => cursor.at < cursor.bytes.length,
    add(chunk: Uint8Array): void {
      const rest = cursor.bytes.subarray(cursor.at)
      const next = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      cursor.bytes = rest.length === 0 ? next : Buffer.concat([rest, next])
      cursor.at = 0
    },
    /** Undefined where the row is not all there; what was read of it is read again. */
    attempt<T>(readRow: (of: RowReader) => T): T | undefined {
      const from = cursor.at
      try {
        return readRow(reader)
      } catch (error) {
        if (error !== SHORT) throw error
        cursor.at = from
        return undefined
      }
    },
  }
}

function createRowReader(cursor: Cursor): RowReader {
  const textAt = createTexts()
  return {
    text() {
      const length = takeVarint(cursor)
      return textAt(cursor.bytes, take(cursor, length), length)
    },
    ownText() {
      const length = takeVarint(cursor)
      const from = take(cursor, length)
      return cursor.bytes.toString('utf8', from, from + length)
    },
    uint16: () => cursor.bytes.readUInt16LE(take(cursor, 2)),
    uint32: () => cursor.bytes.readUInt32LE(take(cursor, 4)),
    uint64() {
      const from = take(cursor, 8)
      return cursor.bytes.readUInt32LE(from) + cursor.bytes.readUInt32LE(from + 4) * 0x1_0000_0000
    },
    timeMs() {
      const from = take(cursor, 8)
      return cursor.bytes.readUInt32LE(from) + cursor.bytes.readInt32LE(from + 4) * 0x1_0000_0000
    },
  }
}

const SLOTS = 2 ** 13
/** Longer texts hardly ever come again. */
const KNOWN_BYTES_MAX = 48

/** Texts by their bytes: most have come before, and to compare is cheaper than to make them again. */
function createTexts(): (bytes: Buffer, from: number, length: number) => string {
  const known: (string | undefined)[] = Array.from({ length: SLOTS }, () => undefined)

  return function textAt(bytes, from, length) {
    if (length === 0) return ''
    if (length > KNOWN_BYTES_MAX) return bytes.toString('utf8', from, from + length)
    let hash = length
    for (let at = from; at < from + length; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0
    const slot = (hash ^ (hash >>> 13)) & (SLOTS - 1)
    const text = known[slot]
    if (text !== undefined && isText(text, bytes, from, length)) return text
    const made = bytes.toString('utf8', from, from + length)
    known[slot] = made
    return made
  }
}

/** Only of ASCII: there a character is a byte. */
function isText(text: string, bytes: Buffer, from: number, length: number): boolean {
  if (text.length !== length) return false
  for (let at = 0; at < length; at++) if (text.charCodeAt(at) !== bytes[from + at]) return false
  return true
}
