/** The one noun that crosses every room: an access event, with the ids, times and units that others build on. */
import { hash } from 'node:crypto'

declare const brand: unique symbol
type Branded<T, B extends string> = T & { readonly [brand]: B }

/** `tok_…` for a fingerprinted credential, else an opaque id that is no secret. */
export type TokenId = Branded<string, 'TokenId'>
export type EventId = Branded<string, 'EventId'>
export type FindingId = Branded<string, 'FindingId'>
export type IncidentId = Branded<string, 'IncidentId'>
export type AlertId = Branded<string, 'AlertId'>
export type DeliveryId = Branded<string, 'DeliveryId'>
/** Milliseconds since 1970 in the producer's time. Never mixed with the wall clock. */
export type EventTimeMs = Branded<number, 'EventTimeMs'>

/** Where a record stands in its log. `index` counts the events that one record was mapped to. */
export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly index: number
}

/** How the token id came about; part of what an analyst sees. */
export type TokenKind = 'fingerprint' | 'jwt' | 'opaque' | 'cloudtrail' | 'none'

/** What a finding, an incident or an alert is about. `pipeline` is tokenwatch itself. */
export type SubjectKind = 'token' | 'network' | 'pipeline'

/** What kind of source the call came from. Only `public` has a geography. */
export type SourceClass = 'public' | 'private' | 'reserved' | 'cloud-service' | 'none'

/** An event as decoded and normalised, before enrichment. Absent strings are '', absent numbers 0. */
export interface DecodedEvent {
  readonly position: Position
  /** The producer's id, else a hash of the normalised event without its position. */
  readonly eventId: EventId
  /** The producer's own id, '' when it sent none. Only these serve to drop duplicates. */
  readonly producerId: string
  readonly timeMs: EventTimeMs
  /** '' for a cloud service's own call: stored, never profiled. */
  readonly tokenId: TokenId
  readonly tokenKind: TokenKind
  readonly tokenName: string
  readonly tenant: string
  readonly service: string
  readonly region: string
  readonly environment: string
  /** Normalised address, '' when absent or when the text was no address. */
  readonly ip: string
  /** What stood in place of an address, such as `AWS Internal`. */
  readonly sourceText: string
  readonly method: string
  /** Without query, secret-looking segments replaced. */
  readonly path: string
  /** The gateway's route template, '' when it sent none. */
  readonly gatewayRoute: string
  /** The operation's name, '' when it sent none. */
  readonly operation: string
  /** HTTP status or the format's equivalent, 0 when unknown. */
  readonly status: number
  /** The format's own error code, such as `AccessDenied`. */
  readonly errorCode: string
  readonly userAgent: string
  readonly bytesIn: number
  readonly bytesOut: number
  readonly latencyMs: number
  /** A user agent or path was cut to its limit. */
  readonly truncated: boolean
}

/** An event with what enrichment adds. A chain level never holds `|`, which separates levels (docs/schema.md). */
export interface AccessEvent extends DecodedEvent {
  readonly sourceClass: SourceClass
  /** ISO 3166-1 alpha-2, '' when unknown or not public. */
  readonly country: string
  readonly geoRegion: string
  readonly city: string
  /** `country|region|city|lat,lon` with coordinates rounded to 0.1 degree, '' when unknown. */
  readonly place: string
  /** `AS16509`, else the prefix, else the cloud service's name. */
  readonly network: string
  /** The network's registered name, for people only; no statistic uses it. */
  readonly networkName: string
  /** /24 or /48 in CIDR notation. */
  readonly prefix: string
  /** The address; an IPv6 address is collapsed to its /64. */
  readonly address: string
  /** Gateway route, else operation, else a template made from the path. */
  readonly route: string
  readonly agent: string
  readonly agentVersion: string
}

/** SHA-256 over length-prefixed fields, the first 128 bits in hex. Lengths are those in UTF-8. */
export function hashId(...fields: readonly (string | number)[]): string {
  let text = ''
  for (const field of fields) {
    const part = String(field)
    text += `${part.length}:${part}`
  }
  // In ASCII, which nearly all ids are made of, a character is a byte: one look at the whole spares one at each field.
  if (Buffer.byteLength(text) !== text.length) {
    text = fields.map((field) => `${Buffer.byteLength(String(field))}:${field}`).join('')
  }
  // One call over one text costs half of what an update for each field does.
  return hash('sha256', text, 'hex').slice(0, 32)
}

/** Rounds bits to 1/256, which Float32 holds exactly, so that sums are the same in any order. */
export function roundBits(bits: number): number {
  return Math.round(bits * 256) / 256
}
