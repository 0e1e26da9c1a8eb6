/** Wires a backtest: stored events, in the order in which they were accepted, through one configuration or two. */
import type { Alert } from '../alert/alert.ts'
import { systemClock } from '../clock.ts'
import { type Tally, createTally } from '../comparison.ts'
import type { Config } from '../config.ts'
import type { DecodedRecord } from '../ingest/packed-records.ts'
import { silentLog } from '../log.ts'
import { UNSTORED_BLOCK, createReplay } from '../replay.ts'
import type { Database } from '../store/database.ts'
import { type StoredEvent, type WrittenDay, storedEvents } from '../store/stored-events.ts'
import { type BlockView, createBlockViews } from './block-views.ts'
import { createMemoryRun } from './memory-run.ts'

export interface BacktestOptions {
  readonly db: Database
  /** The running one, then the candidate if there is one. */
  readonly configs: readonly Config[]
  /** Event times: profiles learn from the first on, alerts are counted from the second on, up to the third. */
  readonly learnFromMs: number
  readonly fromMs: number
  readonly toMs: number
  /** As `writtenDays` tells them for all that time. */
  readonly days: readonly WrittenDay[]
  /** Called with each alert of the time that is counted. */
  readonly onAlert: (alert: Alert, configuration: number) => void
  /** Called with the number of events so far. */
  readonly onProgress: (events: number) => void
}

/** Reads and writes nothing. What is known beside the events is kept in memory, as in a replay without a store. */
export async function backtest(options: BacktestOptions): Promise<Tally[]> {
  const { db, configs, learnFromMs, toMs, days, onProgress } = options
  const views = createBlockViews(db, (ask) => ask(), silentLog)
  const sides = await Promise.all(configs.map((config, at) => createSide(config, at, options)))
  let events = 0
  for await (const rows of storedEvents(db, { fromMs: learnFromMs, toMs }, days)) {
    for await (const { view, record } of recordsOf(rows, (ingestedAtMs) => views.at(ingestedAtMs))) {
      for (const side of sides) await side.take(view, record)
    }
    events += rows.length
    onProgress(events)
  }
  for (const side of sides) await side.end()
  return sides.map(({ tally }) => tally)
}

async function createSide(config: Config, configuration: number, { fromMs, onAlert }: BacktestOptions) {
  const tally = createTally(fromMs)
  const { pipeline, states, see } = await createMemoryRun(config, { form: 'stored' })
  const { take, end } = createReplay('events', {
    pipeline,
    states,
    limits: UNSTORED_BLOCK,
    clock: systemClock,
    signal: new AbortController().signal,
    onBlock: tally.take,
    onAlert: (alert) => alert.timeMs >= fromMs && onAlert(alert, configuration),
  })
  return {
    tally,
    end,
    take(view: BlockView, record: DecodedRecord): Promise<void> {
      see(view)
      return take([record])
    },
  }
}

/** One record for a run of events whose blocks saw the same registry, and the same that people had done. */
async function* recordsOf(rows: readonly StoredEvent[], viewAt: (ingestedAtMs: number) => Promise<BlockView>) {
  for (let from = 0; from < rows.length;) {
    const view = await viewAt((rows[from] as StoredEvent).ingestedAtMs)
    let end = from + 1
    for (; end < rows.length; end++) {
      const { ingestedAtMs } = rows[end] as StoredEvent
      if (ingestedAtMs !== rows[end - 1]?.ingestedAtMs && (await viewAt(ingestedAtMs)) !== view) break
    }
    const events = rows.slice(from, end).map(({ event }) => event)
    yield { view, record: recordOf(events) }
    from = end
  }
}

function recordOf(events: DecodedRecord['decoded']['events']): DecodedRecord {
  return { topic: '', partition: 0, offset: 0, value: null, decoded: { events, deadLetters: [] } }
}
