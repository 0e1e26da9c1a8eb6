/** What the reference rules have in common: rules of the kind that people run today, judged on the same events. */
import type { AccessEvent } from '../../../src/event.ts'

/** Sees each event once, in the order of the log, and keeps what it needs to know of each token. */
export interface Rule {
  readonly name: string
  /** Why it fires on this event: nothing where it does not, the same text for the same alert. */
  inspect(event: AccessEvent): readonly string[]
}

/** A dimension that rules look at. '' is no value. */
export interface Watched {
  readonly name: string
  readonly valueOf: (event: AccessEvent) => string
  /** A value that was not seen for so long is new again. */
  readonly forgetMs: number
}

export const address = (event: AccessEvent): string => event.ip
export const userAgent = (event: AccessEvent): string => event.userAgent
export const agentFamily = (event: AccessEvent): string => event.agent
export const endpoint = (event: AccessEvent): string => `${event.service} ${event.method} ${event.route}`
export const country = (event: AccessEvent): string => event.country
export const network = (event: AccessEvent): string => event.network

/** State of each token, made with its first event. */
export function perToken<T>(create: (event: AccessEvent) => T): (event: AccessEvent) => T {
  const states = new Map<string, T>()
  return (event) => {
    const known = states.get(event.tokenId)
    if (known !== undefined) return known
    const made = create(event)
    states.set(event.tokenId, made)
    return made
  }
}
