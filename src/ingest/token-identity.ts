/** Which token made a call, without keeping its credential. */
import type { TokenId, TokenKind } from '../event.ts'
import { createMemo } from '../memo.ts'
import { looksLikeCredential, stripScheme } from './credential.ts'
import { cleanText, type DecodeCounters, isAbsent } from './field.ts'
import type { MappedFields, Rejection } from './formats/format.ts'

export interface TokenIdentity {
  readonly tokenId: TokenId
  readonly tokenKind: TokenKind
}

/** Turns credentials into ids that reveal nothing. Without a key it can make none. */
export interface Fingerprinter {
  /** Tells keys apart without revealing anything of them; '' without a key. */
  readonly keyId: string
  /** Strips a scheme first. A JWT is known by issuer and client or subject, anything else by itself. */
  identify(credential: string): TokenIdentity | undefined
  /** The id alone. */
  fingerprint(credential: string): TokenId | undefined
}

/** A longer id would have to be cut, and two tokens could become one. */
export const TOKEN_ID_CHARS_MAX = 1024

/** Shorter credentials are not searched for in other fields: they would be found everywhere. */
const SEARCHED_CHARS_MIN = 8

export interface TokenFields {
  /** The raw credential, cleaned; '' when absent. */
  readonly token: string
  /** The producer's id, cleaned; '' when absent. */
  readonly tokenId: string
}

export type IdentityProblem = 'missing' | 'without-key' | 'too-long'

/**
 * The producer's id wins over the credential: it is the name the producer chose and needs no key. Where it is the
 * credential itself, or looks like one, it is fingerprinted; `onFingerprinted` counts that.
 */
export function identifyToken(
  fields: TokenFields,
  fingerprinter: Fingerprinter,
  onFingerprinted: () => void,
): TokenIdentity | IdentityProblem {
  const { token, tokenId } = fields
  if (tokenId !== '') {
    const searched = searchedCredential(token)
    if (!looksLikeCredential(tokenId) && (searched === '' || !tokenId.includes(searched))) {
      if (tokenId.length > TOKEN_ID_CHARS_MAX) return 'too-long'
      return { tokenId: tokenId as TokenId, tokenKind: 'opaque' }
    }
    onFingerprinted()
  }
  const credential = token === '' ? tokenId : token
  if (stripScheme(credential) === '') return 'missing'
  return fingerprinter.identify(credential) ?? 'without-key'
}

/** The part of a credential that must not occur in any other field; '' when it is too short to search for. */
export function searchedCredential(credential: string): string {
  const text = stripScheme(credential)
  return text.length >= SEARCHED_CHARS_MIN ? text : ''
}

/** Identity and the credential that must not occur in any other field, '' when there is none to search for. */
export interface ReadToken extends TokenIdentity {
  readonly searched: string
}

const KNOWN_TOKEN_IDS_MAX = 20_000
const KNOWN_TOKEN_ID_CHARS_MAX = 256

/** @param name what the format calls the field. */
export function createTokenReader(
  name: string,
  fingerprinter: Fingerprinter,
  counters: DecodeCounters,
): (fields: MappedFields) => ReadToken | Rejection {
  /** Ids that came without a credential and look like none. */
  const known = createMemo<ReadToken>(KNOWN_TOKEN_IDS_MAX)
  const tooLong = {
    reason: 'wrong-type',
    detail: `${name}: expected an id of at most ${TOKEN_ID_CHARS_MAX} characters`,
  } as const

  function identified(token: string, tokenId: string): ReadToken | Rejection {
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

  return function readToken(fields) {
    const isJudged = fields.tokenKind === undefined || fields.tokenKind === 'opaque'
    const alone =
      isJudged && fields.token === undefined && typeof fields.tokenId === 'string' ? fields.tokenId : undefined
    const before = alone === undefined ? undefined : known.get(alone)
    if (before !== undefined) return before
    if (fields.tokenKind === 'none') return { tokenId: '' as TokenId, tokenKind: 'none', searched: '' }
    const isWrong = (value: unknown) => typeof value !== 'string' && !isAbsent(value)
    if (isWrong(fields.token) || isWrong(fields.tokenId))
      return { reason: 'wrong-type', detail: `${name}: expected text` }
    const token = isAbsent(fields.token) ? '' : cleanText(fields.token as string)
    const tokenId = isAbsent(fields.tokenId) ? '' : cleanText(fields.tokenId as string)
    if (fields.tokenKind === 'cloudtrail')
      return tokenId.length > TOKEN_ID_CHARS_MAX
        ? tooLong
        : { tokenId: tokenId as TokenId, tokenKind: 'cloudtrail', searched: '' }
    const read = identified(token, tokenId)
    const isOpaque = !('reason' in read) && read.tokenKind === 'opaque'
    if (isOpaque && alone !== undefined && alone.length <= KNOWN_TOKEN_ID_CHARS_MAX) known.set(alone, read)
    return read
  }
}
