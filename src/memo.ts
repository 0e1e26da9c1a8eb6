/** Answers remembered by text, in bounded memory: what every event asks for again costs one look-up. */

export interface Memo<V> {
  get(text: string): V | undefined
  set(text: string, value: V): void
}

/**
 * Holds at most `entriesMax` answers, in two generations: when the young one is full it becomes the old one, and what
 * stood there before is forgotten; what is asked for again becomes young again. An exact order of use costs a linked
 * list that is mended with each look-up, several times the look-up itself.
 */
export function createMemo<V>(entriesMax: number): Memo<V> {
  const generationMax = Math.max(1, Math.floor(entriesMax / 2))
  let young = new Map<string, V>()
  let old = new Map<string, V>()

  function set(text: string, value: V): void {
    if (young.size >= generationMax) {
      old = young
      young = new Map()
    }
    young.set(text, value)
  }

  return {
    get(text) {
      const known = young.get(text)
      if (known !== undefined) return known
      const older = old.get(text)
      if (older !== undefined) set(text, older)
      return older
    },
    set,
  }
}
