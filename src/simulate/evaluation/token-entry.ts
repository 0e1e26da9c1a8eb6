/** What is known of a token, as it is written into a registry's file. */

/** In the form that `replay --tokens` reads. Absent strings are '', absent times null. */
export interface TokenEntry {
  readonly token_id: string
  readonly name: string
  owner: string
  readonly tenant: string
  readonly service: string
  scopes: readonly string[]
  readonly environment: string
  /** RFC 3339. */
  created_at: string
  expires_at: string | null
  revoked_at?: string
  compromised_at?: string
  rotated_from?: string
}
