/** The sources of one level that were seen last, and what is usual for all of them: as of the start of ten minutes. */
import { LRUCache } from 'lru-cache'
import { type Habits, type Lesson, NO_HABITS, addHabits, closeHour } from './habits.ts'
import { SLOT_MS, type Source, createSource, hourEnd } from './source.ts'

export interface SourceTable {
  /** What was usual when the slot in hand began, so that the order of events within it decides nothing. */
  readonly habits: Habits
  get(key: string): Source | undefined
  /** The source, with its time moved on. */
  touch(key: string, slot: number): Source
  /** Called when time reaches a later slot. */
  moveOn(slot: number): void
}

/**
 * @param sourcesMax sources remembered.
 * @param adoptAfterMs when an hour that was held teaches after all.
 * @param calmHours hours without failures and newcomers that are known of before.
 */
export function createSourceTable(sourcesMax: number, adoptAfterMs: number, calmHours = 0): SourceTable {
  const sources = new LRUCache<string, Source>({ max: sourcesMax })
  const held: Lesson[] = []
  let now: Habits = { ...NO_HABITS, failures: { ...NO_HABITS.failures, hours: calmHours } }
  let before = now

  return {
    get habits() {
      return before
    },
    get: (key) => sources.get(key),
    touch(key, slot) {
      let source = sources.get(key)
      if (source === undefined) sources.set(key, (source = createSource(slot)))
      if (hourEnd(slot) > hourEnd(source.slot)) {
        const lesson = closeHour(source, before)
        if (lesson.isHeld) held.push(lesson)
        else now = addHabits(now, lesson.habits)
      }
      source.slot = Math.max(source.slot, slot)
      return source
    },
    moveOn(slot) {
      while (held[0] !== undefined && held[0].slot <= slot - adoptAfterMs / SLOT_MS) {
        now = addHabits(now, (held.shift() as Lesson).habits)
      }
      before = now
    },
  }
}
