/** The same month through a real Kafka and the real service: what `--kafka` does. */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { startApp } from '../app.ts'
import { ExitCode, UserError } from '../cli/command.ts'
import { silentLog } from '../log.ts'
import type * as support from '../../test/support/kafka.ts'
import { dueAlerts } from '../store/outbox.ts'
import type { Store } from '../store/store.ts'
import { demoConfig } from './place.ts'
import type { KeyedRecord, Month } from './month.ts'

/** More would not know all of each other at each moment, and so judge a little otherwise than without Kafka. */
const PARTITIONS = 1
const LOOK_INTERVAL_MS = 100
const TARGET = 'terminal'

/** The test's own Kafka: loaded only when it is asked for, and absent where only the program is installed. */
type KafkaSupport = typeof support

export interface DemoKafka extends AsyncDisposable {
  readonly broker: string
  readonly support: KafkaSupport
}

/** Starts a broker of its own. Throws UserError with what is missing. */
export async function startDemoKafka(onProgress: (message: string) => void): Promise<DemoKafka> {
  try {
    const support = await import('../../test/support/kafka.ts')
    const kafka = await support.startTestKafka({ progress: onProgress })
    return { broker: kafka.brokers[0] ?? '', support, [Symbol.asyncDispose]: () => kafka.stop() }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new UserError(message, {
      exitCode: ExitCode.prerequisite,
      remedy: 'the demonstration without --kafka needs neither Java nor Maven',
      cause: error,
    })
  }
}

export interface KafkaRun {
  readonly kafka: DemoKafka
  readonly dataDir: string
  readonly month: Month
  readonly store: Store
  readonly onProduced: (timeMs: number) => void
  readonly onStored: (events: number, produced: number) => void
  readonly signal: AbortSignal
}

/** Produces the month, runs the service until all of it is stored and all alerts are out, and stops the service. */
export async function playThroughKafka(run: KafkaRun): Promise<{ readonly events: number }> {
  const { kafka, month, signal } = run
  const brokers = [kafka.broker]
  const topic = await kafka.support.createTopic(brokers, kafka.support.uniqueName('demo'), PARTITIONS)
  const produced = await produceMonth(run, topic)
  const config = demoConfig(run.dataDir, month.startMs, {
    brokers,
    topics: [topic],
    groupId: kafka.support.uniqueName('demo'),
  })
  // What it fails with, `done` says; a new broker's own hesitation is no news.
  const quiet = { log: silentLog, newKey: false, print: () => {}, colour: false }
  const app = await startApp(config, { ...quiet, embeddedIsOurs: true })
  try {
    // `done` ends only when the service fails: nobody stops it before this is over.
    await Promise.race([untilStored(run, topic, produced), app.done])
    signal.throwIfAborted()
  } finally {
    await app.stop()
  }
  return { events: produced }
}

async function produceMonth({ kafka, month, onProduced, signal }: KafkaRun, topic: string): Promise<number> {
  let produced = 0
  let waiting: KeyedRecord[] = []
  const send = async (): Promise<void> => {
    await kafka.support.produce(
      [kafka.broker],
      topic,
      waiting.map(({ key, value }) => ({ key, value: Buffer.from(value) })),
    )
    produced += waiting.length
    onProduced(waiting.at(-1)?.timeMs ?? month.startMs)
    waiting = []
  }
  for await (const batch of month.batches(topic)) {
    signal.throwIfAborted()
    waiting.push(...batch)
    if (waiting.length >= 20_000) await send()
  }
  if (waiting.length > 0) await send()
  return produced
}

/** Until every record is a row, and every alert that this gave has been delivered. */
async function untilStored({ store, onStored, signal }: KafkaRun, topic: string, produced: number): Promise<void> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }))
  const row = z.object({ rows: z.number() })
  for (let stored = 0; stored < produced && !signal.aborted;) {
    await delay(LOOK_INTERVAL_MS)
    const found = await store.db.query(
      `SELECT (SELECT count() FROM events WHERE topic = {topic: String})
            + (SELECT count() FROM dead_letters WHERE topic = {topic: String}) AS rows`,
      { topic },
      row,
    )
    stored = found[0]?.rows ?? 0
    onStored(stored, produced)
  }
  while (!signal.aborted) {
    const due = await dueAlerts(store.db, { partitions, targets: [TARGET], nowMs: Date.now(), limit: 1 })
    if (due.length === 0) return
    await delay(LOOK_INTERVAL_MS)
  }
}

/** How many alerts both ways raised, and how many only one of them did. */
export function compareAlertIds(one: readonly string[], other: readonly string[]): { same: number; different: number } {
  const [ones, others] = [new Set(one), new Set(other)]
  const same = [...ones].filter((id) => others.has(id)).length
  return { same, different: ones.size + others.size - 2 * same }
}
