/** What a table of networks answers, and what one is made of. */

export interface AsnEntry {
  readonly asn: number
  /** The registered name, for people only. */
  readonly name: string
}

export interface AsnLookup {
  /** @param ip a normalised address. */
  find(ip: string): AsnEntry | undefined
}

export interface AsnRange extends AsnEntry {
  readonly isV6: boolean
  /** First and last address as integers. */
  readonly start: bigint
  readonly end: bigint
}
