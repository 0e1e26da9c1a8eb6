/**
 * The evaluation in the open: what tokenwatch catches of simulated attacks, and at what price in false incidents.
 *
 * `npm run eval -- [--seeds 1-4] [--tokens N] [--days N] [--keep DIR] [--jobs 1|2] [--set key=value] [--why] [--json FILE]`.
 * The traffic goes through `tokenwatch replay` in a process of its own, and only what that writes is scored.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { createEstate } from '../src/simulate/estate.ts'
import { SIMULATION_DEFAULTS } from '../src/simulate/simulation.ts'
import { readAttacks } from './eval/attacks.ts'
import { replayLines } from './eval/replay.ts'
import { kindsTable, ratesTable } from './eval/summary.ts'
import { createSweep, type Run } from './eval/sweep.ts'
import { renderText, type TableData } from './eval/table.ts'
import { keepAsnFile, keepTraffic } from './eval/traffic.ts'
import { whyTables } from './eval/why.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    tokens: { type: 'string', default: '400' },
    days: { type: 'string', default: '35' },
    keep: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    set: { type: 'string', multiple: true, default: [] },
    why: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const tokens = Number(values.tokens)
const days = Number(values.days)
const seeds = numbersIn(values.seeds)
const folder = values.keep === undefined ? await mkdtemp(join(tmpdir(), 'tokenwatch-eval-')) : resolve(values.keep)

/** `1-3,7` is 1, 2, 3 and 7. */
function numbersIn(text: string): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [first = NaN, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

async function runSeed(seed: number, asnFile: string): Promise<Run> {
  const traffic = await keepTraffic(folder, { seed, tokens, days })
  const attacks = await readAttacks(traffic.labelsFile, traffic.eventsFile)
  const alertsFile = join(folder, `alerts-${seed}-${process.pid}.ndjson`)
  const startedAtMs = performance.now()
  const lines = await replayLines({ format: 'canonical', ...traffic, asnFile, alertsFile, set: values.set })
  await rm(alertsFile)
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(0)
  tell(`seed ${seed}: ${attacks.length} attacks, ${lines.length} lines, replayed in ${seconds} s`)
  return { seed, tokenDays: tokens * days, attacks, lines }
}

function habitsOf(seed: number): ReadonlyMap<string, string> {
  const estate = createEstate({ seed, tokens, days, startMs: SIMULATION_DEFAULTS.startMs })
  return new Map(estate.map(({ token, kind }) => [token.token_id, kind]))
}

await mkdir(folder, { recursive: true })
try {
  const asnFile = await keepAsnFile(folder)
  const runs = await pLimit(Number(values.jobs)).map(seeds, (seed) => runSeed(seed, asnFile))
  const sweep = createSweep(runs)
  const tables: TableData[] = [
    ratesTable('tokenwatch', sweep),
    kindsTable('tokenwatch, recall by kind of attack', sweep),
  ]
  if (values.why) tables.push(...whyTables(sweep, runs, seeds.map(habitsOf), [5, 20]))
  for (const table of tables) process.stdout.write(renderText(table))
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(tables, null, 2)}\n`)
} finally {
  if (values.keep === undefined) await rm(folder, { recursive: true })
}
