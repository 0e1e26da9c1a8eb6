/** From a format's neutral fields to an event: the one place where types, limits and secrets are judged. */
import type { DecodedEvent, EventId, EventTimeMs, Position } from '../event.ts'
import { hashId } from '../event.ts'
import { createTextReader } from './event-text.ts'
import type { DecodeCounters, DroppableField } from './field.ts'
import { cutText, isAbsent, numberWithin } from './field.ts'
import type { Format, MappedFields, Rejection } from './formats/format.ts'
import { createSourceReader } from './source-address.ts'
import { judgeTime, parseTimestamp } from './timestamp.ts'
import type { TimeBounds } from './timestamp.ts'
import { createTokenReader } from './token-identity.ts'
import type { Fingerprinter } from './token-identity.ts'

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

export function createNormaliser(deps: NormaliserDeps): Normaliser {
  const { format, counters } = deps
  const { text, rareText, path: readPath, source: readSourceText } = createTextReader(counters)
  const readSource = createSourceReader(deps.trustedProxies, readSourceText)
  const readToken = createTokenReader(format.fieldNames.token, deps.fingerprinter, counters)

  function number(value: unknown, field: DroppableField, min: number, max: number): number {
    if (isAbsent(value)) return 0
    const parsed = numberWithin(value, min, max)
    if (parsed === undefined) counters.fieldDropped(field)
    return parsed ?? 0
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
    const token = readToken(fields)
    if ('reason' in token) return token

    const { searched } = token
    const userAgent = text(fields.userAgent, 'user_agent', searched)
    const path = readPath(fields.path, searched)
    const producerId = producerIdOf(rareText(fields.id, 'id', searched))
    const { ip, text: sourceText } = readSource(fields.ip, searched)
    if (sourceText !== '') counters.sourceTextSeen()
    const event: DecodedEvent & { eventId: EventId } = {
      position,
      eventId: producerId as EventId,
      producerId,
      timeMs,
      tokenId: token.tokenId,
      tokenKind: token.tokenKind,
      tokenName: cutText(text(fields.tokenName, 'token_name', searched), NAME_CHARS_MAX),
      tenant: cutText(text(fields.tenant, 'tenant', searched), NAME_CHARS_MAX),
      service: cutText(text(fields.service, 'service', searched), NAME_CHARS_MAX),
      region: cutText(text(fields.region, 'region', searched), NAME_CHARS_MAX),
      environment: cutText(text(fields.environment, 'environment', searched), NAME_CHARS_MAX),
      ip,
      sourceText: cutText(sourceText, NAME_CHARS_MAX),
      method: cutText(text(fields.method, 'method', searched).toUpperCase(), METHOD_CHARS_MAX),
      path: cutText(path, PATH_CHARS_MAX),
      gatewayRoute: cutText(text(fields.route, 'route', searched), ROUTE_CHARS_MAX),
      operation: cutText(text(fields.operation, 'operation', searched), ROUTE_CHARS_MAX),
      status: Math.trunc(number(fields.status, 'status', 100, 999)),
      errorCode: cutText(text(fields.errorCode, 'error_code', searched), NAME_CHARS_MAX),
      userAgent: cutText(userAgent, USER_AGENT_CHARS_MAX),
      bytesIn: Math.trunc(number(fields.bytesIn, 'bytes_in', 0, Number.MAX_SAFE_INTEGER)),
      bytesOut: Math.trunc(number(fields.bytesOut, 'bytes_out', 0, Number.MAX_SAFE_INTEGER)),
      latencyMs: number(fields.latencyMs, 'latency_ms', 0, 1e12),
      truncated: userAgent.length > USER_AGENT_CHARS_MAX || path.length > PATH_CHARS_MAX,
    }
    if (producerId === '') event.eventId = contentId(event)
    return event
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

/**
 * What is missing is said before anything is judged: a record that lacks something may be an envelope. One of path,
 * route and operation must be text; a wrong one beside a good one is only dropped.
 */
function requiredProblem(fields: MappedFields, { fieldNames }: Format): Rejection | undefined {
  if (isAbsent(fields.timestamp)) return missing(fieldNames.timestamp)
  if (fields.tokenKind !== 'none' && isAbsent(fields.tokenId) && isAbsent(fields.token))
    return missing(fieldNames.token)
  const { operation, route, path } = fields
  if (isPresentText(path) || isPresentText(route) || isPresentText(operation)) return undefined
  if (isAbsent(operation) && isAbsent(route) && isAbsent(path)) return missing(fieldNames.endpoint)
  return { reason: 'wrong-type', detail: `${fieldNames.endpoint}: expected text` }
}

function missing(name: string): Rejection {
  return { reason: 'missing-field', detail: `${name}: required` }
}

function isPresentText(value: unknown): boolean {
  return typeof value === 'string' && !isAbsent(value)
}

/** Equal events share it: it depends on nothing but what the event says, and neither on its place nor on its id. */
function contentId(c: DecodedEvent): EventId {
  const id = hashId(
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
  return id as EventId
}
