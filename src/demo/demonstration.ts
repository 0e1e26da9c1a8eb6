/** The demonstration itself, from its headline to the wait for Ctrl-C. */
import type { TokenId } from '../event.ts'
import { EMPTY_REGISTRY } from '../registry/registered-token.ts'
import { DAY_MS } from '../settings.ts'
import { listAlerts } from '../store/outbox.ts'
import { type Store, openStore } from '../store/store.ts'
import { type DemoKafka, compareAlertIds, playThroughKafka, startDemoKafka } from './kafka.ts'
import { type Month, createMonth, dayOfMonth } from './month.ts'
import { demoConfig, prepareDataDir } from './place.ts'
import { deliverAlerts, playMonth } from './play.ts'
import { type Bar, type Screen, createScreen } from './screen.ts'
import { dayText, plural, tellAttacks, tellBalance, tellFalseAlerts, tellHeadline, tellNext } from './story.ts'
import { judge } from './verdict.ts'

export interface DemoOptions {
  readonly kafka?: true
  readonly exit?: true
  readonly seed: number
  readonly dataDir: string
}

/** What is at hand while the month is played. */
interface Stage {
  readonly screen: Screen
  readonly month: Month
  readonly store: Store
  readonly dataDir: string
  readonly signal: AbortSignal
}

/** More than any month raises. */
const ALERTS_MAX = 10_000

/** Resolves when everything is told, without `--exit` once the signal is aborted; ClickHouse has stopped by then. */
export async function demonstrate(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const { dataDir } = options
  const screen = createScreen(process.stdout)
  const month = createMonth(options.seed)
  tellHeadline(screen, month, options.kafka === true)
  await prepareDataDir(dataDir)
  const { clickhouse } = demoConfig(dataDir, month.startMs)
  await using kafka = options.kafka ? await startDemoKafka(screen.note) : undefined
  signal.throwIfAborted()
  await using store = await openStore(clickhouse)
  screen.note(`ClickHouse ${store.db.version} is up after ${elapsed()}`)
  signal.throwIfAborted()

  const stage = { screen, month, store, dataDir, signal }
  await (kafka === undefined ? playDirectly(stage) : playByKafka(stage, kafka))
  await tell(stage, clickhouse.database)
  screen.print()
  screen.print(`  All of it took ${elapsed()}.`)
  if (options.exit) return
  screen.print(`  ClickHouse stays up until ${screen.paint.bold('Ctrl-C')}.`)
  await untilAborted(signal)
  screen.print()
  screen.note('Stopping.')
}

async function playDirectly({ screen, month, store, dataDir, signal }: Stage): Promise<void> {
  const config = demoConfig(dataDir, month.startMs)
  const bar = screen.bar()
  try {
    const { summary } = await playMonth({ config, month, store, signal, onProgress: dayProgress(bar, month) })
    await deliverAlerts(config, store, month.startMs)
    bar.stop()
    screen.note(
      `${plural(summary.events, 'call')}, ${plural(summary.findings, 'finding')}, ` +
        `${plural(summary.alerts, 'alert')}: all played and stored after ${elapsed()}`,
    )
  } finally {
    bar.stop()
  }
}

async function playByKafka(stage: Stage, kafka: DemoKafka): Promise<void> {
  const { screen, month, store, dataDir, signal } = stage
  const bar = screen.bar()
  try {
    const { events } = await playThroughKafka({
      kafka,
      dataDir,
      month,
      store,
      signal,
      onProduced: (timeMs) => bar.update(share(month, timeMs) / 2, `into Kafka: ${dayProgressText(month, timeMs)}`),
      onStored: (stored, produced) => bar.update((1 + stored / produced) / 2, `${plural(stored, 'call')} stored`),
    })
    bar.stop()
    screen.note(`${plural(events, 'call')} went through Kafka and the service into ClickHouse after ${elapsed()}`)
    await compareWithDirect(stage)
  } finally {
    bar.stop()
  }
}

/**
 * The same month once more, in memory and without Kafka: the alerts about tokens must be the same. What concerns sources is
 * found by the service alone, over all partitions.
 */
async function compareWithDirect({ screen, month, store, dataDir, signal }: Stage): Promise<void> {
  const config = demoConfig(dataDir, month.startMs)
  // The service has no registry of these tokens, so neither has this.
  const unnamed = { ...month, registry: EMPTY_REGISTRY }
  const direct = await playMonth({ config, month: unnamed, signal, onProgress: () => {} })
  const stored = await listAlerts(store.db, { limit: ALERTS_MAX })
  const { same, different } = compareAlertIds(
    stored.filter(({ alert }) => alert.subjectKind === 'token').map(({ alert }) => alert.alertId),
    direct.alerts.map(({ alertId }) => alertId),
  )
  screen.note(`${same} of ${plural(same + different, 'alert')} have the same ids as without Kafka`)
  if (different > 0) throw new Error(`${different} alerts differ between Kafka and the direct way`)
}

async function tell({ screen, month, store }: Stage, database: string): Promise<void> {
  const alerts = (await listAlerts(store.db, { limit: ALERTS_MAX })).map(({ alert }) => alert)
  const verdict = judge(alerts, month.labels)
  const nameOf = (tokenId: string): string => month.registry.of(tokenId as TokenId)?.name ?? tokenId
  tellAttacks(screen, verdict, nameOf)
  tellBalance(screen, verdict, nameOf)
  tellFalseAlerts(screen, verdict, month)
  const { address, analyst } = store
  if (analyst !== undefined) tellNext(screen, { address, analyst, database }, verdict, nameOf)
}

function dayProgress(bar: Bar, month: Month) {
  return (timeMs: number, alerts: number): void =>
    bar.update(share(month, timeMs), `${dayProgressText(month, timeMs)}  ${plural(alerts, 'alert')}`)
}

function dayProgressText(month: Month, timeMs: number): string {
  return `${dayText(timeMs)}, day ${dayOfMonth(month, timeMs)} of ${month.days}`
}

function share({ startMs, days }: Month, timeMs: number): number {
  return Math.min(1, (timeMs - startMs) / (days * DAY_MS))
}

/** Since the program was started. */
function elapsed(): string {
  return `${(performance.now() / 1000).toFixed(1)} s`
}

/** Nothing else keeps this process alive meanwhile. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const alive = setInterval(() => {}, 2 ** 30)
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  clearInterval(alive)
}
