/** What a count usually is at this time of the day and of the week: slots that forget, smoothed over their neighbours. */

/** A slot of the day forgets half within four days, one of the week a fifth with each week. */
const DAY_KEEP = 0.5 ** (1 / 4)
const WEEK_KEEP = 0.8
/** A smoothed slot is its own twofold weight and that of its two neighbours. */
const OWN_WEIGHT = 2
const ALL_WEIGHT = OWN_WEIGHT + 2
/** A slot of the day starts as if one count at the overall level had been met, one of the week as if one of its day. */
const DAY_PRIOR = 1
/** What comes this much earlier or later is expected too: half an hour, or one bucket where those are longer. */
const SHIFTS_PER_DAY = 48

export interface Rhythm {
  /** The mean at a slot, which is a bucket's number within the week. */
  mean(slot: number, overall: number): number
  /**
   * The least and the greatest mean around the slot, whose own is `mean`. The least is also that of this hour of the week
   * alone, once it was met: a free day is told by one week.
   */
  around(slot: number, overall: number, mean: number): readonly [number, number]
  learn(slot: number, count: number): void
}

/** Sums over the times at which a slot was met, the older the less; then summed over neighbours by their weights. */
interface Slots {
  readonly keep: number
  readonly counts: Float64Array
  readonly times: Float64Array
  readonly smoothCounts: Float64Array
  readonly smoothTimes: Float64Array
}

export function createRhythm(perDay: number): Rhythm {
  const perWeek = 7 * perDay
  const day = createSlots(perDay, DAY_KEEP)
  const week = createSlots(perWeek, WEEK_KEEP)
  const shift = Math.max(1, Math.round(perDay / SHIFTS_PER_DAY))

  function mean(slot: number, overall: number): number {
    const ofDay = slot % perDay
    const daily = (read(day.smoothCounts, ofDay) + DAY_PRIOR * overall) / (read(day.smoothTimes, ofDay) + DAY_PRIOR)
    return (read(week.smoothCounts, slot) + ALL_WEIGHT * daily) / (read(week.smoothTimes, slot) + ALL_WEIGHT)
  }

  return {
    mean,
    around(slot, overall, own) {
      const before = mean((slot - shift + perWeek) % perWeek, overall)
      const after = mean((slot + shift) % perWeek, overall)
      const met = read(week.smoothTimes, slot)
      const weekly = met === 0 ? own : read(week.smoothCounts, slot) / met
      return [Math.min(own, before, after, weekly), Math.max(own, before, after)]
    },
    learn(slot, count) {
      learnSlot(day, slot % perDay, count)
      learnSlot(week, slot, count)
    },
  }
}

function createSlots(size: number, keep: number): Slots {
  const make = () => new Float64Array(size)
  return { keep, counts: make(), times: make(), smoothCounts: make(), smoothTimes: make() }
}

function learnSlot(slots: Slots, slot: number, count: number): void {
  const { keep, counts, times, smoothCounts, smoothTimes } = slots
  const moreCount = count - (1 - keep) * read(counts, slot)
  const moreTimes = 1 - (1 - keep) * read(times, slot)
  add(counts, slot, moreCount)
  add(times, slot, moreTimes)
  const last = counts.length - 1
  spread(slot, OWN_WEIGHT)
  spread(slot === 0 ? last : slot - 1, 1)
  spread(slot === last ? 0 : slot + 1, 1)

  function spread(near: number, weight: number): void {
    add(smoothCounts, near, weight * moreCount)
    add(smoothTimes, near, weight * moreTimes)
  }
}

function read(values: Float64Array, at: number): number {
  return values[at] as number
}

function add(values: Float64Array, at: number, more: number): void {
  values[at] = (values[at] as number) + more
}
