/**
 * The rate model on the Numenta Anomaly Benchmark: `npm run eval:nab -- --data DIR --out DIR`.
 *
 * Reads every `DIR/data/<group>/<file>.csv` (timestamp,value) and writes `OUT/<group>/<file>.csv` (timestamp,anomaly_score),
 * which the benchmark's scorer takes. A row's score rests on rows up to it; how is told in nab/scorer.ts.
 */
import { parseArgs } from 'node:util'
import { scoreFolder } from './nab/folder.ts'

const { values } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } })
if (values.data === undefined || values.out === undefined) {
  process.stderr.write('usage: npm run eval:nab -- --data DIR --out DIR\n')
  process.exitCode = 2
} else {
  const { series, rows } = await scoreFolder(values.data, values.out)
  process.stdout.write(`${series} series with ${rows} rows scored into ${values.out}\n`)
}
