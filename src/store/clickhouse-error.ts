/** What a failed request to ClickHouse was, parsed once, so that nothing else looks at a message's text. */
import { ClickHouseError as ServerError } from '@clickhouse/client'
import type { Redact } from '../log.ts'
import { printable } from '../text.ts'

/**
 * Codes after which the same request may work later: the server is busy, full, restarting or cut off. All others need
 * a person (a missing table, wrong credentials, a type that does not fit).
 */
const RETRYABLE_CODES: ReadonlySet<number> = new Set([
  3, // UNEXPECTED_END_OF_FILE: the connection broke
  23, // CANNOT_READ_FROM_ISTREAM
  24, // CANNOT_WRITE_TO_OSTREAM
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  75, // CANNOT_WRITE_TO_FILE_DESCRIPTOR
  95, // CANNOT_READ_FROM_SOCKET
  96, // CANNOT_WRITE_TO_SOCKET
  159, // TIMEOUT_EXCEEDED
  160, // TOO_SLOW
  198, // DNS_ERROR
  201, // QUOTA_EXCEEDED
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  203, // NO_FREE_CONNECTION
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  225, // NO_ZOOKEEPER
  236, // ABORTED: shutting down
  241, // MEMORY_LIMIT_EXCEEDED
  242, // TABLE_IS_READ_ONLY
  243, // NOT_ENOUGH_SPACE
  252, // TOO_MANY_PARTS
  279, // ALL_CONNECTION_TRIES_FAILED
  285, // TOO_FEW_LIVE_REPLICAS
  286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  319, // UNKNOWN_STATUS_OF_INSERT
  364, // RECEIVED_ERROR_TOO_MANY_REQUESTS
  394, // QUERY_WAS_CANCELLED
  425, // SYSTEM_ERROR
  439, // CANNOT_SCHEDULE_TASK
  473, // DEADLOCK_AVOIDED
  499, // S3_ERROR
  700, // USER_SESSION_LIMIT_EXCEEDED
  733, // TABLE_IS_BEING_RESTARTED
  735, // QUERY_WAS_CANCELLED_BY_CLIENT
  745, // SERVER_OVERLOADED
  999, // KEEPER_EXCEPTION
  1000, // POCO_EXCEPTION
])

/** Certificate errors do not go away by themselves; Node names them with these prefixes or codes. */
const CERTIFICATE_CODE = /^(ERR_TLS_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY)_)/

export class ClickHouseError extends Error {
  override readonly name = 'ClickHouseError'
  /** The server's error code, 0 where the server gave none: no connection, no answer in time, a proxy's answer. */
  readonly code: number
  /** The server's name for the code, or Node's (`ECONNREFUSED`), or `UNKNOWN`. */
  readonly type: string
  readonly retryable: boolean
  constructor(message: string, detail: { code: number; type: string; retryable: boolean }) {
    super(message)
    this.code = detail.code
    this.type = detail.type
    this.retryable = detail.retryable
  }
}

const MESSAGE_CHARS_MAX = 2000

/** Turns what the client library threw into a ClickHouseError. The cause is left out: it may quote what is secret. */
export function clickHouseErrorOf(error: unknown, redact: Redact): ClickHouseError {
  if (error instanceof ClickHouseError) return error
  const text = printable(redact(error instanceof Error ? error.message : String(error))).slice(0, MESSAGE_CHARS_MAX)
  if (error instanceof ServerError) {
    const code = Number(error.code)
    const type = error.type ?? 'UNKNOWN'
    const message = `ClickHouse error ${code} (${type}): ${text}`
    return new ClickHouseError(message, { code, type, retryable: RETRYABLE_CODES.has(code) })
  }
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  const type = typeof code === 'string' ? code : 'UNKNOWN'
  const ours = error instanceof TypeError || error instanceof RangeError
  return new ClickHouseError(`no answer from ClickHouse (${type}): ${text}`, {
    code: 0,
    type,
    retryable: !ours && !CERTIFICATE_CODE.test(type),
  })
}
