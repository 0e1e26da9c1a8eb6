/** Runs tokenwatch, and if asked the reference rules, over the simulated traffic of each seed. */
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { z } from 'zod'
import { readTruth } from './attacks.ts'
import type { EvalOptions } from './options.ts'
import { replayLines } from './replay.ts'
import { RULE_SETS } from './rules/index.ts'
import { ruleLines } from './rules/lines.ts'
import type { Run } from './sweep.ts'
import { keepPlainRegistry, keepTraffic } from './traffic.ts'

/** Kind of each token by its id. */
export type Habits = ReadonlyMap<string, string>

export interface SeedResult {
  readonly tokenwatch: Run
  /** One for each set of rules; empty when they were not asked for. */
  readonly rules: readonly Run[]
  readonly events: number
  readonly habits: Habits
}

export interface Place {
  readonly folder: string
  readonly asnFile: string
  readonly tell: (text: string) => void
}

export function runSeeds(options: EvalOptions, place: Place): Promise<readonly SeedResult[]> {
  return pLimit(options.jobs).map(options.seeds, (seed) => runSeed(seed, options, place))
}

async function runSeed(seed: number, options: EvalOptions, { folder, asnFile, tell }: Place): Promise<SeedResult> {
  const { estate, tokens, days, frozen, set } = options
  const traffic = await keepTraffic(folder, { estate, seed, tokens, days, frozen })
  const { attacks, events } = await readTruth(traffic.labelsFile, traffic.eventsFile)
  const alertsFile = join(folder, `alerts-${seed}.ndjson.${process.pid}`)
  const startedAtMs = performance.now()
  const registryFile = options.plainRegistry ? await keepPlainRegistry(traffic) : traffic.registryFile
  const { eventsFile } = traffic
  const lines = await replayLines({ format: 'canonical', eventsFile, registryFile, asnFile, alertsFile, set })
  await rename(alertsFile, join(folder, `alerts-${seed}.ndjson`))
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(0)
  tell(`seed ${seed}: ${attacks.length} attacks, ${lines.length} lines, replayed in ${seconds} s`)
  const run = (own: Run['lines']): Run => ({ seed, tokenDays: tokens * days, attacks, lines: own })
  const rules = options.rules ? await ruleLines(RULE_SETS, { eventsFile, asnFile }) : []
  return { tokenwatch: run(lines), rules: rules.map(run), events, habits: await readHabits(traffic.kindsFile) }
}

async function readHabits(kindsFile: string): Promise<Habits> {
  const kinds = z.record(z.string(), z.string()).parse(JSON.parse(await readFile(kindsFile, 'utf8')))
  return new Map(Object.entries(kinds))
}
