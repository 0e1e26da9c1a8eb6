/** A real ClickHouse without a server: libchdb in a child process, reachable over HTTP by two users and nobody else. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Log } from '../log.ts'
import { printable } from '../text.ts'
import { answers, ensureAccess, makePrivateDirectory, writeAccess, writePrivate } from './embedded-access.ts'
import type { EmbeddedAccess } from './embedded-access.ts'
import { serverXml, usersXml } from './embedded-config.ts'
import type { Credentials } from './embedded-config.ts'

export interface EmbeddedOptions {
  readonly dataDir: string
  /** 0 or absent: the port of the last time if it is free, else any free one. */
  readonly port?: number | undefined
  readonly memoryBytesMax: number
  /** The database that the users may use; a trailing `*` is for tests. */
  readonly database: string
  readonly log: Log
}

export interface Embedded extends Credentials {
  readonly url: string
  /** A user who may read and no more. */
  readonly analyst: Credentials
  /** Close clients first: an idle connection delays it by seconds. */
  stop(): Promise<void>
}

/** It could not be started. The message ends with the remedy. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError'
  readonly remedy: string
  /** It is installed but did not come up: another process may have been faster. */
  readonly maybeOwned: boolean
  constructor(message: string, remedy: string, maybeOwned: boolean) {
    super(`${message}; ${remedy}`)
    this.remedy = remedy
    this.maybeOwned = maybeOwned
  }
}

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 20_000
const POLL_MS = 25

/**
 * Starts the one ClickHouse of a data directory; the server's own lock refuses a second. It ends with `stop`, or when
 * this process ends in whatever way.
 * @throws EmbeddedError
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const library = await findLibrary()
  const dataDir = resolve(options.dataDir)
  const home = join(dataDir, 'clickhouse')
  makePrivateDirectory(dataDir)
  makePrivateDirectory(home)
  const access = ensureAccess(dataDir)
  const port = options.port || (await freePort(access.port))
  const url = `http://127.0.0.1:${port}`
  writeConfig(home, options, access)
  const child = spawnServer(dataDir, library, port)
  await untilReady(child, url, access, home)
  writeAccess(dataDir, { ...access, url, port, pid: child.pid! })
  options.log.debug({ url, pid: child.pid }, 'embedded ClickHouse started')
  return {
    url,
    user: access.user,
    password: access.password,
    analyst: access.analyst,
    async stop() {
      await stopServer(child, options.log)
      // Passwords stay; an address that leads nowhere does not.
      const { user, password, analyst } = access
      writeAccess(dataDir, { port, user, password, analyst })
    },
  }
}

async function findLibrary(): Promise<string> {
  const remedy =
    'set clickhouse.url to a ClickHouse server, or install the optional packages: npm install --include=optional'
  try {
    await import('ffi-rs')
    const { resolveLibchdb } = await import('chdb/libchdb')
    return resolveLibchdb({ env: {} }).path
  } catch {
    const platform = `${process.platform}-${process.arch}`
    throw new EmbeddedError(
      `no ClickHouse is configured and the embedded one (chdb) is not installed for ${platform}`,
      remedy,
      false,
    )
  }
}

function writeConfig(home: string, options: EmbeddedOptions, access: EmbeddedAccess): void {
  const usersFile = join(home, 'users.xml')
  const config = {
    usersFile,
    logFile: join(home, 'server.log'),
    memoryBytesMax: options.memoryBytesMax,
    database: options.database,
    owner: { user: access.user, password: access.password },
    analyst: access.analyst,
  }
  writePrivate(usersFile, usersXml(config))
  writePrivate(join(home, 'config.xml'), serverXml(config))
}

function spawnServer(dataDir: string, library: string, port: number): ChildProcess {
  const home = join(dataDir, 'clickhouse')
  const output = openSync(join(home, 'start.log'), 'w', 0o600)
  try {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('embedded-child.ts', import.meta.url)), dataDir, library, String(port)],
      // A process group of its own: Ctrl-C on a terminal must not reach the server before its clients are done.
      { stdio: ['pipe', output, output], detached: true, cwd: home },
    )
    // Neither keeps this process alive; when it ends, the pipe closes and the server with it.
    child.unref()
    const pipe = child.stdin
    if (pipe && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
    // Writing nothing, the pipe can only report that the child is gone, which `exit` does too.
    pipe?.on('error', () => {})
    return child
  } finally {
    closeSync(output)
  }
}

async function untilReady(child: ChildProcess, url: string, access: EmbeddedAccess, home: string): Promise<void> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS
  let failure: Error | undefined
  child.once('error', (error) => (failure = error))
  while (Date.now() < deadlineMs) {
    if (failure || child.exitCode !== null || child.signalCode !== null) break
    if (await answers(url, access)) return
    await delay(POLL_MS)
  }
  child.kill('SIGKILL')
  const said = printable(lastLines(join(home, 'start.log')).replace(/^Logging .*$/gm, ''))
  throw new EmbeddedError(
    `the embedded ClickHouse did not start${said === '' ? '' : `: ${said}`}`,
    `see ${join(home, 'server.log')}; another tokenwatch may own this data directory`,
    true,
  )
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').slice(-3).join('\n').slice(-500)
  } catch {
    return ''
  }
}

async function stopServer(child: ChildProcess, log: Log): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  child.stdin?.end()
  const timer = setTimeout(() => {
    log.warn('the embedded ClickHouse did not stop in time and was killed; its data is safe')
    child.kill('SIGKILL')
  }, STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

/** The port of the last time where it is free, so that an analyst's connection keeps working. */
async function freePort(last: number): Promise<number> {
  return (await tryPort(last)) ?? (await tryPort(0)) ?? 0
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(undefined))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : undefined))
    })
  })
}
