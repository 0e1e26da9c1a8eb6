/** From a format's neutral fields to an event: the one place where types, limits and secrets are judged. */
import type { DecodedEvent, EventId, EventTimeMs, Position, TokenId } from '../event.ts'
import { hashId } from '../event.ts'
import { readTexts } from './event-text.ts'
import type { DecodeCounters, DroppableField } from './field.ts'
import { cleanText, cutText, isAbsent, numberWithin } from './field.ts'
import type { Format, MappedFields, Rejection } from './formats/format.ts'
import { createSourceAddressParser } from './source-address.ts'
import { judgeTime, parseTimestamp } from './timestamp.ts'
import type { TimeBounds } from './timestamp.ts'
import { identifyToken, searchedCredential, TOKEN_ID_CHARS_MAX } from './token-identity.ts'
import type { Fingerprinter, TokenIdentity } from './token-identity.ts'

export const USER_AGENT_CHARS_MAX = 512
export const PATH_CHARS_MAX = 2048
const ROUTE_CHARS_MAX = 512
const NAME_CHARS_MAX = 256
const METHOD_CHARS_MAX = 32
const PRODUCER_ID_CHARS_MAX = 256

export interface NormaliserDeps {
  readonly format: Format
  readonly fingerprinter: Fingerprinter
  /** Addresses or CIDR ranges. */
  readonly trustedProxies: readonly string[]
  readonly counters: DecodeCounters
}

export type Normaliser = (
  fields: MappedFields,
  position: Position,
  bounds: TimeBounds | undefined,
) => DecodedEvent | Rejection

/** The normalised fields before they become an event: what its hash is made of, in this order. */
type Content = Omit<DecodedEvent, 'position' | 'eventId' | 'producerId'>

export function createNormaliser(deps: NormaliserDeps): Normaliser {
  const { format, counters } = deps
  const parseSource = createSourceAddressParser(deps.trustedProxies)

  function number(value: unknown, field: DroppableField, min: number, max: number): number {
    if (isAbsent(value)) return 0
    const parsed = numberWithin(value, min, max)
    if (parsed === undefined) counters.fieldDropped(field)
    return parsed ?? 0
  }

  function source(text: string): { readonly ip: string; readonly sourceText: string } {
    if (text === '') return { ip: '', sourceText: '' }
    const { ip, text: other } = parseSource(text)
    if (ip === '') counters.sourceTextSeen()
    return { ip, sourceText: cutText(other, NAME_CHARS_MAX) }
  }

  /** The producer's id of the event. One that is too long is dropped: cut ids could meet. */
  function producerIdOf(id: string): string {
    if (id.length <= PRODUCER_ID_CHARS_MAX) return id
    counters.fieldDropped('id')
    return ''
  }

  return function normalise(fields, position, bounds) {
    const problem = requiredProblem(fields, format)
    if (problem) return problem
    const timeMs = timeOf(fields.timestamp, bounds, format)
    if (typeof timeMs === 'object') return timeMs
    const token = tokenOf(fields, deps)
    if ('reason' in token) return token

    const texts = readTexts(fields, token.searched, counters)
    const { userAgent, path } = texts
    const content: Content = {
      timeMs,
      tokenId: token.tokenId,
      tokenKind: token.tokenKind,
      tokenName: cutText(texts.tokenName, NAME_CHARS_MAX),
      tenant: cutText(texts.tenant, NAME_CHARS_MAX),
      service: cutText(texts.service, NAME_CHARS_MAX),
      region: cutText(texts.region, NAME_CHARS_MAX),
      environment: cutText(texts.environment, NAME_CHARS_MAX),
      ...source(texts.source),
      method: cutText(texts.method.toUpperCase(), METHOD_CHARS_MAX),
      path: cutText(path, PATH_CHARS_MAX),
      gatewayRoute: cutText(texts.gatewayRoute, ROUTE_CHARS_MAX),
      operation: cutText(texts.operation, ROUTE_CHARS_MAX),
      status: Math.trunc(number(fields.status, 'status', 100, 999)),
      errorCode: cutText(texts.errorCode, NAME_CHARS_MAX),
      userAgent: cutText(userAgent, USER_AGENT_CHARS_MAX),
      bytesIn: Math.trunc(number(fields.bytesIn, 'bytes_in', 0, Number.MAX_SAFE_INTEGER)),
      bytesOut: Math.trunc(number(fields.bytesOut, 'bytes_out', 0, Number.MAX_SAFE_INTEGER)),
      latencyMs: number(fields.latencyMs, 'latency_ms', 0, 1e12),
      truncated: userAgent.length > USER_AGENT_CHARS_MAX || path.length > PATH_CHARS_MAX,
    }
    const producerId = producerIdOf(texts.producerId)
    const eventId = (producerId === '' ? contentId(content) : producerId) as EventId
    return { position, eventId, producerId, ...content }
  }
}

function timeOf(value: unknown, bounds: TimeBounds | undefined, format: Format): EventTimeMs | Rejection {
  const name = format.fieldNames.timestamp
  if (typeof value !== 'string' && typeof value !== 'number')
    return { reason: 'wrong-type', detail: `${name}: expected RFC 3339 text or an epoch number` }
  const parsed = parseTimestamp(value)
  const judged = parsed === undefined ? 'impossible-time' : judgeTime(parsed, bounds)
  switch (judged) {
    case 'impossible-time':
      return {
        reason: judged,
        detail: `${name}: expected RFC 3339 with an offset, or an epoch number, from 1970 to 2199`,
      }
    case 'time-in-future':
      return { reason: judged, detail: `${name}: expected at most ingest.futureMaxMs after the arrival` }
    case 'time-in-past':
      return { reason: judged, detail: `${name}: expected at most ingest.lateMaxMs before the arrival` }
    default:
      return judged
  }
}

/** Identity and the credential that must not occur in any other field, '' when there is none to search for. */
function tokenOf(
  fields: MappedFields,
  { format, fingerprinter, counters }: NormaliserDeps,
): (TokenIdentity & { readonly searched: string }) | Rejection {
  const name = format.fieldNames.token
  if (fields.tokenKind === 'none') return { tokenId: '' as TokenId, tokenKind: 'none', searched: '' }
  const isWrong = (value: unknown) => typeof value !== 'string' && !isAbsent(value)
  if (isWrong(fields.token) || isWrong(fields.tokenId))
    return { reason: 'wrong-type', detail: `${name}: expected text` }
  const token = isAbsent(fields.token) ? '' : cleanText(fields.token as string)
  const tokenId = isAbsent(fields.tokenId) ? '' : cleanText(fields.tokenId as string)
  const tooLong = {
    reason: 'wrong-type',
    detail: `${name}: expected an id of at most ${TOKEN_ID_CHARS_MAX} characters`,
  } as const
  if (fields.tokenKind === 'cloudtrail')
    return tokenId.length > TOKEN_ID_CHARS_MAX
      ? tooLong
      : { tokenId: tokenId as TokenId, tokenKind: 'cloudtrail', searched: '' }
  const identity = identifyToken({ token, tokenId }, fingerprinter, () => counters.tokenIdFingerprinted())
  switch (identity) {
    case 'missing':
      return { reason: 'missing-field', detail: `${name}: required` }
    case 'too-long':
      return tooLong
    case 'without-key':
      return {
        reason: 'token-without-key',
        detail: `${name}: set enrich.fingerprintKey, or send an id that is no credential`,
      }
    default: {
      const credential = token === '' && identity.tokenKind !== 'opaque' ? tokenId : token
      return { ...identity, searched: searchedCredential(credential) }
    }
  }
}

/**
 * What is missing is said before anything is judged: a record that lacks something may be an envelope. One of path,
 * route and operation must be text; a wrong one beside a good one is only dropped.
 */
function requiredProblem(fields: MappedFields, { fieldNames }: Format): Rejection | undefined {
  const missing = (name: string): Rejection => ({ reason: 'missing-field', detail: `${name}: required` })
  if (isAbsent(fields.timestamp)) return missing(fieldNames.timestamp)
  if (fields.tokenKind !== 'none' && isAbsent(fields.token) && isAbsent(fields.tokenId))
    return missing(fieldNames.token)
  const { operation, route, path } = fields
  let isGiven = false
  for (const value of [operation, route, path]) {
    if (isAbsent(value)) continue
    if (typeof value === 'string') return undefined
    isGiven = true
  }
  if (!isGiven) return missing(fieldNames.endpoint)
  return { reason: 'wrong-type', detail: `${fieldNames.endpoint}: expected text` }
}

/** Equal events share it: it depends on nothing but what the event says. */
function contentId(c: Content): string {
  return hashId(
    c.timeMs,
    c.tokenId,
    c.tokenKind,
    c.tokenName,
    c.tenant,
    c.service,
    c.region,
    c.environment,
    c.ip,
    c.sourceText,
    c.method,
    c.path,
    c.gatewayRoute,
    c.operation,
    c.status,
    c.errorCode,
    c.userAgent,
    c.bytesIn,
    c.bytesOut,
    c.latencyMs,
    c.truncated ? 1 : 0,
  )
}
