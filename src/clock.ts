/** The wall clock, passed in wherever it is needed so that tests set it. Detection never reads it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
