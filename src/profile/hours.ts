/**
 * Counts by the hour, in arrays of numbers: two numbers for each hour, and seven more for the few that need them.
 */

/** Counts of one hour. Refused calls count whether or not the hour was learned. */
export interface HourCounts {
  /** Hours since 1970. */
  readonly hour: number
  /** Calls that teach. */
  readonly learned: number
  /** Bytes in and out of all calls, in quarantine or not. */
  readonly bytes: number
  /** Calls in quarantine. */
  readonly held: number
  /** 401, 403 and 404. */
  readonly refused: number
  /** The 401 among them: they are no calls of the token. */
  readonly unauthenticated: number
  /** 429: too many calls, which says nothing of what the token may do. */
  readonly limited: number
  /** Learned returns to a source from another network, and from another address of the same network. */
  readonly networkTurns: number
  readonly addressTurns: number
}

/** Ascending by hour. Arrays are replaced when something is added: they never take more memory than they need. */
export interface HourTable {
  /** In pairs: the hour times 2^32 with its learned calls, and its bytes. */
  usual: readonly number[]
  /** In rows: an hour, and what it counts beside those. */
  rare: readonly number[]
}

const RARE = ['held', 'refused', 'unauthenticated', 'limited', 'networkTurns', 'addressTurns'] as const
const RARE_ROW = 1 + RARE.length
const LEARNED_SPAN = 2 ** 32
const NONE: readonly number[] = []

export function createHours(): HourTable {
  return { usual: NONE, rare: NONE }
}

export function hoursIn({ usual }: HourTable): number {
  return usual.length / 2
}

/** The hour that stands at a place, counted from 0; undefined beyond the last. */
export function hourAt({ usual }: HourTable, at: number): number | undefined {
  const packed = usual[2 * at]
  return packed === undefined ? undefined : Math.floor(packed / LEARNED_SPAN)
}

export function learnedAt({ usual }: HourTable, at: number): number {
  return (usual[2 * at] as number) % LEARNED_SPAN
}

/** Calls of the hour, in quarantine or not. */
export function callsAt(table: HourTable, at: number): number {
  const row = rareRowOf(table, hourAt(table, at) as number)
  return learnedAt(table, at) + (row < 0 ? 0 : (table.rare[row + 1] as number))
}

/** The place of an hour, -1 for none. */
export function placeOf(table: HourTable, hour: number): number {
  const at = placeFor(table, hour)
  return hourAt(table, at) === hour ? at : -1
}

export function countsAt(table: HourTable, at: number): HourCounts {
  const { usual, rare } = table
  const hour = hourAt(table, at) as number
  const row = rareRowOf(table, hour)
  const of = (column: number) => (row < 0 ? 0 : (rare[row + column] as number))
  return {
    hour,
    learned: learnedAt(table, at),
    bytes: usual[2 * at + 1] as number,
    held: of(1),
    refused: of(2),
    unauthenticated: of(3),
    limited: of(4),
    networkTurns: of(5),
    addressTurns: of(6),
  }
}

export function allHours(table: HourTable): HourCounts[] {
  return Array.from({ length: hoursIn(table) }, (_, at) => countsAt(table, at))
}

/** Adds to an hour, which is there from then on even where nothing is added. */
export function addToHour(table: HourTable, counts: Partial<HourCounts> & Pick<HourCounts, 'hour'>): void {
  const { hour, learned = 0, bytes = 0 } = counts
  const at = placeFor(table, hour)
  if (hourAt(table, at) !== hour) table.usual = withRow(table.usual, 2 * at, [hour * LEARNED_SPAN, 0])
  const usual = table.usual as number[]
  usual[2 * at] = (usual[2 * at] as number) + learned
  usual[2 * at + 1] = (usual[2 * at + 1] as number) + bytes
  for (let column = 0; column < RARE.length; column++) {
    const more = counts[RARE[column] as (typeof RARE)[number]]
    if (more !== undefined && more > 0) addRare(table, hour, column + 1, more)
  }
}

/** Drops what came before an hour. Returns whether there was any. */
export function dropHoursBefore(table: HourTable, hour: number): boolean {
  const drop = placeFor(table, hour)
  if (drop === 0) return false
  table.usual = table.usual.slice(2 * drop)
  table.rare = table.rare.slice(rarePlaceFor(table, hour))
  return true
}

function addRare(table: HourTable, hour: number, column: number, more: number): void {
  const row = rarePlaceFor(table, hour)
  if (table.rare[row] !== hour) table.rare = withRow(table.rare, row, [hour, ...RARE.map(() => 0)])
  const rare = table.rare as number[]
  rare[row + column] = (rare[row + column] as number) + more
}

/** Where an hour stands or belongs. Most are asked for at the end. */
function placeFor(table: HourTable, hour: number): number {
  let at = hoursIn(table)
  while (at > 0 && (hourAt(table, at - 1) as number) >= hour) at--
  return at
}

function rarePlaceFor({ rare }: HourTable, hour: number): number {
  let row = rare.length
  while (row > 0 && (rare[row - RARE_ROW] as number) >= hour) row -= RARE_ROW
  return row
}

function rareRowOf(table: HourTable, hour: number): number {
  const row = rarePlaceFor(table, hour)
  return table.rare[row] === hour ? row : -1
}

function withRow(numbers: readonly number[], at: number, row: readonly number[]): readonly number[] {
  // As long as it is, and no longer: an array that is pushed to has room for half as much again.
  return at === numbers.length ? numbers.concat(row) : numbers.toSpliced(at, 0, ...row)
}
