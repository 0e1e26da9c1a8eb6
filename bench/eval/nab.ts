/** The Numenta Anomaly Benchmark: `npm run eval:nab` over a folder's series, scored by the scorer that lies beside them. */
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { runCommand } from './child.ts'
import type { TableData } from './table.ts'

/** By folder of results, then by profile of costs. */
const scoresSchema = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({ score: z.number(), windows_hit: z.number(), windows_total: z.number(), fp_rows: z.number() }),
  ),
)

/** The folder holds `data/<group>/<file>.csv`, `combined_windows.json` and `nab_score.py`. */
export async function nabTable(nabFolder: string, workFolder: string): Promise<TableData> {
  const folder = resolve(nabFolder)
  const results = join(workFolder, 'nab-results')
  await runCommand('npm', ['run', '--silent', 'eval:nab', '--', '--data', folder, '--out', results])
  // The scorer looks for the windows where the benchmark's own repository has them.
  await mkdir(join(workFolder, 'labels'), { recursive: true })
  await copyFile(join(folder, 'combined_windows.json'), join(workFolder, 'labels', 'combined_windows.json'))
  const scoresFile = join(workFolder, 'nab-scores.json')
  await runCommand('python3', [join(folder, 'nab_score.py'), '--nab', workFolder, '--json', scoresFile, results])
  const [profiles = {}] = Object.values(scoresSchema.parse(JSON.parse(await readFile(scoresFile, 'utf8'))))
  return {
    title: 'Numenta Anomaly Benchmark, the groups that are there',
    head: ['profile', 'score', 'windows found', 'rows falsely told'],
    rows: Object.entries(profiles).map(
      ([profile, { score, windows_hit: hit, windows_total: total, fp_rows: rows }]) => [
        profile.replaceAll('_', ' '),
        score.toFixed(1),
        `${hit} of ${total}`,
        rows,
      ],
    ),
  }
}
