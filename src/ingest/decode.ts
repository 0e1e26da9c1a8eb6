/** From a record's bytes to events and dead letters. Bad input is a value here: nothing throws, nothing is lost. */
import { createHash } from 'node:crypto'
import type { DecodedEvent, Position } from '../event.ts'
import type { DeadLetter, DeadLetterReason } from './dead-letter.ts'
import { excerptOf } from './excerpt.ts'
import type { DecodeCounters } from './field.ts'
import type { Format, MappedEvent, Rejection } from './formats/format.ts'
import { createUtf8Decoder, envelopeText, parseObject } from './json-text.ts'
import { createNormaliser } from './normalise.ts'
import type { IngestSettings } from './settings.ts'
import type { RawRecord } from './source.ts'
import type { TimeBounds } from './timestamp.ts'
import type { Fingerprinter } from './token-identity.ts'

/** At least one of the two is not empty. */
export interface Decoded {
  readonly events: readonly DecodedEvent[]
  readonly deadLetters: readonly DeadLetter[]
}

export interface DecoderDeps {
  readonly settings: Pick<IngestSettings, 'messageBytesMax' | 'eventBytesMax' | 'lateMaxMs' | 'futureMaxMs'>
  readonly format: Format
  readonly fingerprinter: Fingerprinter
  /** Addresses or CIDR ranges, `enrich.trustedProxies`. */
  readonly trustedProxies: readonly string[]
  readonly counters: DecodeCounters
}

/**
 * `ingestedAtMs` is the block's, so that a retry decides alike; with `bounded` false (a replay) no bound of time
 * applies.
 */
export type Decoder = (record: RawRecord, ingestedAtMs: number, bounded: boolean) => Decoded

/** Envelopes may be put into envelopes: a container runtime's, then a shipper's. */
const ENVELOPES_MAX = 3

/** What became of one event of a record, with the part of the record it came from. */
type Outcome = DecodedEvent | { readonly source: unknown; readonly rejection: Rejection }

export function createDecoder(deps: DecoderDeps): Decoder {
  const { messageBytesMax, lateMaxMs, futureMaxMs } = deps.settings
  const outcomesOf = createTextDecode(deps)
  const decodeUtf8 = createUtf8Decoder()

  function refused(record: RawRecord, reason: DeadLetterReason, detail: string): Decoded {
    return { events: NONE, deadLetters: [createDeadLetters(record)({ reason, detail })] }
  }

  return function decode(record, ingestedAtMs, bounded) {
    const { value } = record
    if (value === null) return refused(record, 'tombstone', 'the record has no value')
    if ((record.cut?.lengthBytes ?? value.length) > messageBytesMax)
      return refused(record, 'too-large', `expected messages of at most ${messageBytesMax} bytes`)
    const text = decodeUtf8(value)
    if (text === undefined) return refused(record, 'invalid-utf8', 'expected UTF-8')
    const bounds = bounded ? { earliestMs: ingestedAtMs - lateMaxMs, latestMs: ingestedAtMs + futureMaxMs } : undefined
    return decodedFrom(outcomesOf(text, value.length, record, bounds, ENVELOPES_MAX), record)
  }
}

const NONE: readonly never[] = []

function decodedFrom(outcomes: readonly Outcome[], record: RawRecord): Decoded {
  if (outcomes.every(isEvent)) return { events: outcomes, deadLetters: NONE }
  const dead = createDeadLetters(record)
  const events: DecodedEvent[] = []
  const deadLetters: DeadLetter[] = []
  for (const [index, outcome] of outcomes.entries()) {
    if (isEvent(outcome)) events.push(outcome)
    else deadLetters.push(dead(outcome.rejection, outcome.source, index))
  }
  return { events, deadLetters }
}

function isEvent(outcome: Outcome): outcome is DecodedEvent {
  return !('rejection' in outcome)
}

/** What became of each event in a text of `bytes` bytes. At least one, whatever the text is. */
type DecodeText = (
  text: string,
  bytes: number,
  record: RawRecord,
  bounds: TimeBounds | undefined,
  envelopesMax: number,
) => readonly Outcome[]

function createTextDecode(deps: DecoderDeps): DecodeText {
  const { format } = deps
  const { eventBytesMax } = deps.settings
  const normalise = createNormaliser(deps)

  function outcomeOf(mapped: MappedEvent, position: Position, bounds: TimeBounds | undefined, bytes: number): Outcome {
    if ('rejection' in mapped) return mapped
    const { source } = mapped
    if (bytes > eventBytesMax)
      return { source, rejection: { reason: 'too-large', detail: `expected events of at most ${eventBytesMax} bytes` } }
    const result = normalise(mapped.fields, position, bounds)
    return 'reason' in result ? { source, rejection: result } : result
  }

  /** Only a record above the limit can hold an event above it, so nearly none is measured. */
  function partBytes(source: unknown, recordBytes: number): number {
    return recordBytes <= eventBytesMax ? 0 : Buffer.byteLength(JSON.stringify(source) ?? '')
  }

  const outcomesOf: DecodeText = (text, bytes, record, bounds, envelopesMax) => {
    const parsed = parseObject(text)
    if ('rejection' in parsed) return [{ source: parsed.parsed, rejection: parsed.rejection }]
    const source = parsed.object
    const mapped = format.map(source)
    if (mapped.length === 0)
      return [{ source, rejection: { reason: 'empty', detail: 'expected at least one event in the record' } }]
    const isOnly = mapped.length === 1 && mapped[0]?.source === source
    const outcomes = mapped.map((event, index) =>
      outcomeOf(event, positionOf(record, index), bounds, isOnly ? bytes : partBytes(event.source, bytes)),
    )
    if (!isOnly || envelopesMax === 0 || !isMissingField(outcomes[0])) return outcomes
    // An object that lacks something, with an object as text in it, is a shipper's envelope.
    const inner = envelopeText(source)
    return inner === undefined
      ? outcomes
      : outcomesOf(inner, Buffer.byteLength(inner), record, bounds, envelopesMax - 1)
  }
  return outcomesOf
}

function positionOf(record: RawRecord, index: number): Position {
  return { topic: record.topic, partition: record.partition, offset: record.offset, index }
}

/** Whether an outer object may be an envelope: it lacks what an event needs. */
function isMissingField(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && 'rejection' in outcome && outcome.rejection.reason === 'missing-field'
}

/** One record may give thousands of dead letters: its hash is made once, and only when there is one. */
function createDeadLetters(record: RawRecord): (rejection: Rejection, source?: unknown, index?: number) => DeadLetter {
  const { value, cut } = record
  const lengthBytes = cut?.lengthBytes ?? value?.length ?? 0
  let sha256 = cut?.sha256
  return ({ reason, detail }, source, index = 0) => {
    sha256 ??= value === null ? '' : createHash('sha256').update(value).digest('hex')
    return { position: positionOf(record, index), reason, detail, excerpt: excerptOf(source), lengthBytes, sha256 }
  }
}
