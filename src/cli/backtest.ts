/** `tokenwatch backtest`: what a configuration would have told of events that are stored, and what a candidate would. */
import { Command } from 'commander'
import { backtest } from '../app/backtest.ts'
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { MONTHS_BACK, dayOf, monthOf, monthStartMs } from '../profile/calendar.ts'
import { DAY_MS } from '../settings.ts'
import type { Database } from '../store/database.ts'
import { openStore } from '../store/store.ts'
import { storedSpan, writtenDays } from '../store/stored-events.ts'
import { openAlertOutput } from './alert-output.ts'
import { type Candidate, candidateOf, noteIgnored, withCandidate } from './candidate.ts'
import { EXIT_CODES_HELP, ExitCode, UserError, configOf } from './command.ts'
import { reportJson } from './comparison-json.ts'
import { type Report, reportOf, reportText } from './comparison-report.ts'
import { jsonText, timeText } from './listing.ts'
import { explainFailures } from './prerequisite.ts'
import { createProgress } from './progress.ts'
import { durationArgument, timeArgument } from './times.ts'

interface Flags {
  readonly from?: number
  readonly to?: number
  readonly learn?: number
  readonly alerts?: string
  readonly json?: boolean
}

const DAYS_SHOWN = 7

const NOTES = `
Nothing is written and no target is called. Profiles learn from the events before --from without a report; what is
reported is alerts by day and detector, the noisiest tokens, and with a candidate what it would add and remove.

Events are stored decoded and enriched. So settings of ingest and enrich, such as another database of networks, change
nothing here: replay the log itself for those. Registry and acknowledgements count as they did when the events came.
Peers, sources and the budget's threshold are counted anew from these events, as in a replay.`

export function backtestCommand(): Command {
  return withCandidate(
    new Command('backtest')
      .description(
        'Runs events that are already in ClickHouse through a configuration, and through a candidate for it.',
      )
      .option(
        '--from <time>',
        `first moment to report, RFC 3339 or a date (default: the last ${DAYS_SHOWN} days before --to)`,
        timeArgument,
      )
      .option('--to <time>', 'first moment not to report (default: after the last stored event)', timeArgument)
      .option(
        '--learn <duration>',
        `how long before --from profiles begin to learn, such as 30d (default: all that they look back on, ${MONTHS_BACK} months)`,
        durationArgument,
      ),
  )
    .option('--alerts <file>', 'write one JSON line per alert; - is standard output')
    .option('--json', 'one JSON document instead of tables, with all incidents that differ')
    .addHelpText('after', NOTES)
    .addHelpText('after', EXIT_CODES_HELP)
    .action((flags: Flags, command: Command) => explainFailures(() => runBacktest(flags, command)))
}

async function runBacktest(flags: Flags, command: Command): Promise<void> {
  const config = configOf(command)
  const candidate = candidateOf(command, config, ['detect', 'alerting', 'learning'])
  noteIgnored(candidate, 'events are stored as they were decoded and enriched')
  // Not even a schema is brought up to date.
  await using store = await openStore(config.clickhouse, { migrate: false })
  const span = await spanOf(store.db, flags)
  const output = await openAlertOutput(flags.alerts, 'silent')
  const startedAtMs = systemClock.now()
  const report = await reportOn(store.db, span, config, candidate, output.write)
  await output.close()
  const seconds = Math.max(1, systemClock.now() - startedAtMs) / 1000
  const rate = `${span.events} events in ${seconds.toFixed(1)} s, ${Math.round(span.events / seconds)} a second\n`
  process.stderr.write(rate)
  const text = flags.json ? jsonText(reportJson(report)) : reportText(report)
  ;(flags.alerts === '-' ? process.stderr : process.stdout).write(text)
}

type Span = Awaited<ReturnType<typeof spanOf>>

async function reportOn(
  db: Database,
  span: Span,
  config: Config,
  candidate: Candidate | undefined,
  write: (...alert: Parameters<Awaited<ReturnType<typeof openAlertOutput>>['write']>) => void,
): Promise<Report> {
  const progress = createProgress('backtest', 'events')
  const [running, other] = await backtest({
    ...span,
    db,
    configs: candidate === undefined ? [config] : [config, candidate.config],
    onProgress: (events) => progress.update(events, span.events),
    onAlert: (alert, at) => write(alert, candidate === undefined ? undefined : at === 0 ? 'running' : 'candidate'),
  }).finally(() => progress.stop())
  if (running === undefined) throw new Error('a backtest gives a tally for each configuration')
  const { fromMs, toMs, firstMs } = span
  const times = { fromMs, toMs, learnedFromMs: Math.max(firstMs, span.learnFromMs) }
  return reportOf(times, running, candidate && other && { ...candidate, tally: other })
}

/** What is asked for, and what there is of it. */
async function spanOf(db: Database, flags: Flags) {
  const stored = await storedSpan(db)
  if (stored === undefined) {
    throw new UserError('no events are stored', {
      exitCode: ExitCode.usage,
      remedy: 'check clickhouse.url and clickhouse.database, or fill them with: tokenwatch run',
    })
  }
  const { firstMs, lastMs } = stored
  const toMs = flags.to ?? lastMs + 1
  const fromMs = flags.from ?? (dayOf(toMs - 1) - DAYS_SHOWN + 1) * DAY_MS
  if (fromMs >= toMs) {
    throw new UserError(`--from ${timeText(fromMs)}: expected a time before --to, ${timeText(toMs)}`, {
      exitCode: ExitCode.usage,
      remedy: `stored events go from ${timeText(firstMs)} to ${timeText(lastMs)}`,
    })
  }
  const learnFromMs = flags.learn === undefined ? monthStartMs(monthOf(fromMs) - MONTHS_BACK) : fromMs - flags.learn
  const [days, reported] = await Promise.all([
    writtenDays(db, { fromMs: learnFromMs, toMs }),
    writtenDays(db, { fromMs, toMs }),
  ])
  if (reported.length === 0) {
    throw new UserError(`no events are stored from ${timeText(fromMs)} until ${timeText(toMs)}`, {
      exitCode: ExitCode.usage,
      remedy: `give --from and --to between ${timeText(firstMs)} and ${timeText(lastMs)}`,
    })
  }
  const events = days.reduce((sum, day) => sum + day.events, 0)
  return { fromMs, toMs, learnFromMs, firstMs, days, events }
}
