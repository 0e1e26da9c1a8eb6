/**
 * The evaluation in the open: what tokenwatch catches of simulated attacks, and at what price in false incidents.
 *
 * `npm run eval -- [--seeds 1-4] [--estate evaluation|demo] [--tokens N] [--days N] [--keep DIR] [--frozen] [--jobs 1|2]
 * [--plain-registry] [--set key=value] [--why] [--examples N] [--rules] [--cloudtrail DIR] [--nab DIR] [--json FILE]
 * [--write]`. The traffic goes through `tokenwatch replay` in a process of its own, and only what that writes is scored.
 * eval/options.ts says what each option does.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { cloudTrailTables } from './eval/cloudtrail.ts'
import { comparisonByKindTable, comparisonTable } from './eval/comparison.ts'
import { type Section, writeSections } from './eval/document.ts'
import { nabTable } from './eval/nab.ts'
import { type EvalOptions, parseOptions } from './eval/options.ts'
import { RULE_SETS } from './eval/rules/index.ts'
import { type Place, runSeeds, type SeedResult } from './eval/simulated.ts'
import { kindsTable, ratesTable, thresholdsTable } from './eval/summary.ts'
import { createSweep, DETECT_RATE, RATES, type Run, type Sweep } from './eval/sweep.ts'
import { renderText, type TableData } from './eval/table.ts'
import { keepAsnFile } from './eval/traffic.ts'
import { whyTables } from './eval/why.ts'

function simulatedSection(options: EvalOptions, results: readonly SeedResult[], sweep: Sweep): Section {
  const { seeds, tokens, days } = options
  const tables = [
    ratesTable('tokenwatch', sweep),
    kindsTable('tokenwatch, recall by kind of attack', sweep),
    thresholdsTable('tokenwatch, by threshold', sweep, days),
  ]
  if (options.rules) {
    const rules = RULE_SETS.map(({ name }, index) => ({
      name,
      sweep: createSweep(results.map((result) => result.rules[index] as Run)),
    }))
    const contestants = [{ name: 'tokenwatch', sweep }, ...rules]
    tables.push(comparisonTable(contestants), comparisonByKindTable(contestants, DETECT_RATE))
  }
  const events = results.reduce((sum, result) => sum + result.events, 0)
  const introduction = `Seeds ${seeds.join(', ')}; ${tokens} tokens, ${days} days and ${(Math.round(events / seeds.length / 1_000) * 1_000).toLocaleString('en')} events each; ${sweep.attacks.length} attacks in all.`
  return { name: 'simulated', introduction, tables }
}

async function broughtSections({ cloudtrail, nab, set }: EvalOptions, place: Place): Promise<readonly Section[]> {
  const sections: Section[] = []
  if (cloudtrail !== undefined) {
    const tables = await cloudTrailTables(cloudtrail, set, place)
    sections.push({ name: 'cloudtrail', introduction: '', tables })
  }
  if (nab !== undefined) sections.push({ name: 'nab', introduction: '', tables: [await nabTable(nab, place.folder)] })
  return sections
}

async function evaluate(options: EvalOptions, place: Place): Promise<void> {
  const results = await runSeeds(options, place)
  const runs = results.map(({ tokenwatch }) => tokenwatch)
  const sweep = createSweep(runs)
  const sections = [simulatedSection(options, results, sweep), ...(await broughtSections(options, place))]
  const habits = results.map((result) => result.habits)
  const why: readonly TableData[] = options.why
    ? whyTables(sweep, runs, habits, { rates: RATES.filter((rate) => rate >= DETECT_RATE), examples: options.examples })
    : []
  const tables = [...sections.flatMap((section) => section.tables), ...why]
  for (const table of tables) process.stdout.write(renderText(table))
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(tables, null, 2)}\n`)
  if (options.write) await writeSections(sections)
}

const options = parseOptions(process.argv.slice(2))
const folder = options.keep === undefined ? await mkdtemp(join(tmpdir(), 'tokenwatch-eval-')) : resolve(options.keep)
await mkdir(folder, { recursive: true })
try {
  const tell = (text: string) => process.stderr.write(`${text}\n`)
  await evaluate(options, { folder, asnFile: await keepAsnFile(folder), tell })
} finally {
  if (options.keep === undefined) await rm(folder, { recursive: true })
}
