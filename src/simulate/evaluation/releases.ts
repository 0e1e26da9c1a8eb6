/** Versions over time: what is released when, and when a client takes it up. */
import { DAY_MS } from '../../settings.ts'
import type { Random } from '../random.ts'

/** The version in use at a time. */
export type VersionAt = (timeMs: number) => string

export interface ReleaseOptions {
  readonly startMs: number
  /** Mean time between releases. */
  readonly everyDays: number
  readonly first: readonly [major: number, minor: number, patch: number]
  /** Share of releases that raise the minor version; the others raise the patch. Majors are raised by hand. */
  readonly minorShare: number
}

const HORIZON_DAYS = 120

/** A product's releases from a month before the simulation on. */
export function createReleases(random: Random, { startMs, everyDays, first, minorShare }: ReleaseOptions): VersionAt {
  const releases: { readonly atMs: number; readonly version: string }[] = []
  let [major, minor, patch] = first
  for (let day = -30; day < HORIZON_DAYS; day += everyDays * random.between(0.6, 1.4)) {
    releases.push({ atMs: startMs + day * DAY_MS, version: `${major}.${minor}.${patch}` })
    if (random.chance(minorShare)) [minor, patch] = [minor + 1, 0]
    else patch++
  }
  return (timeMs) => (releases.findLast(({ atMs }) => atMs <= timeMs) ?? releases[0])?.version ?? ''
}

/** Chrome and Firefox raise their major version every four weeks, Safari hardly ever. */
export function createMajors(random: Random, startMs: number, first: number, everyDays: number): VersionAt {
  const offsetDays = random.between(0, everyDays)
  return (timeMs) => String(first + Math.floor((timeMs - startMs + offsetDays * DAY_MS) / (everyDays * DAY_MS)))
}

/** A client that takes up releases some time after they are out, at the hour at which it is first used. */
export function lagging(version: VersionAt, lagMs: number): VersionAt {
  return (timeMs) => version(timeMs - lagMs)
}

/** A client that takes up a release only when it is deployed itself, at the given times. */
export function pinned(version: VersionAt, startMs: number, deploysMs: readonly number[]): VersionAt {
  return (timeMs) => version(deploysMs.findLast((atMs) => atMs <= timeMs) ?? startMs)
}
