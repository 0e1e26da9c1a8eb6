/**
 * The evaluation in the open: what tokenwatch catches of simulated attacks, and at what price in false incidents.
 *
 * `npm run eval -- [--seeds 1-4] [--tokens N] [--days N] [--keep DIR] [--jobs 1|2] [--set key=value] [--why] [--examples N]
 * [--rules] [--cloudtrail DIR] [--json FILE]`. The traffic goes through `tokenwatch replay` in a process of its own, and
 * only what that writes is scored.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { cloudTrailTables } from './eval/cloudtrail.ts'
import { comparisonByKindTable, comparisonTable } from './eval/comparison.ts'
import { type EvalOptions, parseOptions } from './eval/options.ts'
import { RULE_SETS } from './eval/rules/index.ts'
import { type Place, runSeeds } from './eval/simulated.ts'
import { kindsTable, ratesTable } from './eval/summary.ts'
import { createSweep, DETECT_RATE, type Run } from './eval/sweep.ts'
import { renderText, type TableData } from './eval/table.ts'
import { keepAsnFile } from './eval/traffic.ts'
import { whyTables } from './eval/why.ts'

async function simulatedTables(options: EvalOptions, place: Place): Promise<readonly TableData[]> {
  const results = await runSeeds(options, place)
  const runs = results.map(({ tokenwatch }) => tokenwatch)
  const sweep = createSweep(runs)
  const tables = [ratesTable('tokenwatch', sweep), kindsTable('tokenwatch, recall by kind of attack', sweep)]
  if (options.rules) {
    const rules = RULE_SETS.map(({ name }, index) => ({
      name,
      sweep: createSweep(results.map((result) => result.rules[index] as Run)),
    }))
    const contestants = [{ name: 'tokenwatch', sweep }, ...rules]
    tables.push(comparisonTable(contestants), comparisonByKindTable(contestants, DETECT_RATE))
  }
  if (options.why) {
    const habits = results.map((result) => result.habits)
    tables.push(...whyTables(sweep, runs, habits, { rates: [DETECT_RATE, 20], examples: options.examples }))
  }
  return tables
}

const options = parseOptions(process.argv.slice(2))
const folder = options.keep === undefined ? await mkdtemp(join(tmpdir(), 'tokenwatch-eval-')) : resolve(options.keep)
await mkdir(folder, { recursive: true })
try {
  const place = {
    folder,
    asnFile: await keepAsnFile(folder),
    tell: (text: string) => process.stderr.write(`${text}\n`),
  }
  const tables = [...(await simulatedTables(options, place))]
  if (options.cloudtrail !== undefined) tables.push(...(await cloudTrailTables(options.cloudtrail, options.set, place)))
  for (const table of tables) process.stdout.write(renderText(table))
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(tables, null, 2)}\n`)
} finally {
  if (options.keep === undefined) await rm(folder, { recursive: true })
}
