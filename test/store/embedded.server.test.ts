/** The embedded ClickHouse: one owner for a directory, and an answer for two users only. */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { findEmbedded, readAccess } from '../../src/store/embedded-access.ts'
import { basicToken, serverXml, usersXml } from '../../src/store/embedded-config.ts'
import { alertColumns } from '../../src/store/rows.ts'
import { clickhouseSettings } from '../../src/store/settings.ts'
import { openStore } from '../../src/store/store.ts'
import type { Store } from '../../src/store/store.ts'
import { NOON_MS, sampleAlert } from './sample.ts'

const made: string[] = []
function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'tokenwatch-embedded-'))
  made.push(path)
  return path
}
afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true })
})

const settingsOf = (dataDir: string) => clickhouseSettings.parse({ dataDir })

describe('access', () => {
  const dataDir = directory()
  let store: Store
  let owner: string
  let reader: string

  beforeAll(async () => {
    store = await openStore(settingsOf(dataDir))
    const access = readAccess(dataDir)!
    owner = `Basic ${basicToken(access)}`
    reader = `Basic ${basicToken(access.analyst)}`
    await store.db.insert(
      'alerts',
      alertColumns([{ alert: sampleAlert('a'), position: { topic: 't', partition: 0, offset: 0 } }], NOON_MS),
      1,
      'a',
    )
  })
  afterAll(async () => {
    await store.close()
  })

  /** The raw answer of the server to one request. */
  function ask(path: string, headers: Record<string, string | string[]>, method = 'GET', body = '') {
    return new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((done, fail) => {
      const call = request(`${store.address}${path}`, { method, headers, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('end', () => done({ status: response.statusCode!, text, headers: response.headers }))
      })
      call.on('error', fail)
      call.end(body)
    })
  }

  const QUERY = '/?query=SELECT+4242%2B1'
  const wrong = `Basic ${Buffer.from('tokenwatch:wrong').toString('base64')}`
  const nobody = `Basic ${Buffer.from('default:').toString('base64')}`

  test.each<[string, string, () => Record<string, string | string[]>]>([
    ['no Authorization header', QUERY, () => ({})],
    ['the session user without a password', QUERY, () => ({ authorization: nobody })],
    ['the session user in the query', `${QUERY}&user=default`, () => ({})],
    ['the session user in headers', QUERY, () => ({ 'x-clickhouse-user': 'default' })],
    [
      'the session user in headers, beside good credentials',
      QUERY,
      () => ({ authorization: owner, 'x-clickhouse-user': 'default' }),
    ],
    [
      'the session user in headers, with its empty key',
      QUERY,
      () => ({ authorization: owner, 'x-clickhouse-user': 'default', 'x-clickhouse-key': '' }),
    ],
    ['a wrong password', QUERY, () => ({ authorization: wrong })],
    ['good credentials with something after them', QUERY, () => ({ authorization: `${owner}x` })],
    ['good credentials among others', QUERY, () => ({ authorization: `${nobody}, ${owner}` })],
    ['a page of another origin without credentials', QUERY, () => ({ origin: 'https://evil.example' })],
    [
      'a page of another origin with good credentials',
      QUERY,
      () => ({ authorization: owner, origin: 'https://evil.example' }),
    ],
    ['the play page', '/play', () => ({})],
    ['the dashboard', '/dashboard', () => ({ authorization: wrong })],
  ])('nothing is answered to %s', async (_, path, headers) => {
    for (const method of ['GET', 'POST']) {
      const answer = await ask(path, headers(), method)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.text).not.toContain('4243')
    }
  })

  test('a preflight of another origin is not allowed anything', async () => {
    const answer = await ask(
      QUERY,
      {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
      'OPTIONS',
    )
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    expect(answer.headers['access-control-allow-headers']).toBeUndefined()
  })

  test('both users are answered, and anyone may ask whether it lives', async () => {
    expect(await ask(QUERY, { authorization: owner })).toMatchObject({ status: 200, text: '4243\n' })
    expect(await ask(QUERY, { authorization: reader })).toMatchObject({ status: 200, text: '4243\n' })
    expect(await ask('/ping', {})).toMatchObject({ status: 200, text: 'Ok.' })
  })

  const forbidden = [
    `SELECT * FROM file('/etc/hostname', 'LineAsString')`,
    `SELECT * FROM url('http://127.0.0.1:1', 'LineAsString')`,
    `SELECT * FROM file('/etc/hostname', 'JSONEachRow')`,
    `DESCRIBE file('/etc/hostname', 'CSVWithNames')`,
    `SELECT * FROM remote('127.0.0.1:9000', 'system', 'one')`,
    `SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'CSV')`,
    `INSERT INTO FUNCTION file('/tmp/x', 'LineAsString', 'line String') SELECT 'x'`,
    `CREATE TABLE tokenwatch.leak (line String) ENGINE = URL('http://127.0.0.1:1', 'CSV')`,
    `CREATE TABLE tokenwatch.leak (line String) ENGINE = File('CSV')`,
    `CREATE USER eve`,
    `GRANT ALL ON *.* TO analyst`,
    `CREATE DATABASE other`,
    `SELECT * FROM system.users`,
    `SYSTEM SHUTDOWN`,
  ]
  test.each(forbidden)('neither user may: %s', async (sql) => {
    for (const authorization of [owner, reader]) {
      const answer = await ask('/', { authorization }, 'POST', sql)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.text).toMatch(/ACCESS_DENIED|READONLY/)
    }
  })

  // The parameter wins over the header, and no rule can look at it.
  test.each([
    ...forbidden,
    'SELECT * FROM tokenwatch.state',
    'SELECT count() FROM tokenwatch.incidents',
    'INSERT INTO tokenwatch.state SELECT 1, 2, now64(3)',
    'CREATE TEMPORARY TABLE mine (x UInt8)',
    'SYSTEM STOP LISTEN HTTP',
    'KILL QUERY WHERE 1',
    'EXECUTE AS tokenwatch SELECT 1',
  ])('who has a password and becomes the session user may not: %s', async (sql) => {
    for (const authorization of [owner, reader]) {
      const answer = await ask('/?user=default', { authorization }, 'POST', sql)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.text).toMatch(/ACCESS_DENIED|QUOTA_EXCEEDED|SUPPORT_IS_DISABLED/)
    }
    expect((await ask('/ping', {})).status).toBe(200)
  })

  test.each([
    `INSERT INTO tokenwatch.state SELECT 'a', 'b', now64(3)`,
    'TRUNCATE TABLE tokenwatch.events',
    'DROP TABLE tokenwatch.events',
    'ALTER TABLE tokenwatch.events DELETE WHERE 1',
    'CREATE TABLE tokenwatch.mine (x UInt8) ENGINE = MergeTree ORDER BY x',
    'SET max_execution_time = 0',
  ])('the analyst may not: %s', async (sql) => {
    const answer = await ask('/', { authorization: reader }, 'POST', sql)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.text).toMatch(/ACCESS_DENIED|READONLY/)
  })

  test('the analyst reads every table and every view', async () => {
    const names = await ask('/?query=SELECT+name+FROM+system.tables+WHERE+database=%27tokenwatch%27', {
      authorization: reader,
    })
    const tables = names.text.trim().split('\n')
    expect(tables).toContain('incidents')
    for (const table of tables) {
      const answer = await ask('/', { authorization: reader }, 'POST', `SELECT count() FROM tokenwatch.${table}`)
      expect([table, answer.status, answer.text.split('\n')[0]]).toEqual([table, 200, expect.stringMatching(/^\d+$/)])
    }
    expect((await ask('/', { authorization: reader }, 'POST', 'SELECT * FROM tokenwatch.alert_history')).status).toBe(
      200,
    )
  })

  test('what holds passwords is readable by its owner only', () => {
    for (const file of ['clickhouse.json', 'clickhouse/users.xml', 'clickhouse/config.xml'])
      expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600)
    expect(statSync(join(dataDir, 'clickhouse')).mode & 0o777).toBe(0o700)
    const { password, analyst } = readAccess(dataDir)!
    expect(readFileSync(join(dataDir, 'clickhouse/users.xml'), 'utf8')).not.toContain(password)
    expect(password).toMatch(/^[0-9a-f]{48}$/)
    expect(analyst.password).not.toBe(password)
  })
})

describe('one owner', () => {
  test('the first opens it, others join, and what was written outlives them all', async () => {
    const settings = settingsOf(directory())
    const first = await openStore(settings)
    const second = await openStore(settings)
    expect([first.owned, second.owned]).toEqual([true, false])
    expect(second.address).toBe(first.address)
    await second.db.command(`INSERT INTO state SELECT 'kept', 'yes', now64(3)`)
    await second.close()
    await first.db.ping()
    await first.close()
    expect(await findEmbedded(settings.dataDir)).toBeUndefined()
    const third = await openStore(settings)
    expect(third.owned).toBe(true)
    expect(third.migrated).toEqual([])
    const rows = await third.db.query(`SELECT value FROM state WHERE key = 'kept'`, {}, z.object({ value: z.string() }))
    expect(rows).toEqual([{ value: 'yes' }])
    await third.close()
  })

  test('of two that start at once in a new directory one wins, and the other joins it', async () => {
    const settings = settingsOf(directory())
    const stores = await Promise.all([openStore(settings), openStore(settings)])
    expect(stores.filter((store) => store.owned)).toHaveLength(1)
    await Promise.all(stores.map((store) => store.db.ping()))
    for (const store of stores.toSorted((a, b) => Number(a.owned) - Number(b.owned))) await store.close()
  })

  test('a damaged access file is made anew', async () => {
    const settings = settingsOf(directory())
    await (await openStore(settings)).close()
    writeFileSync(join(settings.dataDir, 'clickhouse.json'), '{')
    await using store = await openStore(settings)
    expect(store.migrated).toEqual([])
  })

  test('the server ends with its parent, even one that is killed, and the next one starts with its data', async () => {
    const settings = settingsOf(directory())
    const script = `
      import { openStore } from ${JSON.stringify(new URL('../../src/store/store.ts', import.meta.url).href)}
      import { clickhouseSettings } from ${JSON.stringify(new URL('../../src/store/settings.ts', import.meta.url).href)}
      const store = await openStore(clickhouseSettings.parse({ dataDir: ${JSON.stringify(settings.dataDir)} }))
      await store.db.command("INSERT INTO state SELECT 'killed', 'kept', now64(3)")
      console.log('ready')
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((done) => parent.stdout.once('data', done))
    const { pid } = (await findEmbedded(settings.dataDir))!
    parent.kill('SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false)
    await using store = await openStore(settings)
    const rows = await store.db.query(
      `SELECT value FROM state WHERE key = 'killed'`,
      {},
      z.object({ value: z.string() }),
    )
    expect(rows).toEqual([{ value: 'kept' }])
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('without chdb the error says what to do', async () => {
  const hide = `import { registerHooks } from 'node:module'
    registerHooks({ resolve: (name, context, next) => { if (name.startsWith('chdb')) throw new Error('hidden'); return next(name, context) } })`
  const script = `
    import { openStore } from ${JSON.stringify(new URL('../../src/store/store.ts', import.meta.url).href)}
    import { clickhouseSettings } from ${JSON.stringify(new URL('../../src/store/settings.ts', import.meta.url).href)}
    await openStore(clickhouseSettings.parse({ dataDir: ${JSON.stringify(directory())} })).catch((error) => console.log(error.name, error.remedy))`
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(hide)}`,
    '--input-type=module',
    '-e',
    script,
  ])
  expect(stdout).toMatch(/^EmbeddedError .*clickhouse\.url.*npm install/)
})

test('a generated configuration holds names and paths as they are, and refuses a database that is no name', () => {
  const config = {
    usersFile: '/a & b/<users>.xml',
    logFile: '/a/server.log',
    memoryBytesMax: 2 ** 30,
    database: 'tokenwatch',
    owner: { user: 'tokenwatch', password: 'p' },
    analyst: { user: 'analyst', password: 'q' },
  }
  expect(serverXml(config)).toContain('<users_config>/a &#38; b/&#60;users&#62;.xml</users_config>')
  expect(() => usersXml({ ...config, database: 'x.*; GRANT ALL' })).toThrow(RangeError)
})
