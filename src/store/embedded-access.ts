/** The file that tells every command of one data directory where its ClickHouse is and how to get in. */
import { randomBytes } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { basicToken } from './embedded-config.ts'

const credentials = z.object({ user: z.string(), password: z.string() })

const accessFile = z.object({
  /** Absent while no server runs. The passwords stay for the life of the directory. */
  url: z.string().optional(),
  /** Of the server's process. */
  pid: z.number().int().optional(),
  /** Of the last time, so that an analyst's connection keeps working. */
  port: z.number().int().default(0),
  user: z.string(),
  password: z.string(),
  analyst: credentials,
})

export type EmbeddedAccess = z.infer<typeof accessFile>

export function accessPath(dataDir: string): string {
  return join(dataDir, 'clickhouse.json')
}

/** What the directory's file says; undefined where there is none, or it is damaged. */
export function readAccess(dataDir: string): EmbeddedAccess | undefined {
  let text: string
  try {
    text = readFileSync(accessPath(dataDir), 'utf8')
  } catch {
    return undefined
  }
  try {
    return accessFile.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/**
 * The directory's passwords, made where there are none. Of two processes at once the first one's hold: the file is
 * linked into place, which fails where there is one.
 */
export function ensureAccess(dataDir: string): EmbeddedAccess {
  const before = readAccess(dataDir)
  if (before) return before
  rmSync(accessPath(dataDir), { force: true })
  const draft = `${accessPath(dataDir)}.${randomBytes(6).toString('hex')}`
  writePrivate(draft, JSON.stringify(newAccess()))
  try {
    linkSync(draft, accessPath(dataDir))
  } catch {
    // Another process was faster.
  } finally {
    rmSync(draft)
  }
  return readAccess(dataDir) ?? newAccess()
}

function newAccess(): EmbeddedAccess {
  return {
    port: 0,
    user: 'tokenwatch',
    password: randomBytes(24).toString('hex'),
    analyst: { user: 'analyst', password: randomBytes(24).toString('hex') },
  }
}

/** Replaces the file at once, so that no reader sees half of it. */
export function writeAccess(dataDir: string, access: EmbeddedAccess): void {
  const path = accessPath(dataDir)
  writePrivate(`${path}.new`, `${JSON.stringify(access, undefined, 2)}\n`)
  renameSync(`${path}.new`, path)
}

/** A file that only its owner reads, whatever it was before. */
export function writePrivate(path: string, text: string): void {
  writeFileSync(path, '', { mode: 0o600 })
  chmodSync(path, 0o600)
  writeFileSync(path, text)
}

/** A directory that only its owner enters. */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

const PROBE_TIMEOUT_MS = 2000

/** Does a server answer there that knows our password? Another program on that port does not. */
export async function answers(url: string, access: EmbeddedAccess): Promise<boolean> {
  try {
    const response = await fetch(`${url}/?query=SELECT+1`, {
      headers: { authorization: `Basic ${basicToken(access)}`, connection: 'close' },
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      redirect: 'error',
    })
    return (await response.text()) === '1\n' && response.ok
  } catch {
    return false
  }
}

/** The living ClickHouse of a directory, if there is one. */
export async function findEmbedded(
  dataDir: string,
): Promise<(EmbeddedAccess & { readonly url: string; readonly pid: number }) | undefined> {
  const access = readAccess(dataDir)
  if (access?.url === undefined || access.pid === undefined || !isAlive(access.pid)) return undefined
  return (await answers(access.url, access)) ? { ...access, url: access.url, pid: access.pid } : undefined
}

/** A stale file must not send the password to whoever took the port since. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
