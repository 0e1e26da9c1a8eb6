/** What people did with incidents and tokens, as a block sees it: pure, and the same whenever the block is processed. */
import type { IncidentId, TokenId } from '../event.ts'
import type { Dimension } from '../profile/dimension.ts'
import { type TokenMarks, type Tombstone, type Verdict, hasLevels } from '../profile/marks.ts'

/** `acknowledge` says that somebody looks at it and changes nothing else. */
export const ACTION_NAMES = ['acknowledge', 'benign', 'malicious', 'resolve'] as const
export type ActionName = (typeof ACTION_NAMES)[number]

/** A value of a token in one dimension, its levels joined by `|`. */
export interface MarkedValue {
  readonly dimension: Dimension
  readonly value: string
}

export interface IncidentAction {
  readonly incidentId: IncidentId
  /** The token or source that the incident is about. */
  readonly subject: string
  readonly action: ActionName
  /** Of a verdict on a token's incident: the values that it is about. */
  readonly values: readonly MarkedValue[]
  /** When it was taken. */
  readonly atMs: number
}

export interface TokenTombstone extends Tombstone {
  readonly tokenId: TokenId
  /** When somebody asked for it. */
  readonly atMs: number
}

export interface Actions {
  readonly marksOf: (tokenId: TokenId) => TokenMarks | undefined
  /** Whether the incident was called benign: nothing joins it any more. */
  readonly isClosed: (incidentId: IncidentId) => boolean
  /** How often the incident was resolved. */
  readonly resolvesOf: (incidentId: IncidentId) => number
}

/** The latest word on a value or an incident holds; what was called benign and is forgotten later begins anew. */
export function createActions(actions: readonly IncidentAction[], tombstones: readonly TokenTombstone[]): Actions {
  const marks = new Map<TokenId, MutableMarks>()
  const verdicts = new Map<IncidentId, Verdict>()
  const resolves = new Map<IncidentId, number>()

  function marksFor(tokenId: TokenId): MutableMarks {
    const known = marks.get(tokenId) ?? { verdicts: new Map(), tombstones: [] }
    marks.set(tokenId, known)
    return known
  }

  function take({ incidentId, subject, action, values }: IncidentAction): void {
    if (action === 'resolve') resolves.set(incidentId, (resolves.get(incidentId) ?? 0) + 1)
    if (action !== 'benign' && action !== 'malicious') return
    verdicts.set(incidentId, action)
    for (const { dimension, value } of values) {
      const own = marksFor(subject as TokenId).verdicts
      const known = own.get(dimension) ?? new Map<string, Verdict>()
      own.set(dimension, known.set(value, action))
    }
  }

  function bury({ tokenId, dimension, prefix, beforeMs }: TokenTombstone): void {
    const own = marksFor(tokenId)
    own.tombstones.push({ dimension, prefix, beforeMs })
    for (const [of, known] of own.verdicts) {
      if (dimension !== '' && dimension !== of) continue
      for (const [value, verdict] of known) if (verdict === 'benign' && hasLevels(value, prefix)) known.delete(value)
    }
  }

  for (const one of [...actions, ...tombstones].sort((a, b) => a.atMs - b.atMs)) {
    if ('action' in one) take(one)
    else bury(one)
  }
  for (const own of marks.values()) own.tombstones.sort((a, b) => a.beforeMs - b.beforeMs)
  return {
    marksOf: (tokenId) => marks.get(tokenId),
    isClosed: (incidentId) => verdicts.get(incidentId) === 'benign',
    resolvesOf: (incidentId) => resolves.get(incidentId) ?? 0,
  }
}

interface MutableMarks extends TokenMarks {
  readonly verdicts: Map<Dimension, Map<string, Verdict>>
  readonly tombstones: Tombstone[]
}

export const NO_ACTIONS = createActions([], [])
