/** Which token made a call, without keeping its credential. */
import type { TokenId, TokenKind } from '../event.ts'
import { looksLikeCredential, stripScheme } from './credential.ts'

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
