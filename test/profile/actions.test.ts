/** What people do, in the midst of any history: a rebuilt profile is still the one that was folded live. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Actions,
  type IncidentAction,
  NO_ACTIONS,
  type TokenTombstone,
  createActions,
} from '../../src/alert/actions.ts'
import type { AccessEvent, TokenId } from '../../src/event.ts'
import type { FoldSettings } from '../../src/fold.ts'
import type { DetectionContext } from '../../src/detect/detector.ts'
import { DIMENSIONS, type Dimension } from '../../src/profile/dimension.ts'
import { chainsOf } from '../../src/profile/values.ts'
import { HOUR_MS } from '../../src/settings.ts'
import {
  type Session,
  anyContext,
  createSession,
  foldInto,
  history,
  rebuild,
  smallSettings,
  told,
} from './histories.ts'

/** Something that a person does after so many events. Numbers are taken modulo what there is to choose from. */
const deed = fc.record({
  at: fc.nat(400),
  kind: fc.constantFrom('benign', 'benign', 'malicious', 'resolve', 'acknowledge', 'forget', 'forget', 'forget all'),
  pick: fc.nat(1000),
  level: fc.nat(3),
})
type Deed = typeof deed extends fc.Arbitrary<infer D> ? D : never
const deeds = fc.array(deed, { minLength: 1, maxLength: 5 })

/** Folds events while people act, in the order of both; `between` is called wherever the log is cut by a deed. */
function foldWithDeeds(
  events: readonly AccessEvent[],
  done: readonly Deed[],
  fold: (part: readonly AccessEvent[], actions: Actions) => void,
  session: Session,
): Actions {
  const inOrder = done.map((one) => ({ ...one, at: one.at % (events.length + 1) })).sort((a, b) => a.at - b.at)
  const taken: IncidentAction[] = []
  const tombstones: TokenTombstone[] = []
  let actions = NO_ACTIONS
  let from = 0
  for (const one of inOrder) {
    fold(events.slice(from, one.at), actions)
    from = one.at
    const aheadMs = Math.max(0, ...events.slice(0, from).map(({ timeMs }) => timeMs)) + 1
    if (one.kind.startsWith('forget')) addTombstone(session, one, aheadMs, tombstones)
    else addAction(session, one, taken)
    actions = createActions(taken, tombstones)
  }
  fold(events.slice(from), actions)
  return actions
}

function addAction(session: Session, { kind, pick }: Deed, taken: IncidentAction[]): void {
  const incidents = [...new Map(session.findings.map(({ incidentId, subject }) => [incidentId, subject]))]
  const found = incidents[pick % incidents.length]
  if (found === undefined) return
  const [incidentId, subject] = found
  const atMs = session.events.length
  taken.push({ incidentId, subject, action: kind as IncidentAction['action'], values: heldOf(session, subject), atMs })
}

/** What stood in quarantine when somebody looked. */
function heldOf({ events }: Session, tokenId: string): { dimension: Dimension; value: string }[] {
  const held = events.filter((event) => event.tokenId === tokenId && (event.held & 1) !== 0)
  return held.flatMap(({ country, sourceClass, network, prefix, address, agent, agentVersion }) => [
    { dimension: 'network' as const, value: `${country || sourceClass}|${network}|${prefix}|${address}` },
    { dimension: 'agent' as const, value: `${agent}|${agentVersion}` },
  ])
}

function addTombstone(session: Session, { kind, pick, level }: Deed, aheadMs: number, to: TokenTombstone[]): void {
  const tokens = [...session.states]
  const found = tokens[pick % tokens.length]
  if (found === undefined) return
  const [tokenId, { profile }] = found
  const beforeMs = Math.ceil(aheadMs / HOUR_MS) * HOUR_MS
  const values = DIMENSIONS.flatMap((dimension) =>
    [...chainsOf(profile.learned[dimension]), ...chainsOf(profile.held[dimension])].map((value) => ({
      dimension,
      value,
    })),
  )
  const chosen = values[pick % values.length]
  const one =
    kind === 'forget all' || chosen === undefined
      ? { dimension: '' as const, prefix: '' }
      : { dimension: chosen.dimension, prefix: chosen.value.split('|').slice(0, level).join('|') }
  to.push({ tokenId: tokenId as TokenId, ...one, beforeMs, atMs: session.events.length })
}

describe('a profile with what people said of it', () => {
  test('is the same rebuilt and live, after each deed and at the end', () => {
    fc.assert(
      fc.property(history, smallSettings, anyContext, deeds, (events, settings, context, done) => {
        const live = createSession()
        const fold = (part: readonly AccessEvent[], actions: Actions) => {
          foldInto(live, part, settings, context, actions)
          expect(told(rebuild(live, settings, actions))).toEqual(told(live.states))
        }
        foldWithDeeds(events, done, fold, live)
      }),
      { numRuns: 150, endOnFailure: true },
    )
  }, 60_000)

  test('goes on with the same findings and alerts, wherever a process starts anew', () => {
    const cuts = fc.array(fc.nat(400), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(history, smallSettings, anyContext, deeds, cuts, (events, settings, context, done, cuts) => {
        const live = session(events, settings, context, done, [])
        const cut = session(events, settings, context, done, cuts)
        expect(cut.alerts).toEqual(live.alerts)
        expect(cut.findings).toEqual(live.findings)
        expect(cut.events).toEqual(live.events)
      }),
      { numRuns: 150, endOnFailure: true },
    )
  }, 60_000)
})

/** A session whose process starts anew after so many events of any part. */
function session(
  events: readonly AccessEvent[],
  settings: FoldSettings,
  context: DetectionContext,
  done: readonly Deed[],
  cuts: readonly number[],
): Session {
  const one = createSession()
  const fold = (part: readonly AccessEvent[], actions: Actions) => {
    const ends = [...new Set(cuts.map((at) => at % (part.length + 1))), part.length].sort((a, b) => a - b)
    for (const [index, end] of ends.entries()) {
      foldInto(one, part.slice(ends[index - 1] ?? 0, end), settings, context, actions)
      if (cuts.length > 0) one.states = rebuild(one, settings, actions)
    }
  }
  foldWithDeeds(events, done, fold, one)
  return one
}
