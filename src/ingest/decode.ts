/** From a record's bytes to events and dead letters. Bad input is a value here: nothing throws, nothing is lost. */
import { createHash } from 'node:crypto'
import type { DecodedEvent, Position } from '../event.ts'
import type { DeadLetter } from './dead-letter.ts'
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
  const { settings, format } = deps
  const normalise = createNormaliser(deps)
  const decodeUtf8 = createUtf8Decoder()

  /** Judges one mapped event. `bytes` is what it takes up, where the record has only this one. */
  function outcomeOf(mapped: MappedEvent, position: Position, bounds: TimeBounds | undefined, bytes: number): Outcome {
    if ('rejection' in mapped) return mapped
    const { source } = mapped
    const tooLarge = bytes > settings.eventBytesMax
    if (tooLarge)
      return {
        source,
        rejection: { reason: 'too-large', detail: `expected events of at most ${settings.eventBytesMax} bytes` },
      }
    const result = normalise(mapped.fields, position, bounds)
    return 'reason' in result ? { source, rejection: result } : result
  }

  /** All events of a text; where it is an envelope around events that are not missing something, theirs. */
  function outcomesOf(
    text: string,
    bytes: number,
    record: RawRecord,
    bounds: TimeBounds | undefined,
    depth: number,
  ): readonly Outcome[] {
    const parsed = parseObject(text)
    if ('rejection' in parsed) return [{ source: parsed.parsed, rejection: parsed.rejection }]
    const mapped = format.map(parsed.object)
    if (mapped.length === 0)
      return [
        { source: parsed.object, rejection: { reason: 'empty', detail: 'expected at least one event in the record' } },
      ]
    const first = mapped[0]
    const alone = mapped.length === 1 && first?.source === parsed.object
    const outcomes = mapped.map((event, index) =>
      outcomeOf(event, positionOf(record, index), bounds, alone ? bytes : partBytes(event.source, bytes)),
    )
    if (!alone || depth === 0 || !isMissingField(outcomes[0])) return outcomes
    const inner = envelopeText(parsed.object)
    return inner === undefined ? outcomes : outcomesOf(inner, Buffer.byteLength(inner), record, bounds, depth - 1)
  }

  /** Only a record above the limit can hold an event above it, so nearly none is measured. */
  function partBytes(source: unknown, recordBytes: number): number {
    return recordBytes <= settings.eventBytesMax ? 0 : Buffer.byteLength(JSON.stringify(source) ?? '')
  }

  return function decode(record, ingestedAtMs, bounded) {
    const { value } = record
    const dead = createDeadLetters(record)
    if (value === null)
      return { events: [], deadLetters: [dead({ reason: 'tombstone', detail: 'the record has no value' })] }
    const lengthBytes = record.cut?.lengthBytes ?? value.length
    if (lengthBytes > settings.messageBytesMax) {
      const detail = `expected messages of at most ${settings.messageBytesMax} bytes`
      return { events: [], deadLetters: [dead({ reason: 'too-large', detail })] }
    }
    const text = decodeUtf8(value)
    if (text === undefined)
      return { events: [], deadLetters: [dead({ reason: 'invalid-utf8', detail: 'expected UTF-8' })] }
    const bounds = bounded
      ? { earliestMs: ingestedAtMs - settings.lateMaxMs, latestMs: ingestedAtMs + settings.futureMaxMs }
      : undefined
    const events: DecodedEvent[] = []
    const deadLetters: DeadLetter[] = []
    for (const [index, outcome] of outcomesOf(text, value.length, record, bounds, ENVELOPES_MAX).entries()) {
      if ('rejection' in outcome) deadLetters.push(dead(outcome.rejection, outcome.source, index))
      else events.push(outcome)
    }
    return { events, deadLetters }
  }
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
