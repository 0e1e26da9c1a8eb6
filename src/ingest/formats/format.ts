/** What a log format is: a mapping onto neutral fields. Types, limits and secrets are judged once, after it. */
import type { DeadLetterReason } from '../dead-letter.ts'

/** An object out of JSON. Values are unknown: a producer may send anything. */
export type JsonObject = Readonly<Record<string, unknown>>

/** What a format found, as it stood in the record. undefined, null, blank text and `-` are absent. */
export interface MappedFields {
  readonly timestamp: unknown
  /** The raw credential, if the format has one. It is fingerprinted and dropped. */
  readonly token?: unknown
  readonly tokenId?: unknown
  /**
   * What the token id is. `opaque` (the default) is judged: a credential sent by mistake is fingerprinted.
   * `cloudtrail` stands as it is; with `none` the call is a service's own and needs no identity.
   */
  readonly tokenKind?: 'opaque' | 'cloudtrail' | 'none'
  readonly tokenName?: unknown
  readonly tenant?: unknown
  readonly service?: unknown
  readonly region?: unknown
  readonly environment?: unknown
  readonly ip?: unknown
  readonly method?: unknown
  readonly path?: unknown
  readonly route?: unknown
  readonly operation?: unknown
  readonly status?: unknown
  readonly errorCode?: unknown
  readonly userAgent?: unknown
  readonly id?: unknown
  readonly bytesIn?: unknown
  readonly bytesOut?: unknown
  readonly latencyMs?: unknown
}

/** Why an event of a record cannot be mapped. `detail` names the field and what was expected, never a value. */
export interface Rejection {
  readonly reason: DeadLetterReason
  readonly detail: string
}

/** One event of a record: `source` is the part of the record that it was mapped from. */
export type MappedEvent =
  | { readonly source: unknown; readonly fields: MappedFields }
  | { readonly source: unknown; readonly rejection: Rejection }

/** In the record's order, which gives `position.index`. Empty where a record holds no event at all. */
export type MappedEvents = readonly MappedEvent[]

/** Pure. Never throws, whatever the object holds, and never recurses into it without a bound. */
export interface Format {
  readonly name: string
  /** One line for the settings reference. */
  readonly summary: string
  /** What the required fields are called here, so that a dead letter speaks the producer's language. */
  readonly fieldNames: { readonly timestamp: string; readonly token: string; readonly endpoint: string }
  map(value: JsonObject): MappedEvents
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
