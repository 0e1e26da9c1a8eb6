/** Seeded randomness for the simulator: the same seed gives the same traffic on every machine. */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, below). */
  int(below: number): number
  /** Uniform real in [low, high). */
  between(low: number, high: number): number
  chance(probability: number): boolean
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T
  /** Standard normal deviate. */
  normal(): number
  /** Number of events with the given mean. */
  poisson(mean: number): number
  /** Uniform 32-bit unsigned integer. */
  uint32(): number
}

/**
 * sfc32, "small fast counter", by Chris Doty-Humphrey (PractRand), 128 bits of state, seeded through FNV-1a over the
 * given keys, so that each token and each attack has a stream of its own: adding one never moves another.
 */
export function createRandom(...keys: readonly (string | number)[]): Random {
  const uint32 = sfc32(keys.join('\u0000'))
  const next = () => uint32() / 4_294_967_296
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return {
    uint32,
    next,
    normal,
    int: (below) => Math.floor(next() * below),
    between: (low, high) => low + next() * (high - low),
    chance: (probability) => next() < probability,
    pick: <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T,
    poisson: (mean) => (mean < 30 ? knuthPoisson(mean, next) : normalPoisson(mean, normal)),
  }
}

/** Knuth, TAOCP volume 2, section 3.4.1: exact, with a cost that grows with the mean. */
function knuthPoisson(mean: number, next: () => number): number {
  if (mean <= 0) return 0
  const floor = Math.exp(-mean)
  let count = 0
  for (let product = next(); product > floor; product *= next()) count++
  return count
}

/** The normal approximation, good enough from a mean of 30 on. */
function normalPoisson(mean: number, normal: () => number): number {
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()))
}

function sfc32(key: string): () => number {
  let a = fnv1a(key, 0x811c9dc5)
  let b = fnv1a(key, a ^ 0x9e3779b9)
  let c = fnv1a(key, b ^ 0x85ebca6b)
  let counter = 1
  const draw = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let round = 0; round < 12; round++) draw()
  return draw
}

function fnv1a(text: string, offsetBasis: number): number {
  let hash = offsetBasis
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash
}
