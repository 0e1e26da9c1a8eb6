/** The service as people run it: a child process with a configuration file, whose state is read from outside. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { z } from 'zod'
import { type Child, type ChildExit, spawnTokenwatch } from '../support/child.ts'
import { withAdmin } from '../support/kafka.ts'
import { until } from './until.ts'

export interface ServiceOptions {
  readonly database: string
  readonly topics: readonly string[]
  readonly groupId: string
  /** Instead of the run's server: a proxy before it. */
  readonly clickhouseUrl?: string
  /** Laid over the configuration of these tests, section by section. */
  readonly settings?: Settings
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

export interface Settings {
  readonly [key: string]: unknown
}

export interface Service {
  readonly child: Child
  /** Address of its HTTP endpoints. */
  readonly url: string
  metrics(): Promise<string>
  /** Sum of a counter over its series; with labels, over those that carry them. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** SIGTERM; rejects when it has not ended after ten seconds. */
  stop(): Promise<ChildExit>
  kill(): Promise<ChildExit>
}

/** The limit that the command line promises. */
export const STOP_MS_MAX = 10_000

/** Settings for a run on the servers of these tests; the password comes by the environment, as it should. */
export function serviceSettings(options: ServiceOptions): Settings {
  const { url, user } = inject('clickhouse')
  const kafka = {
    brokers: inject('kafka').brokers,
    topics: options.topics,
    groupId: options.groupId,
    sessionTimeoutMs: 6_000,
    heartbeatIntervalMs: 500,
    fetchWaitMs: 100,
  }
  const base: Settings = {
    ingest: { kafka, block: { lingerMs: 100 } },
    clickhouse: { url: options.clickhouseUrl ?? url, user, database: options.database, migrateAtStart: true },
    http: { port: 0 },
    // The same threshold every day, and nothing of what other partitions and topics know, so that alerts compare however
    // the records are cut into blocks and partitions.
    alerting: { budgetPerDay: 'off' },
    learning: { peers: false },
    notify: { targets: {} },
  }
  return merge(base, options.settings ?? {})
}

/** Objects are joined, everything else is replaced. */
export function merge(base: Settings, over: Settings): Settings {
  const joined: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const before = joined[key]
    joined[key] = isSettings(before) && isSettings(value) ? merge(before, value) : value
  }
  return joined
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Writes the configuration into a folder of its own, which goes with `dispose`. JSON is YAML. */
export function writeSettings(settings: Settings): { readonly file: string; readonly folder: string; dispose(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-service-'))
  const file = join(folder, 'tokenwatch.yaml')
  writeFileSync(file, JSON.stringify(settings))
  return { file, folder, dispose: () => rmSync(folder, { recursive: true, force: true }) }
}

/** The environment that every command against the run's ClickHouse needs. */
export function serviceEnv(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { TOKENWATCH_CLICKHOUSE_PASSWORD: inject('clickhouse').password, ...env }
}

/** Starts `tokenwatch run` without waiting for anything. */
export function spawnService(options: ServiceOptions): Child {
  const written = writeSettings(serviceSettings(options))
  const child = spawnTokenwatch(['run', '--config', written.file, ...(options.args ?? [])], {
    env: serviceEnv(options.env),
    cwd: written.folder,
  })
  child.exit.finally(() => written.dispose()).catch(() => {})
  return child
}

/** Resolves when the service has opened ClickHouse and serves its metrics; it may not have joined its group yet. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const child = spawnService(options)
  const line = await child.waitForLine(/tokenwatch is running/)
  const { http: url } = z.object({ http: z.string() }).parse(JSON.parse(line))
  const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text()
  return {
    child,
    url,
    metrics,
    metric: async (name, labels = {}) => sumOf(await metrics(), name, labels),
    async stop() {
      const late = new Promise<undefined>((resolve) => setTimeout(resolve, STOP_MS_MAX, undefined).unref())
      const ended = await Promise.race([child.stop('SIGTERM'), late])
      if (ended !== undefined) return ended
      const { stderr } = await child.stop('SIGKILL')
      throw new Error(`the service did not end within ten seconds\n${stderr}`)
    },
    kill: () => child.stop('SIGKILL'),
  }
}

function sumOf(text: string, name: string, labels: Readonly<Record<string, string>>): number {
  let sum = 0
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (match === null || match[1] !== name) continue
    const carries = Object.entries(labels).every(([key, value]) => match[2]?.includes(`${key}="${value}"`) === true)
    if (carries) sum += Number(match[3])
  }
  return sum
}

export interface CommittedOffset {
  readonly partition: number
  readonly offset: number
  readonly metadata: { readonly last?: number | undefined; readonly ingestedAt: number } | undefined
}

const commitMetadata = z.object({ last: z.number().optional(), ingestedAt: z.number() })

/** What the group has committed, by partition; partitions without a commit are left out. */
export function committedOffsets(groupId: string, topic: string): Promise<CommittedOffset[]> {
  return withAdmin(inject('kafka').brokers, async (admin) => {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
    return (found?.partitions ?? [])
      .map(({ partition, offset, metadata }) => ({
        partition,
        offset: Number(offset),
        metadata: metadata ? commitMetadata.parse(JSON.parse(metadata)) : undefined,
      }))
      .filter(({ offset }) => offset >= 0)
      .sort((a, b) => a.partition - b.partition)
  })
}

/** Resolves when all records of the topic, as of now, are stored and acknowledged. */
export async function untilAcknowledged(
  groupId: string,
  topic: string,
  child?: Child,
  brokers: readonly string[] = inject('kafka').brokers,
): Promise<void> {
  await withAdmin([...brokers], async (admin) => {
    const ends = await admin.fetchTopicOffsets(topic)
    let seen: unknown
    await until(
      `all of ${topic} to be acknowledged`,
      async () => {
        if (child !== undefined) await failIfEnded(child)
        // The coordinator may be loading: kafkajs does not try this call again.
        const [found] = await admin.fetchOffsets({ groupId, topics: [topic] }).catch(() => [])
        seen = found?.partitions
        return ends.every(({ partition, high }) => {
          if (high === '0') return true
          const committed = found?.partitions.find((entry) => entry.partition === partition)
          return committed?.offset === high && !committed.metadata?.includes('last')
        })
      },
      { deadlineMs: 120_000, explain: () => JSON.stringify({ ends, seen }) },
    )
  })
}

async function failIfEnded(child: Child): Promise<void> {
  const ended = await Promise.race([child.exit, Promise.resolve(undefined)])
  if (ended !== undefined) throw new Error(`the service has ended (${ended.signal ?? ended.code})\n${ended.stderr}`)
}
