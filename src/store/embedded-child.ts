/**
 * The process that a ClickHouse lives in where no server was given. It runs libchdb's command line in a thread of its
 * own, on a query that sleeps for as long as the server is wanted, and watches standard input: when the parent closes
 * that pipe, or dies, it kills the query, and the server shuts down in order.
 * Arguments: data directory, path of libchdb, port.
 */
import { join } from 'node:path'
import { DataType, load, open } from 'ffi-rs'
import { readAccess } from './embedded-access.ts'
import { basicToken } from './embedded-config.ts'

const [dataDir = '', library = '', port = ''] = process.argv.slice(2)

/** Reads no table and no file, so that the session's user needs no right to either. Sleeps for longer than a life. */
const SERVE_SQL = `SYSTEM START LISTEN HTTP; SELECT sleepEachRow(0.25) FROM numbers(10000000000)
  SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0 FORMAT Null`

function serve(): Promise<unknown> {
  const home = join(dataDir, 'clickhouse')
  const args = [
    'clickhouse',
    `--config-file=${join(home, 'config.xml')}`,
    `--path=${join(home, 'data')}`,
    '--listen_host=127.0.0.1',
    `--http_port=${port}`,
    '--tcp_port=0',
    '--log-level=error',
    `--query=${SERVE_SQL}`,
  ]
  open({ library: 'chdb', path: library })
  return load({
    library: 'chdb',
    funcName: 'chdb_query_cmdline',
    retType: DataType.External,
    paramsType: [DataType.I32, DataType.StringArray],
    paramsValue: [args.length, args],
    runInNewThread: true,
  })
}

/** Where the server hangs, this process ends all the same: what was acknowledged is on disk. */
const END_TIMEOUT_MS = 15_000

async function end(): Promise<void> {
  setTimeout(die, END_TIMEOUT_MS)
  const access = readAccess(dataDir)
  if (!access) return die()
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { authorization: `Basic ${basicToken(access)}`, connection: 'close' },
    // The sleeping query has no user's name; an analyst's may go with it, the owner's last insert may end.
    body: `KILL QUERY WHERE user != '${access.user}' ASYNC`,
  }).catch(() => undefined)
  if (!response?.ok) die()
}

/** At once: an orderly exit would wait for the server's threads. */
function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

process.stdin.resume().once('end', () => void end())
await serve()
die()
