/** tokenwatch beside the reference rules: at the same rates of false incidents, and at full volume. */
import { RATES, recallOf, type Sweep } from './sweep.ts'
import { percent, type TableData } from './table.ts'

export interface Contestant {
  readonly name: string
  readonly sweep: Sweep
}

export function comparisonTable(contestants: readonly Contestant[]): TableData {
  return {
    title: 'Recall at so many false incidents per 1,000 token-days, and of everything that was said',
    head: ['', ...RATES.map(String), 'everything', 'false per 1,000 token-days'],
    rows: contestants.map(({ name, sweep }) => {
      const all = sweep.at(0)
      const recalls = [...RATES.map((rate) => sweep.atRate(rate)), all].map((point) => recallOf(point, sweep.attacks))
      return [name, ...recalls.map(percent), all.falsePer1000.toFixed(0)]
    }),
  }
}

/** What each catches of each kind at one rate. All have seen the same attacks. */
export function comparisonByKindTable(contestants: readonly Contestant[], rate: number): TableData {
  const points = contestants.map(({ sweep }) => sweep.atRate(rate))
  const kinds = Map.groupBy(contestants[0]?.sweep.attacks ?? [], ({ kind }) => kind)
  return {
    title: `Recall by kind at ${rate} false incidents per 1,000 token-days, in the order of the table above`,
    head: ['attack', ...contestants.map((_, index) => (index === 0 ? 'tokenwatch' : `rules ${index}`))],
    rows: [...kinds]
      .sort(([left], [right]) => left.localeCompare(right))
      .map(([kind, attacks]) => [kind, ...points.map((point) => percent(recallOf(point, attacks)))]),
  }
}
