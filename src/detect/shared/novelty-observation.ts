/** Turns what is new about an event into an observation with its words and numbers; shared by the first-seen detectors. */
import type { Novelty } from '../../profile/novelty.ts'
import type { FoundNumbers, Observation } from '../detector.ts'
import { bitsEquation, bounded, newValueExpression, num } from './arithmetic.ts'

export interface NoveltyWords {
  /** What the call was, following `First call`: `from France (FR): 192.0.2.7`. */
  readonly call: string
  /** What the siblings are, in the plural: `countries`, `networks in US`. */
  readonly siblings: string
}

const KNOWN_TO: Readonly<Record<Novelty['reach'], string>> = {
  tenant: 'other tokens know it',
  anyone: 'only tokens of other tenants know it',
  nobody: 'no other token knows it',
}

export function noveltyObservation(novelty: Novelty, words: NoveltyWords): Observation {
  const shown = novelty.siblings.filter((value) => value !== '').join(', ')
  const more =
    novelty.siblingCount > novelty.siblings.length ? `, and ${novelty.siblingCount - novelty.siblings.length} more` : ''
  return {
    bits: novelty.bits,
    seen: `${novelty.held ? 'Another call' : 'First call'} ${words.call}`,
    normal:
      `In ${novelty.n} active hours, ${novelty.siblingCount} ${words.siblings}` +
      `${shown === '' ? '' : ` (${shown}${more})`}; a new one in ${novelty.k} of them` +
      (novelty.peerBits === 0 ? '' : `; ${KNOWN_TO[novelty.reach]}`) +
      (novelty.held ? '; this one came before and is in quarantine' : ''),
    numbers: { n: novelty.n, k: novelty.k, delta: novelty.delta, level: novelty.level, peerBits: novelty.peerBits },
    dimension: novelty.dimension,
    ...(novelty.isAgain ? { cause: 'again' as const } : {}),
  }
}

/** Each new value's bits are those of its token's history, weighed by how far the value is known to others. */
export function explainNovelty(found: FoundNumbers): string {
  const { n = 0, k = 0, delta = 0, peerBits = 0 } = found.numbers
  const own = newValueExpression(n, k, delta)
  const unseenBits = -Math.log2((1 + delta * k) / (n + 1))
  const expression = peerBits === 0 ? own : `max(0, ${own} ${peerBits < 0 ? '-' : '+'} ${num(Math.abs(peerBits))})`
  const remark = peerBits === 0 ? '' : `${num(peerBits)} for how far it is known among other tokens`
  return bitsEquation(bounded(expression, Math.max(0, unseenBits + peerBits), found), found, remark)
}
