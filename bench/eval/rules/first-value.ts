/** Values that a token has not used for some time: the rule "first seen", and the rule of several firsts together. */
import type { AccessEvent } from '../../../src/event.ts'
import { perToken, type Rule, type Watched } from './rule.ts'

export interface FirstValueOptions {
  readonly name: string
  readonly watched: Watched
  /** A token's first days, in which everything is new and nothing is told. */
  readonly learnMs: number
}

/** Fires on a value that the token has not used within `forgetMs`. */
export function createFirstValue({ name, watched, learnMs }: FirstValueOptions): Rule {
  const isFirst = createFirsts(watched)
  const sinceOf = perToken(({ timeMs }) => timeMs)
  return {
    name,
    inspect(event) {
      const first = isFirst(event)
      return first && event.timeMs - sinceOf(event) >= learnMs ? [`${watched.name} ${watched.valueOf(event)}`] : []
    },
  }
}

export interface CoincidenceOptions {
  readonly name: string
  readonly watched: readonly Watched[]
  readonly learnMs: number
  readonly withinMs: number
  /** In so many different dimensions. */
  readonly countMin: number
}

/** Fires when first values of several dimensions come within a short time; one reason for each of them. */
export function createCoincidence(options: CoincidenceOptions): Rule {
  const firsts = options.watched.map((watched) => ({ watched, isFirst: createFirsts(watched) }))
  const tokenOf = perToken(({ timeMs }) => ({ sinceMs: timeMs, lastFirsts: new Map<string, number>() }))
  return {
    name: options.name,
    inspect(event) {
      const { sinceMs, lastFirsts } = tokenOf(event)
      const found = firsts.filter(({ isFirst }) => isFirst(event))
      if (found.length === 0 || event.timeMs - sinceMs < options.learnMs) return []
      for (const { watched } of found) lastFirsts.set(watched.name, event.timeMs)
      const recent = [...lastFirsts].filter(([, timeMs]) => Math.abs(event.timeMs - timeMs) <= options.withinMs)
      return recent.length >= options.countMin ? recent.map(([name]) => `first ${name}`) : []
    },
  }
}

/** Whether the event brings a value that the token has not used within the time; the event itself is learned. */
function createFirsts({ valueOf, forgetMs }: Watched): (event: AccessEvent) => boolean {
  const valuesOf = perToken(() => new Map<string, number>())
  return (event) => {
    const value = valueOf(event)
    if (value === '') return false
    const values = valuesOf(event)
    const lastMs = values.get(value) ?? -Infinity
    values.set(value, Math.max(lastMs, event.timeMs))
    return event.timeMs - lastMs > forgetMs
  }
}
