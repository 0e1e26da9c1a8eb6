/** Choices out of lists, with weights or without replacement. */
import type { Random } from '../random.ts'

/** One of a list that is not empty, as likely as its weight. */
export function pickWeighted<T>(random: Random, list: readonly (readonly [T, weight: number])[]): T {
  let at = random.next() * list.reduce((sum, [, weight]) => sum + weight, 0)
  const found = list.find(([, weight]) => (at -= weight) < 0) ?? list.at(-1)
  return (found as readonly [T, number])[0]
}

/** Several of a list, none twice; all of it where it is shorter. */
export function pickSome<T>(random: Random, list: readonly T[], count: number): readonly T[] {
  const rest = [...list]
  return Array.from({ length: Math.min(count, rest.length) }, () => rest.splice(random.int(rest.length), 1)[0] as T)
}
