/**
 * Decoded records on their way to another thread. A structured clone of events costs as much as decoding them did; here
 * numbers lie in arrays, texts that many events share are sent once, and the rest is bytes.
 */
import type { DecodedEvent, EventId, EventTimeMs, TokenId, TokenKind } from '../event.ts'
import type { DeadLetter } from './dead-letter.ts'
import type { Decoded } from './decode.ts'
import type { RawRecord } from './source.ts'

/** A record whose events are at hand; of a record that came from another thread `value` stayed there. */
export interface DecodedRecord extends RawRecord {
  readonly decoded: Decoded
}

export interface PackedRecords {
  readonly topic: string
  readonly partition: number
  readonly offsets: Float64Array<ArrayBuffer>
  /** Events of each record. */
  readonly eventCounts: Uint32Array<ArrayBuffer>
  /** Dead letters by the record's place among these. */
  readonly deadLetters: ReadonlyMap<number, readonly DeadLetter[]>
  /** `NUMBERS` for each event. */
  readonly numbers: Float64Array<ArrayBuffer>
  /** `SHARED_TEXTS` for each event: indexes of the texts sent so far. */
  readonly shared: Uint32Array<ArrayBuffer>
  /** Whether the texts begin anew with these, which keeps their number bounded. */
  readonly isAnew: boolean
  readonly newTexts: readonly string[]
  /** Id and path of each event, one after the other, one or two bytes a character. */
  readonly ownTexts: Uint8Array<ArrayBuffer>
  readonly ownEncoding: 'latin1' | 'utf16le'
}

const NUMBERS = 10
const SHARED_TEXTS = 14
const KNOWN_TEXTS_MAX = 50_000

/**
 * Makes the sending side. What it packs has to be unpacked in the same order, all of it. At most so many texts, and those
 * of one batch, are remembered on both sides.
 */
export function createPacker(knownTextsMax = KNOWN_TEXTS_MAX): (records: readonly DecodedRecord[]) => PackedRecords {
  let known = new Map<string, number>()

  return function pack(records) {
    const isAnew = known.size === 0 || known.size >= knownTextsMax
    if (isAnew) known = new Map()
    const newTexts: string[] = []
    const count = records.reduce((sum, { decoded }) => sum + decoded.events.length, 0)
    const numbers = new Float64Array(count * NUMBERS)
    const shared = new Uint32Array(count * SHARED_TEXTS)
    const deadLetters = new Map<number, readonly DeadLetter[]>()
    let ownTexts = ''
    let at = 0
    for (const [place, { decoded }] of records.entries()) {
      if (decoded.deadLetters.length > 0) deadLetters.set(place, decoded.deadLetters)
      for (const event of decoded.events) {
        numbers.set(numbersOf(event), at * NUMBERS)
        let put = at++ * SHARED_TEXTS
        for (const text of sharedTextsOf(event)) {
          let index = known.get(text)
          if (index === undefined) {
            index = known.size
            known.set(text, index)
            newTexts.push(text)
          }
          shared[put++] = index
        }
        ownTexts += event.eventId + event.path
      }
    }
    const ownEncoding = isLatin1(ownTexts) ? 'latin1' : 'utf16le'
    const { topic, partition } = records[0] ?? { topic: '', partition: 0 }
    return {
      topic,
      partition,
      offsets: Float64Array.from(records, ({ offset }) => offset),
      eventCounts: Uint32Array.from(records, ({ decoded }) => decoded.events.length),
      deadLetters,
      numbers,
      shared,
      isAnew,
      newTexts,
      ownTexts: new Uint8Array(Buffer.from(ownTexts, ownEncoding)),
      ownEncoding,
    }
  }
}

function isLatin1(text: string): boolean {
  // oxlint-disable-next-line eslint/no-control-regex
  return !/[^\u0000-\u00ff]/.test(text)
}

/** In the order in which `createUnpacker` takes them. */
function numbersOf(event: DecodedEvent): readonly number[] {
  return [
    event.position.index,
    event.eventId.length,
    event.path.length,
    event.producerId === '' ? 0 : 1,
    event.timeMs,
    event.status,
    event.bytesIn,
    event.bytesOut,
    event.latencyMs,
    event.truncated ? 1 : 0,
  ]
}

/** In the order in which `createUnpacker` takes them. */
function sharedTextsOf(event: DecodedEvent): readonly string[] {
  return [
    event.tokenId,
    event.tokenKind,
    event.tokenName,
    event.tenant,
    event.service,
    event.region,
    event.environment,
    event.ip,
    event.sourceText,
    event.method,
    event.gatewayRoute,
    event.operation,
    event.errorCode,
    event.userAgent,
  ]
}

/** Makes the receiving side. */
export function createUnpacker(): (packed: PackedRecords) => readonly DecodedRecord[] {
  let texts: string[] = []

  return function unpack(packed) {
    const { topic, partition, numbers, shared, ownEncoding } = packed
    if (packed.isAnew) texts = []
    for (const text of packed.newTexts) texts.push(text)
    const own = Buffer.from(packed.ownTexts.buffer)
    const bytesPerCharacter = ownEncoding === 'latin1' ? 1 : 2
    let ownAt = 0
    let at = 0

    function ownText(characters: number): string {
      const from = ownAt
      ownAt += characters * bytesPerCharacter
      return own.toString(ownEncoding, from, ownAt)
    }

    function nextEvent(offset: number): DecodedEvent {
      const n = at * NUMBERS
      const t = at++ * SHARED_TEXTS
      const number = (i: number) => numbers[n + i] as number
      const text = (i: number) => texts[shared[t + i] as number] as string
      const eventId = ownText(number(1)) as EventId
      const path = ownText(number(2))
      return {
        position: { topic, partition, offset, index: number(0) },
        eventId,
        producerId: number(3) === 1 ? eventId : '',
        timeMs: number(4) as EventTimeMs,
        tokenId: text(0) as TokenId,
        tokenKind: text(1) as TokenKind,
        tokenName: text(2),
        tenant: text(3),
        service: text(4),
        region: text(5),
        environment: text(6),
        ip: text(7),
        sourceText: text(8),
        method: text(9),
        path,
        gatewayRoute: text(10),
        operation: text(11),
        status: number(5),
        errorCode: text(12),
        userAgent: text(13),
        bytesIn: number(6),
        bytesOut: number(7),
        latencyMs: number(8),
        truncated: number(9) === 1,
      }
    }

    return Array.from(packed.offsets, (offset, place): DecodedRecord => {
      const events = Array.from({ length: packed.eventCounts[place] as number }, () => nextEvent(offset))
      const deadLetters = packed.deadLetters.get(place) ?? []
      return { topic, partition, offset, value: null, decoded: { events, deadLetters } }
    })
  }
}
