/** Where the demonstration lives: a data directory that it alone may wipe, and a configuration that reads no file. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ExitCode, UserError } from '../cli/command.ts'
import type { Config } from '../config.ts'
import { configSchema } from '../config/schema.ts'
import { findEmbedded } from '../store/embedded-access.ts'

/** Its presence says that everything beside it may be deleted. */
const MARKER = 'wiped-by-the-demo'

/**
 * Empties the directory, or makes it. Refuses, with UserError, one that it did not make and one whose ClickHouse is
 * running.
 */
export async function prepareDataDir(dataDir: string): Promise<void> {
  const entries = entriesOf(dataDir)
  if (entries.length > 0 && !entries.includes(MARKER)) {
    throw new UserError(`${dataDir} is not empty and was not made by the demonstration, which deletes its directory`, {
      exitCode: ExitCode.usage,
      remedy: 'name another one with --data-dir',
    })
  }
  const living = await findEmbedded(dataDir)
  if (living !== undefined) {
    throw new UserError(`another demonstration is running in ${dataDir}; its ClickHouse is at ${living.url}`, {
      exitCode: ExitCode.usage,
      remedy: 'end it with Ctrl-C, or name another directory with --data-dir',
    })
  }
  for (const entry of entries) rmSync(join(dataDir, entry), { recursive: true, force: true })
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(join(dataDir, MARKER), 'The demonstration deletes what is in this directory when it starts.\n')
}

function entriesOf(dataDir: string): readonly string[] {
  try {
    return readdirSync(dataDir)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new UserError(`--data-dir ${dataDir}: cannot be used (${code})`, { exitCode: ExitCode.usage, cause: error })
  }
}

/** The defaults of the product, told that the month is over and that its alerts are wanted all the same. */
export function demoConfig(dataDir: string, startMs: number, kafka: Record<string, unknown> = {}): Config {
  return configSchema.parse({
    // The month lies where it lies, whatever this machine's clock says.
    ingest: { kafka, silenceMs: 0, futureMaxMs: Number.MAX_SAFE_INTEGER, lateMaxMs: Number.MAX_SAFE_INTEGER },
    // With a fixed threshold, and without what depends on which tokens a process has met, the month gives the same alerts
    // played directly or through Kafka.
    detect: { detectors: { 'shared-source': { enabled: false }, 'credential-spraying': { enabled: false } } },
    alerting: { budgetPerDay: 'off', notifyFrom: new Date(startMs).toISOString() },
    notify: { maxAgeMs: 0 },
    clickhouse: { dataDir },
    http: { port: 0 },
  })
}
