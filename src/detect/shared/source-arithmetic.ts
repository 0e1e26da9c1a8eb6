/** The arithmetic of findings about sources, of sources/bits.ts in writing. */
import { negativeBinomialTailBits } from '../../profile/tails.ts'
import { REFUSED_SHARE, STOLEN_CHANGED, STOLEN_GATHERED, STOLEN_MIXED, TOKEN_BITS_MAX } from '../../sources/bits.ts'
import type { FoundNumbers } from '../detector.ts'
import { bitsEquation, num, stepEquations } from './arithmetic.ts'

export function explainSpraying(found: FoundNumbers): string {
  const { failed = 0, arrived = 0, mean = 0, shape = 1, hours = 0, ownMean = 0, ownShape = 1 } = found.numbers
  const spread = REFUSED_SHARE * arrived
  const tails = [
    [mean + spread, shape],
    [ownMean + spread, ownShape],
  ] as const
  const bits = Math.min(2 * Math.log2(hours + 1), ...tails.map((of) => negativeBinomialTailBits(failed, ...of)))
  const texts = tails.map(([of, r]) => `nbTail(${num(failed)}, ${num(of)}, ${num(r)})`)
  return stepEquations(`min(2 * log2(${hours} + 1), ${texts.join(', ')})`, bits, found)
}

export function explainSharing(found: FoundNumbers): string {
  const { tokens = 0, companies = 0, homes = 0, clients = 0, newClients = 0 } = found.numbers
  const { joined = 1, mixed = 0, gathered = 0, changed = 0 } = found.numbers
  if (found.concern === 'governance') return bitsEquation(num(found.bits), found, 'a move is noted, no surprise')
  const facts = [
    factOf(companies, tokens, STOLEN_MIXED, mixed),
    factOf(homes, tokens, STOLEN_GATHERED, gathered),
    factOf(newClients, clients, STOLEN_CHANGED, changed),
  ].flat()
  const bits = facts.reduce((sum, fact) => sum + fact.bits, -Math.log2(joined))
  const expression = [`-log2(${num(joined)})`, ...facts.map(({ text }) => text)].join(' + ')
  return stepEquations(`max(0, ${expression})`, Math.max(0, bits), found)
}

/** Of so many tokens beyond the first: those of which something holds, and the others. */
function factOf(holds: number, of: number, stolen: number, moved: number): { bits: number; text: string }[] {
  const more = Math.max(0, holds - 1)
  const others = Math.max(0, of - 1 - more)
  const speaks = `min(${TOKEN_BITS_MAX}, log2(${stolen} / ${num(moved)}))`
  return [
    { count: more, each: Math.min(TOKEN_BITS_MAX, Math.log2(stolen / moved)), text: `${more} * ${speaks}` },
    {
      count: others,
      each: Math.log2((1 - stolen) / (1 - moved)),
      text: `${others} * log2(${num(1 - stolen)} / ${num(1 - moved)})`,
    },
  ].flatMap(({ count, each, text }) => (count === 0 ? [] : [{ bits: count * each, text }]))
}
