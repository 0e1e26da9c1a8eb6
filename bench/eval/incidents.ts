/** Turns scored lines into incidents as an outsider would, and says which attack each of them tells of. */
import { HOUR_MS } from '../../src/settings.ts'
import type { Attack } from './attacks.ts'

/** What is read of a line of `replay --alerts`; a reference rule gives the same. */
export interface ScoredLine {
  /** A token's id, or whatever else the line is about. */
  readonly subject: string
  readonly timeMs: number
  /** The score that thresholds are swept over. */
  readonly bits: number
  readonly detectors: readonly string[]
  readonly title: string
  readonly eventIds: readonly string[]
  readonly ips: readonly string[]
}

/** Lines of one subject with gaps of at most six hours. */
export interface Incident {
  readonly subject: string
  readonly firstMs: number
  readonly lastMs: number
  readonly lines: readonly ScoredLine[]
  /** Empty: a false one. */
  readonly attacks: ReadonlySet<Attack>
}

/** Both the gap that ends an incident and the time after an attack in which it still counts as caught. */
export const GAP_MS = 6 * HOUR_MS

/** Sees the lines of one run at any threshold. */
export interface IncidentView {
  /** Incidents of the lines at or above the threshold, subject by subject. */
  at(threshold: number): readonly Incident[]
  /** Lines that tell of the attack, each on its own, whatever their bits. */
  linesOf(attack: Attack): readonly ScoredLine[]
}

export function createIncidentView(lines: readonly ScoredLine[], attacks: readonly Attack[]): IncidentView {
  const attacksOf = createMatcher(attacks)
  const bySubject = Map.groupBy(
    [...lines].sort((left, right) => left.timeMs - right.timeMs),
    ({ subject }) => subject,
  )
  let linesByAttack: Map<Attack, ScoredLine[]> | undefined

  function groupByAttack(): Map<Attack, ScoredLine[]> {
    const groups = new Map<Attack, ScoredLine[]>()
    for (const line of [...bySubject.values()].flat()) {
      for (const attack of attacksOf(line.subject, line.timeMs, line.timeMs, [line])) append(groups, attack, line)
    }
    return groups
  }

  return {
    at: (threshold) =>
      [...bySubject].flatMap(([subject, own]) =>
        runsOf(own.filter(({ bits }) => bits >= threshold)).map((run): Incident => {
          const firstMs = (run[0] as ScoredLine).timeMs
          const lastMs = (run.at(-1) as ScoredLine).timeMs
          return { subject, firstMs, lastMs, lines: run, attacks: attacksOf(subject, firstMs, lastMs, run) }
        }),
      ),
    linesOf: (attack) => (linesByAttack ??= groupByAttack()).get(attack) ?? [],
  }
}

function runsOf(lines: readonly ScoredLine[]): readonly (readonly ScoredLine[])[] {
  const runs: ScoredLine[][] = []
  for (const line of lines) {
    const run = runs.at(-1)
    if (run !== undefined && line.timeMs - (run.at(-1) as ScoredLine).timeMs <= GAP_MS) run.push(line)
    else runs.push([line])
  }
  return runs
}

type Matcher = (subject: string, firstMs: number, lastMs: number, lines: readonly ScoredLine[]) => ReadonlySet<Attack>

/**
 * An incident tells of an attack when it overlaps with the attack on its token, from the first labelled event to six
 * hours after the last; or when it holds a labelled event; or, for attacks on several tokens, whose subject may well be
 * a network, when it holds an address of the attack at that time.
 */
function createMatcher(attacks: readonly Attack[]): Matcher {
  const onToken = new Map<string, Attack[]>()
  const byEvent = new Map<string, Attack>()
  const byAddress = new Map<string, Attack[]>()
  for (const attack of attacks) {
    for (const token of attack.spans.keys()) append(onToken, token, attack)
    for (const id of attack.eventIds) byEvent.set(id, attack)
    if (attack.spans.size > 1) for (const ip of attack.ips) append(byAddress, ip, attack)
  }

  return (subject, firstMs, lastMs, lines) => {
    const overlaps = (span: { readonly firstMs: number; readonly lastMs: number } | undefined) =>
      span !== undefined && lastMs >= span.firstMs && firstMs <= span.lastMs + GAP_MS
    const told = new Set((onToken.get(subject) ?? []).filter((attack) => overlaps(attack.spans.get(subject))))
    for (const { eventIds, ips } of lines) {
      for (const id of eventIds) {
        const attack = byEvent.get(id)
        if (attack !== undefined) told.add(attack)
      }
      for (const ip of ips) for (const attack of byAddress.get(ip) ?? []) if (overlaps(attack)) told.add(attack)
    }
    return told
  }
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, [value])
  else values.push(value)
}
