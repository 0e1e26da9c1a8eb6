/** The demonstration from its options to its exit code: starts, plays, tells, waits for Ctrl-C, stops. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import type { Alert } from '../alert/alert.ts'
import { EXIT_CODES_HELP, ExitCode, UserError } from '../cli/command.ts'
import { explainFailures } from '../cli/prerequisite.ts'
import { type Store, openStore } from '../store/store.ts'
import { listAlerts } from '../store/outbox.ts'
import { compareAlertIds, playThroughKafka, startDemoKafka } from './kafka.ts'
import { type Month, createMonth, dayOfMonth } from './month.ts'
import { demoConfig, prepareDataDir } from './place.ts'
import { deliverAlerts, playMonth } from './play.ts'
import { type Screen, createScreen } from './screen.ts'
import { dayText, plural, tellAttack, tellBalance, tellHeadline, tellNext, tellOthers } from './story.ts'
import { judge } from './verdict.ts'
import { SIMULATION_DEFAULTS } from '../simulate/simulation.ts'

interface Options {
  readonly kafka: boolean
  readonly exit: boolean
  readonly seed: number
  readonly dataDir: string
}

const ALERTS_MAX = 10_000

/** Runs to its end, which without `--exit` is Ctrl-C. Returns the exit code; nothing is thrown. */
export async function runDemo(argv: readonly string[]): Promise<ExitCode> {
  const program = createProgram()
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  // They stay: npm passes Ctrl-C on beside the terminal, so it may come twice.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal)
  try {
    program.parse([...argv], { from: 'user' })
    await explainFailures(() => demonstrate(program.opts<Options>(), stop.signal))
    return ExitCode.ok
  } catch (error) {
    if (stop.signal.aborted) return ExitCode.ok
    return report(error)
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal)
  }
}

function createProgram(): Command {
  return new Command('npm run demo --')
    .description(
      'Plays a month of simulated traffic of thirty tokens, with four attacks in it, through the real pipeline into a\n' +
        'real ClickHouse, shows the alerts, and stays up for queries until Ctrl-C.',
    )
    .option('--exit', 'end when everything is shown', false)
    .option('--kafka', 'go through a real Kafka and the real service (needs Java 17 and, once, Maven)', false)
    .option('--seed <number>', 'another month', wholeNumber, SIMULATION_DEFAULTS.seed)
    .option('--data-dir <folder>', 'where ClickHouse keeps its data; wiped at the start', '.tokenwatch/demo')
    .addHelpText('after', EXIT_CODES_HELP)
    .allowExcessArguments(false)
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number from 0 on.')
  }
  return value
}

async function demonstrate(options: Options, signal: AbortSignal): Promise<void> {
  const screen = createScreen(process.stdout)
  const month = createMonth(options.seed)
  tellHeadline(screen, month, options.kafka ? 'kafka' : 'direct')
  await prepareDataDir(options.dataDir)
  const config = demoConfig(options.dataDir, month.startMs)
  await using store = await openStore(config.clickhouse)
  screen.note(`ClickHouse ${store.db.version} is up after ${seconds()}`)
  signal.throwIfAborted()

  await (options.kafka
    ? playByKafka(screen, month, store, options, signal)
    : playDirectly(screen, month, store, options, signal))
  const alerts = (await listAlerts(store.db, { limit: ALERTS_MAX })).map(({ alert }) => alert)
  tell(screen, month, store, alerts, config.clickhouse.database)
  screen.print()
  screen.print(`  Everything took ${seconds()}.`)
  screen.print()
  if (options.exit) return
  screen.print(`  ClickHouse stays up until ${screen.paint.bold('Ctrl-C')}.`)
  await untilAborted(signal)
  screen.print()
  screen.note('stopping')
}

type PlayWay = (screen: Screen, month: Month, store: Store, options: Options, signal: AbortSignal) => Promise<void>

const playDirectly: PlayWay = async (screen, month, store, options, signal) => {
  const config = demoConfig(options.dataDir, month.startMs)
  const bar = screen.bar()
  try {
    const { summary } = await playMonth({ config, month, store, signal, onProgress: dayProgress(bar, month) })
    await deliverAlerts(config, store, month.startMs)
    bar.stop()
    screen.note(
      `${plural(summary.events, 'call')} played, ${plural(summary.findings, 'finding')}, ` +
        `${plural(summary.incidents.size, 'incident')}, ${plural(summary.alerts, 'alert')}, all stored after ${seconds()}`,
    )
  } finally {
    bar.stop()
  }
}

const playByKafka: PlayWay = async (screen, month, store, options, signal) => {
  await using kafka = await startDemoKafka((message) => screen.note(message))
  signal.throwIfAborted()
  const bar = screen.bar()
  try {
    const { events } = await playThroughKafka({
      kafka,
      dataDir: options.dataDir,
      month,
      store,
      signal,
      onProduced: (timeMs) => bar.update(share(month, timeMs) / 3, `into Kafka: ${dayText(timeMs)}`),
      onStored: (stored, produced) =>
        bar.update((1 + (2 * stored) / produced) / 3, `stored: ${plural(stored, 'call')}`),
    })
    bar.stop()
    screen.note(`${plural(events, 'call')} went through Kafka into ClickHouse after ${seconds()}`)
    await compareWithDirect(screen, month, store, options, signal)
  } finally {
    bar.stop()
  }
}

/** The same month once more, in memory and without Kafka: the alerts must be the same. */
async function compareWithDirect(
  screen: Screen,
  month: Month,
  store: Store,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const config = demoConfig(options.dataDir, month.startMs)
  const direct = await playMonth({ config, month, signal, onProgress: () => {} })
  const stored = await listAlerts(store.db, { limit: ALERTS_MAX })
  const { same, different } = compareAlertIds(
    stored.map(({ alert }) => alert.alertId),
    direct.alerts.map(({ alertId }) => alertId),
  )
  const verdict = different === 0 ? 'the same alerts as without Kafka' : `${different} differ from those without Kafka`
  screen.note(`${plural(same, 'alert')} with the same ids: ${verdict}`)
  if (different > 0) throw new Error(`${different} alerts differ between Kafka and the direct way`)
}

function dayProgress(bar: ReturnType<Screen['bar']>, month: Month) {
  return (timeMs: number, alerts: number): void => {
    const day = `day ${dayOfMonth(month, timeMs)} of ${month.days}, ${dayText(timeMs)}`
    bar.update(share(month, timeMs), `${day}  ${plural(alerts, 'alert')}`)
  }
}

function share({ startMs, days }: Month, timeMs: number): number {
  return Math.min(1, (timeMs - startMs) / (days * 86_400_000))
}

function tell(screen: Screen, month: Month, store: Store, alerts: readonly Alert[], database: string): void {
  const verdict = judge(alerts, month.labels)
  const nameOf = (tokenId: string): string => month.namesOf(tokenId as never)?.name ?? tokenId
  for (const [at, attack] of verdict.attacks.entries()) {
    tellAttack(screen, attack, at + 1, verdict.attacks.length, nameOf)
  }
  tellBalance(screen, verdict, nameOf)
  tellOthers(screen, verdict, month)
  const { address, analyst } = store
  if (analyst !== undefined) tellNext(screen, { address, analyst, database }, verdict, nameOf)
}

/** Since the program was started. */
function seconds(): string {
  return `${(performance.now() / 1000).toFixed(1)} s`
}

/** Nothing else keeps this process alive meanwhile. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const alive = setInterval(() => {}, 2 ** 30)
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  clearInterval(alive)
}

function report(error: unknown): ExitCode {
  // Commander has said what was wrong, or shown its help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
  if (error instanceof UserError) {
    process.stderr.write(`error: ${error.message}\n${error.remedy && `remedy: ${error.remedy}\n`}`)
    return error.exitCode
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.stderr.write('This is a bug of tokenwatch. Please report it with the lines above.\n')
  return ExitCode.failed
}
