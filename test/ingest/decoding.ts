/** What tests of the decoder share: a decoder with counters that can be read, and records made from values. */
import { createFingerprinter } from '../../src/enrich/fingerprint.ts'
import type { DeadLetter } from '../../src/ingest/dead-letter.ts'
import { createDecoder } from '../../src/ingest/decode.ts'
import type { Decoded, DecoderDeps } from '../../src/ingest/decode.ts'
import { canonical } from '../../src/ingest/formats/canonical.ts'
import type { RawRecord } from '../../src/ingest/source.ts'
import type { DecodedEvent } from '../../src/event.ts'
import { Secret } from '../../src/secret.ts'

export const KEY = new Secret('a key that only tests know')
export const NOW_MS = Date.UTC(2026, 2, 1, 12)
export const LIMITS = {
  messageBytesMax: 1_048_576,
  eventBytesMax: 65_536,
  lateMaxMs: 3_653 * 86_400_000,
  futureMaxMs: 600_000,
}

export interface TestDecoder {
  /** Text, bytes, a tombstone, or any value as JSON. */
  readonly decode: (value: unknown, bounded?: boolean) => Decoded
  readonly decodeRecord: (record: RawRecord) => Decoded
  /** The only event, or the test fails. */
  readonly event: (value: unknown) => DecodedEvent
  /** The only dead letter, or the test fails. */
  readonly deadLetter: (value: unknown) => DeadLetter
  readonly counted: string[]
}

export function testDecoder(overrides: Partial<DecoderDeps> = {}): TestDecoder {
  const counted: string[] = []
  const decoder = createDecoder({
    settings: LIMITS,
    format: canonical,
    fingerprinter: createFingerprinter(KEY),
    trustedProxies: [],
    counters: {
      fieldDropped: (field) => counted.push(field),
      sourceTextSeen: () => counted.push('source text'),
      tokenIdFingerprinted: () => counted.push('token id fingerprinted'),
    },
    ...overrides,
  })
  const decode = (value: unknown, bounded = true) => decoder(recordOf(value), NOW_MS, bounded)
  return {
    decode,
    decodeRecord: (record) => decoder(record, NOW_MS, true),
    event(value) {
      const { events, deadLetters } = decode(value)
      if (events.length !== 1 || deadLetters.length > 0)
        throw new Error(`expected one event, got ${events.length} and ${JSON.stringify(deadLetters)}`)
      return events[0] as DecodedEvent
    },
    deadLetter(value) {
      const { events, deadLetters } = decode(value)
      if (deadLetters.length !== 1 || events.length > 0)
        throw new Error(`expected one dead letter, got ${deadLetters.length} and ${JSON.stringify(events)}`)
      return deadLetters[0] as DeadLetter
    },
    counted,
  }
}

export function recordOf(value: unknown): RawRecord {
  const position = { topic: 'calls', partition: 3, offset: 17 }
  if (value === null || value instanceof Uint8Array) return { ...position, value }
  return { ...position, value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) }
}

/** A good event; `changes` with undefined take a field away. */
export function call(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    timestamp: '2026-03-01T11:59:58.250Z',
    token_id: 'ci-deploy',
    ip: '52.95.110.1',
    method: 'GET',
    path: '/v1/orders',
    status: 200,
    user_agent: 'curl/8.5.0',
    ...changes,
  }
}
