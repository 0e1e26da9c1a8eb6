/**
 * AWS CloudTrail: raw records, one per message or in a `Records` array as S3 delivers them.
 * Field reference: AWS CloudTrail user guide, "CloudTrail record contents" and "userIdentity element".
 */
import { isAbsent } from '../field.ts'
import { isJsonObject } from './format.ts'
import type { Format, JsonObject, MappedEvent, MappedFields } from './format.ts'

export const cloudtrail: Format = {
  name: 'cloudtrail',
  summary: 'AWS CloudTrail records, one per message or in a `Records` array.',
  fieldNames: { timestamp: 'eventTime', token: 'userIdentity', endpoint: 'eventName' },
  map(value) {
    const records = value['Records']
    return Array.isArray(records) ? records.map(mapRecord) : [mapRecord(value)]
  },
}

function mapRecord(record: unknown): MappedEvent {
  if (!isJsonObject(record))
    return { source: record, rejection: { reason: 'not-an-object', detail: 'Records: expected objects' } }
  const identity = record['userIdentity']
  if (!isAbsent(identity) && !isJsonObject(identity))
    return { source: record, rejection: { reason: 'wrong-type', detail: 'userIdentity: expected an object' } }
  return { source: record, fields: fieldsOf(record, isJsonObject(identity) ? identity : {}) }
}

function fieldsOf(record: JsonObject, identity: JsonObject): MappedFields {
  const tokenId = tokenIdOf(identity)
  const extra = record['additionalEventData']
  const counts = isJsonObject(extra) ? extra : {}
  return {
    timestamp: record['eventTime'],
    tokenId,
    tokenKind: tokenId === undefined ? 'none' : 'cloudtrail',
    tokenName: tokenNameOf(identity),
    tenant: record['recipientAccountId'],
    service: withoutSuffix(record['eventSource'], '.amazonaws.com'),
    region: record['awsRegion'],
    ip: record['sourceIPAddress'],
    method: record['readOnly'] === true ? 'READ' : record['readOnly'] === false ? 'WRITE' : undefined,
    operation: record['eventName'],
    status: statusOf(record),
    errorCode: record['errorCode'],
    userAgent: withoutBrackets(record['userAgent']),
    id: record['eventID'],
    bytesIn: counts['bytesTransferredIn'],
    bytesOut: counts['bytesTransferredOut'],
  }
}

/**
 * A long-lived key is its own identity. A session key lives for hours, so its history belongs to the role that issued
 * it, else to the principal. A service's own call has none of them.
 */
function tokenIdOf(identity: JsonObject): string | undefined {
  const key = identity['accessKeyId']
  if (typeof key === 'string' && !isAbsent(key) && !key.startsWith('ASIA')) return key
  return present(issuerOf(identity)['arn']) ?? present(identity['principalId']) ?? present(identity['arn'])
}

function issuerOf(identity: JsonObject): JsonObject {
  const session = identity['sessionContext']
  const issuer = isJsonObject(session) ? session['sessionIssuer'] : undefined
  return isJsonObject(issuer) ? issuer : {}
}

function tokenNameOf(identity: JsonObject): string | undefined {
  const issuer = issuerOf(identity)
  const name = present(identity['userName']) ?? present(issuer['userName'])
  if (name !== undefined) return name
  const arn = present(identity['arn']) ?? present(issuer['arn'])
  return arn?.slice(Math.max(arn.lastIndexOf('/'), arn.lastIndexOf(':')) + 1)
}

function present(value: unknown): string | undefined {
  return typeof value === 'string' && !isAbsent(value) ? value : undefined
}

function withoutSuffix(value: unknown, suffix: string): unknown {
  return typeof value === 'string' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value
}

/** S3 and some consoles write the user agent in brackets, and the same client is then known under two names. */
function withoutBrackets(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith('[') && value.endsWith(']') ? value.slice(1, -1) : value
}

/**
 * The HTTP status that an error code stands for, the first match counting. Services name errors as they like: codes
 * that are not listed are 400, the caller's mistake.
 */
const STATUS_BY_ERROR: readonly (readonly [RegExp, number])[] = [
  [
    /InvalidClientTokenId|SignatureDoesNotMatch|AuthFailure|ExpiredToken|UnrecognizedClient|InvalidAccessKeyId|InvalidToken|IncompleteSignature|MissingAuthenticationToken|RequestExpired|NotSignedUp/,
    401,
  ],
  [/AccessDenied|UnauthorizedOperation|Unauthorized|Forbidden|NotAuthorized|OptInRequired/, 403],
  [/Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|RequestRateExceeded|ProvisionedThroughputExceeded/, 429],
  [/NoSuch|NotFound|DoesNotExist/, 404],
  [/ServiceUnavailable|Unavailable$/, 503],
  [/^Internal|InternalError|InternalFailure|InternalServer|ServiceException$|ServerException$/, 500],
]

function statusOf(record: JsonObject): number {
  const code = record['errorCode']
  if (typeof code === 'string' && !isAbsent(code)) {
    const text = code.slice(0, 256)
    return STATUS_BY_ERROR.find(([pattern]) => pattern.test(text))?.[1] ?? 400
  }
  const response = record['responseElements']
  const failed =
    record['eventName'] === 'ConsoleLogin' && isJsonObject(response) && response['ConsoleLogin'] === 'Failure'
  if (failed) return 401
  return isAbsent(record['errorMessage']) ? 200 : 400
}
