/** A value of ours that must not be printed: it shows as `[redacted]` wherever it is turned into text. */
import { inspect } from 'node:util'

export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** The only way to the text. Call it where it is used, never to keep it. */
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return '[redacted]'
  }
  toJSON(): string {
    return '[redacted]'
  }
  [inspect.custom](): string {
    return '[redacted]'
  }
}

/** A URL's host, for messages about a target whose URL is a secret. */
export function hostOf(url: Secret): string {
  return URL.parse(url.reveal())?.host ?? '[redacted]'
}
