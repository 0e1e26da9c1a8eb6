/** The text fields of an event: read, cleaned, and rid of credentials before anything is cut off them. */
import { holdsCredential, MASK, maskShapes } from './credential.ts'
import type { DecodeCounters, DroppableField } from './field.ts'
import { cleanText } from './field.ts'
import type { MappedFields } from './formats/format.ts'
import { normalisePath } from './request-path.ts'

export interface EventTexts {
  readonly tokenName: string
  readonly tenant: string
  readonly service: string
  readonly region: string
  readonly environment: string
  /** As it came: an address, a list of them, or words. */
  readonly source: string
  readonly method: string
  /** Normalised. */
  readonly path: string
  readonly gatewayRoute: string
  readonly operation: string
  readonly errorCode: string
  readonly userAgent: string
  readonly producerId: string
}

/** Every field is cut to less in the end. Looking for shapes in more than this would only cost time. */
const SEARCHED_CHARS_MAX = 8192

/**
 * Texts that hold no credential. A producer that logs the credential into another field too must not get it into a
 * table that way: the call's own is found as it is, others by their shape.
 * @param credential the call's own, '' when it is too short to search for.
 */
export function readTexts(fields: MappedFields, credential: string, counters: DecodeCounters): EventTexts {
  const text = (value: unknown, field: DroppableField): string => {
    if (value === undefined || value === null) return ''
    if (typeof value !== 'string') {
      counters.fieldDropped(field)
      return ''
    }
    const clean = cleanText(value)
    return clean === '-' ? '' : clean
  }
  const texts: EventTexts = {
    tokenName: text(fields.tokenName, 'token_name'),
    tenant: text(fields.tenant, 'tenant'),
    service: text(fields.service, 'service'),
    region: text(fields.region, 'region'),
    environment: text(fields.environment, 'environment'),
    source: text(fields.ip, 'ip'),
    method: text(fields.method, 'method'),
    path: text(fields.path, 'path'),
    gatewayRoute: text(fields.route, 'route'),
    operation: text(fields.operation, 'operation'),
    errorCode: text(fields.errorCode, 'error_code'),
    userAgent: text(fields.userAgent, 'user_agent'),
    producerId: text(fields.id, 'id'),
  }
  const safe = mayLeak(texts, credential) ? masked(texts, credential) : texts
  return safe.path === '' ? safe : { ...safe, path: normalisePath(safe.path) }
}

/** One search over all fields but the path, whose segments are judged one by one. */
function mayLeak(texts: EventTexts, credential: string): boolean {
  const all = `${texts.tokenName}\n${texts.userAgent}\n${texts.gatewayRoute}\n${texts.operation}\n${texts.source}\n${texts.tenant}\n${texts.service}\n${texts.region}\n${texts.environment}\n${texts.errorCode}\n${texts.method}\n${texts.producerId}`
  if (all.length + texts.path.length > SEARCHED_CHARS_MAX || holdsCredential(all)) return true
  return credential !== '' && (all.includes(credential) || texts.path.includes(credential))
}

function masked(texts: EventTexts, credential: string): EventTexts {
  const without = (field: string, text: string): string => {
    const own = credential === '' ? text : text.replaceAll(credential, MASK)
    if (own.length <= SEARCHED_CHARS_MAX) return own
    // Of a list of addresses the end counts: what stands before it was written by the client, who may write a lot.
    return (field === 'source' ? own.slice(-SEARCHED_CHARS_MAX) : own.slice(0, SEARCHED_CHARS_MAX)).toWellFormed()
  }
  const entries = Object.entries(texts).map(([field, text]: [string, string]) => [
    field,
    field === 'path' ? without(field, text) : maskShapes(without(field, text)),
  ])
  return Object.fromEntries(entries) as EventTexts
}
