/** Encodes columns as one block of ClickHouse's Native format: the cheapest way in, for client and server. */

/** Numbers are clamped to their type's range, and what is no number becomes 0: a value never stops an insert. */
export type NumberType = 'UInt8' | 'UInt16' | 'UInt32' | 'UInt64' | 'Int64' | 'Float32' | 'Float64' | 'DateTime64(3)'

/**
 * One column of a block. The server converts a String to LowCardinality(String) and the like by itself. DateTime64(3)
 * takes milliseconds since 1970. 64-bit numbers are exact up to 2^53.
 */
export type Column = { readonly name: string } & (
  | { readonly type: 'String'; readonly values: readonly string[] }
  | { readonly type: NumberType; readonly values: ArrayLike<number> }
  | { readonly type: 'Array(String)'; readonly values: readonly (readonly string[])[] }
  | { readonly type: 'Array(Float32)'; readonly values: readonly (readonly number[])[] }
  | { readonly type: 'Map(String, Float64)'; readonly values: readonly Readonly<Record<string, number>>[] }
)

/** A buffer that grows. Functions below reserve first, then write without checks. */
interface Writer {
  bytes: Buffer
  at: number
}

function reserve(writer: Writer, byteCount: number): void {
  const needed = writer.at + byteCount
  if (needed <= writer.bytes.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, writer.bytes.length * 2))
  writer.bytes.copy(larger, 0, 0, writer.at)
  writer.bytes = larger
}

function writeVarint(writer: Writer, value: number): void {
  reserve(writer, 10)
  let rest = value
  while (rest >= 0x80) {
    writer.bytes[writer.at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  writer.bytes[writer.at++] = rest
}

/** Longer strings are faster through the runtime's own encoder, shorter ones through a loop. */
const LOOP_CHARS_MAX = 40

function writeString(writer: Writer, text: string): void {
  const { length } = text
  if (length <= LOOP_CHARS_MAX) {
    reserve(writer, length + 1)
    const { bytes, at } = writer
    let index = 0
    for (; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit >= 0x80) break
      bytes[at + 1 + index] = unit
    }
    if (index === length) {
      bytes[at] = length
      writer.at = at + 1 + length
      return
    }
  }
  const byteCount = Buffer.byteLength(text)
  writeVarint(writer, byteCount)
  reserve(writer, byteCount)
  writer.at += writer.bytes.write(text, writer.at)
}

function writeStrings(writer: Writer, values: readonly string[]): void {
  for (const value of values) writeString(writer, value)
}

const INTEGER_MAX = { UInt8: 0xff, UInt16: 0xffff, UInt32: 0xffff_ffff } as const
const SAFE = Number.MAX_SAFE_INTEGER

/** The smallest and greatest of a type, NaN as 0, fractions cut. */
function whole(value: number, min: number, max: number): number {
  if (value >= min && value <= max) return Math.trunc(value)
  return value > max ? max : value < min ? min : 0
}

const WIDTH_BYTES: Readonly<Record<NumberType, number>> = {
  UInt8: 1,
  UInt16: 2,
  UInt32: 4,
  Float32: 4,
  Float64: 8,
  UInt64: 8,
  Int64: 8,
  'DateTime64(3)': 8,
}

function writeNumbers(writer: Writer, type: NumberType, values: ArrayLike<number>): void {
  const { length } = values
  const byteCount = length * WIDTH_BYTES[type]
  reserve(writer, byteCount)
  putNumbers(new DataView(writer.bytes.buffer, writer.bytes.byteOffset + writer.at), type, values)
  writer.at += byteCount
}

/** One loop for each type: a loop that asks for the type of each number is several times slower. */
function putNumbers(view: DataView, type: NumberType, values: ArrayLike<number>): void {
  const { length } = values
  switch (type) {
    case 'UInt8':
      for (let i = 0; i < length; i++) view.setUint8(i, whole(values[i]!, 0, INTEGER_MAX.UInt8))
      return
    case 'UInt16':
      for (let i = 0; i < length; i++) view.setUint16(i * 2, whole(values[i]!, 0, INTEGER_MAX.UInt16), true)
      return
    case 'UInt32':
      for (let i = 0; i < length; i++) view.setUint32(i * 4, whole(values[i]!, 0, INTEGER_MAX.UInt32), true)
      return
    case 'Float32':
      for (let i = 0; i < length; i++) view.setFloat32(i * 4, values[i]!, true)
      return
    case 'Float64':
      for (let i = 0; i < length; i++) view.setFloat64(i * 8, values[i]!, true)
      return
    case 'UInt64':
      for (let i = 0; i < length; i++) putInt64(view, i * 8, whole(values[i]!, 0, SAFE))
      return
    case 'Int64':
    case 'DateTime64(3)':
      for (let i = 0; i < length; i++) putInt64(view, i * 8, whole(values[i]!, -SAFE, SAFE))
  }
}

/** Two halves: BigInt would cost an allocation for each number. */
function putInt64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true)
  view.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true)
}

/** Arrays are preceded by the running total of their lengths. */
function writeOffsets(writer: Writer, lengths: readonly number[]): void {
  let total = 0
  writeNumbers(
    writer,
    'UInt64',
    lengths.map((length) => (total += length)),
  )
}

const WIRE_TYPE: Readonly<Record<string, string>> = { 'DateTime64(3)': "DateTime64(3, 'UTC')" }

function writeColumn(writer: Writer, column: Column): void {
  writeString(writer, column.name)
  writeString(writer, WIRE_TYPE[column.type] ?? column.type)
  switch (column.type) {
    case 'String':
      return writeStrings(writer, column.values)
    case 'Array(String)':
      writeOffsets(
        writer,
        column.values.map((items) => items.length),
      )
      for (const items of column.values) writeStrings(writer, items)
      return
    case 'Array(Float32)':
      writeOffsets(
        writer,
        column.values.map((items) => items.length),
      )
      return writeNumbers(writer, 'Float32', column.values.flat())
    case 'Map(String, Float64)': {
      const entries = column.values.map((map) => Object.entries(map))
      writeOffsets(
        writer,
        entries.map((each) => each.length),
      )
      for (const each of entries) for (const [key] of each) writeString(writer, key)
      return writeNumbers(
        writer,
        'Float64',
        entries.flatMap((each) => each.map(([, value]) => value)),
      )
    }
    default:
      return writeNumbers(writer, column.type, column.values)
  }
}

/** A first guess that spares most blocks from growing twice. */
const BYTES_PER_VALUE = 12

/**
 * One Native block. Lone surrogates become U+FFFD.
 * @throws RangeError where a column has not exactly `rows` values, for the server would read garbage.
 */
export function encodeBlock(columns: readonly Column[], rows: number): Buffer {
  const writer: Writer = { bytes: Buffer.allocUnsafeSlow(1024 + columns.length * rows * BYTES_PER_VALUE), at: 0 }
  writeVarint(writer, columns.length)
  writeVarint(writer, rows)
  for (const column of columns) {
    if (column.values.length !== rows)
      throw new RangeError(`column ${column.name} has ${column.values.length} values, expected ${rows}`)
    writeColumn(writer, column)
  }
  return writer.bytes.subarray(0, writer.at)
}
