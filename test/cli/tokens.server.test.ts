/** `tokenwatch tokens` as a person and as cron run it: what it says, what it writes, what it refuses, and no secrets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ExitCode } from '../../src/cli/command.ts'
import { createFingerprinter } from '../../src/enrich/fingerprint.ts'
import { Secret } from '../../src/secret.ts'
import { loadRegistry } from '../../src/store/registry.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { databaseEnvironment } from '../support/command.ts'
import { spawnTokenwatch } from '../support/child.ts'

// Each run of the program takes seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-tokens-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const KEY = '0123456789abcdef0123456789abcdef'

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** The program against one database of its own. */
async function scene(label: string) {
  const db = await testDatabase(label)
  const env = databaseEnvironment(db.name)
  const tokens = async (args: readonly string[], options: { input?: string; key?: string } = {}) => {
    const key = options.key === undefined ? {} : { TOKENWATCH_ENRICH_FINGERPRINT_KEY: options.key }
    const child = spawnTokenwatch(['tokens', ...args], { cwd: folder, env: { ...env, ...key }, input: 'open' })
    if (options.input !== undefined) child.write(options.input)
    child.endInput()
    return child.exit
  }
  const rows = async () => {
    const sql = 'SELECT token_id, owner, removed FROM tokens FINAL ORDER BY written_at, token_id'
    return db.query(sql, {}, z.object({ token_id: z.string(), owner: z.string(), removed: z.number() }))
  }
  return { db, tokens, rows }
}

describe('import', async () => {
  const { db, tokens, rows } = await scene('import')
  const HEADER = 'token_id,name,owner,scopes,expires_at,team\n'
  const first = file(
    'first.csv',
    `${HEADER}a,build,kim,"x:read,y:write",2027-01-01,1\nb,sync,,admin,,1\nc,old,sam,,,1\n`,
  )
  const second = file('second.csv', `${HEADER}a,build,lee,y:write x:read,,1\nb,sync,,admin,,1\nd,new,kim,,,1\n`)

  test('tells what it would add, and writes nothing yet', async () => {
    const { code, stdout, stderr } = await tokens(['import', first, '--dry-run'])
    expect(code).toBe(ExitCode.ok)
    expect(stdout).toBe(
      'added     3\n  a (build)\n  b (sync)\n  c (old)\nchanged   0\nremoved   0\nunchanged 0\n' +
        'nothing was written: this was a dry run\n',
    )
    expect(stderr).toBe('ignored: team\n')
    expect(await rows()).toEqual([])
  })

  test('adds; again it changes nothing; a later list changes, adds and removes', async () => {
    expect((await tokens(['import', first])).stdout).toMatch(
      /^added {5}3\n[\s\S]*written; it counts for calls that arrive from 20/,
    )
    expect((await tokens(['import', first])).stdout).toMatch(/unchanged 3\nnothing to write\n$/)
    const { code, stdout } = await tokens(['import', second])
    expect(code).toBe(ExitCode.ok)
    expect(stdout).toMatch(
      /^added {5}1\n {2}d \(new\)\nchanged {3}1\n {2}a \(build\): owner kim -> lee; expires_at 2027-01-01T00:00:00Z -> none\nremoved {3}1\n {2}c \(old\)\nunchanged 1\n/,
    )
    expect((await rows()).slice(3)).toEqual([
      { token_id: 'a', owner: 'lee', removed: 0 },
      { token_id: 'c', owner: 'sam', removed: 1 },
      { token_id: 'd', owner: 'kim', removed: 0 },
    ])
    expect((await loadRegistry(db, Date.now() + 60_000)).size).toBe(3)
  })

  test('refuses a list that came out empty, and one that is another, and names the way out', async () => {
    const before = await rows()
    const empty = await tokens(['import', file('empty.csv', HEADER)])
    expect(empty.code).toBe(ExitCode.failed)
    expect(empty.stderr).toContain('3 tokens of the source "default" are not in it any more, such as a (build)')
    expect(empty.stderr).toContain('--allow-removals')
    expect(await rows()).toEqual(before)
    const other = file('other.json', JSON.stringify([{ token_id: 'z' }]))
    expect((await tokens(['import', other])).code).toBe(ExitCode.failed)
    expect((await tokens(['import', other, '--source', 'vault'])).stdout).toMatch(
      /added {5}1\n {2}z\nchanged {3}0\nremoved {3}0/,
    )
    expect((await tokens(['import', file('part.ndjson', '{"token_id":"e"}\n'), '--partial'])).stdout).toMatch(
      /removed {3}0/,
    )
    expect((await tokens(['import', file('none.json', '[]'), '--allow-removals'])).stdout).toMatch(/removed {3}4\n/)
    expect((await loadRegistry(db, Date.now() + 60_000)).size).toBe(1)
  })

  test('names every mistake and imports nothing, or the rest where that is asked for', async () => {
    const before = await rows()
    const bad = file('bad.csv', 'token_id,expires_at\nf,soon\ng,2027-01-01\n,x\n')
    const refused = await tokens(['import', bad, '--source', 'bad'])
    expect(refused.code).toBe(ExitCode.usage)
    expect(refused.stdout).toBe('')
    expect(refused.stderr).toMatch(
      /^line 2: expires_at: expected a time .*, got "soon"\nline 4: token_id: expected an id.*\nline 4: expires_at: .*\nerror: .*bad\.csv: 3 mistakes\nremedy: correct them/,
    )
    expect(await rows()).toEqual(before)
    const skipped = await tokens(['import', bad, '--source', 'bad', '--skip-invalid'])
    expect(skipped.stdout).toMatch(/^added {5}1\n {2}g\n/)
    expect(skipped.stderr).toContain('left out: line 2: expires_at')
  })

  test('says as JSON what a program wants to know', async () => {
    const list = file('json.json', JSON.stringify([{ token_id: 'g', owner: 'kim' }]))
    const { stdout } = await tokens(['import', list, '--source', 'bad', '--json'])
    expect(JSON.parse(stdout)).toEqual({
      source: 'bad',
      format: 'json',
      dry_run: false,
      added: [],
      changed: [
        {
          token_id: 'g',
          name: '',
          owner: 'kim',
          fields: [
            { field: 'owner', before: '', after: 'kim' },
            { field: 'expires_at', before: '2027-01-01T00:00:00Z', after: '' },
          ],
        },
      ],
      removed: [],
      unchanged: 0,
      left_out: [],
      ignored_keys: [],
    })
  })

  test.each([
    ['a file that is not there', [join(folder, 'no.csv')], /no\.csv: cannot be read \(ENOENT\)/],
    ['a directory', [folder], /cannot be read \(EISDIR\)/],
    ['no file', [], /missing required argument 'file'/],
  ])('refuses %s', async (_, args, says) => {
    const { code, stderr } = await tokens(['import', ...args])
    expect(code).toBe(ExitCode.usage)
    expect(stderr).toMatch(says)
  })
})

describe('a raw credential', async () => {
  const { db, tokens } = await scene('raw')
  const RAW = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'
  const PLAIN = 'correct-horse-battery-staple'
  const list = `token,name,owner\n${RAW},named ${RAW},kim\n${PLAIN},${PLAIN},sam\n`
  const outputs: string[] = []
  const run = async (...args: Parameters<typeof tokens>) => {
    const ended = await tokens(...args)
    outputs.push(ended.stdout, ended.stderr)
    return ended
  }

  test('from standard input becomes an id; without the key, or with another, it is refused', async () => {
    expect((await run(['import', '-'], { input: list })).code).toBe(ExitCode.usage)
    expect((await run(['import', '-', '--dry-run'], { input: list, key: KEY })).code).toBe(ExitCode.ok)
    expect((await run(['import', '-'], { input: list, key: KEY })).code).toBe(ExitCode.ok)
    const other = await run(['import', '-', '--dry-run'], { input: list, key: KEY.replaceAll('0', 'f') })
    expect(other.code).toBe(ExitCode.usage)
    expect(other.stderr).toContain('enrich.fingerprintKey')
    const registry = await loadRegistry(db, Date.now() + 60_000)
    const fingerprinter = createFingerprinter(new Secret(KEY))
    expect(registry.of(fingerprinter.fingerprint(RAW)!)).toMatchObject({ owner: 'kim', name: 'named [masked]' })
    expect(registry.of(fingerprinter.fingerprint(PLAIN)!)).toMatchObject({ owner: 'sam', name: '[masked]' })
  })

  test('stands in no output, whatever is wrong with the list, and in no table', async () => {
    const everything = (token: string) => ({
      token,
      name: token,
      owner: [token],
      scopes: [`a:${token}`, 1],
      expires_at: token,
      rotated_from: token,
      [RAW]: 1,
    })
    const both = JSON.stringify([everything(RAW), everything(PLAIN)])
    for (const input of [both, `token\n${RAW},${PLAIN}\n${RAW}\n`, `{"token": "${RAW}" ${PLAIN}}`]) {
      await run(['import', '-', '--skip-invalid', '--partial'], { input, key: KEY })
    }
    await run(['import', '-', '--json'], { input: both, key: KEY })
    await run(['mark-leaked', RAW])
    await run(['mark-leaked', 'x', '--force', '--note', `seen ${RAW}`])
    await run(['list'])
    await run(['list', '--json'])
    const tables = ['tokens', 'token_marks', 'state', 'token_inventory', 'registered_tokens']
    for (const table of tables) {
      const found = await db.query(
        `SELECT toString(tuple(*)) AS text FROM ${table}`,
        {},
        z.object({ text: z.string() }),
      )
      outputs.push(...found.map(({ text }) => text))
    }
    expect(outputs.join('\n').length).toBeGreaterThan(1_000)
    for (const text of outputs) {
      expect(text).not.toContain(RAW)
      expect(text).not.toContain(PLAIN)
    }
  })
})

describe('mark-leaked and list', async () => {
  const { db, tokens } = await scene('mark')
  const compromisedAtMs = async () => (await loadRegistry(db, Date.now() + 60_000)).compromisedAtMs('a' as never)

  test('a mark is set, listed and taken back', async () => {
    const list = JSON.stringify([
      { token_id: 'a', name: 'build', owner: 'kim' },
      { token_id: 'b', scopes: '*' },
    ])
    await tokens(['import', '-'], { input: list })
    const marked = await tokens(['mark-leaked', 'a', '--at', '2026-03-01', '--note', 'in a gist'])
    expect(marked.code).toBe(ExitCode.ok)
    expect(marked.stdout).toMatch(
      /^a is marked as leaked since 2026-03-01T00:00:00Z\. It counts for calls that arrive from 20.*\nNo call of it since then is stored\.\n$/,
    )
    expect(await compromisedAtMs()).toBe(Date.UTC(2026, 2, 1))
    expect((await tokens(['list', '--flag', 'leaked'])).stdout).toMatch(/│ a +│ build +│ kim .* leaked/)
    expect((await tokens(['mark-leaked', 'a', '--undo'])).stdout).toMatch(/^a is no longer marked as leaked\./)
    expect(await compromisedAtMs()).toBe(0)
    expect((await tokens(['list', '--flag', 'leaked'])).stdout).toBe('no tokens\n')
  })

  test('lists by owner, use and expiry, as a table or as JSON', async () => {
    expect((await tokens(['list'])).stdout).toMatch(/│ a .*\n.*│ b .*ownerless never_used unused_30d no_expiry broad/)
    const { stdout } = await tokens(['list', '--unowned', '--unused', '30d', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ tokens: [{ token_id: 'b', owner: '', scopes: ['*'] }] })
    expect((await tokens(['list', '--expired'])).stdout).toBe('no tokens\n')
    expect((await tokens(['list', '--expiring', '14d'])).stdout).toBe('no tokens\n')
  })

  test.each([
    ['a token that nobody knows', ['mark-leaked', 'nobody'], /no token of this id is registered or was ever used/],
    ['a credential', ['mark-leaked', 'glpat-0123456789abcdefghij'], /looks like a credential/],
    ['a time that is none', ['mark-leaked', 'a', '--at', 'noon'], /expected a time/],
    ['a flag that is none', ['list', '--flag', 'odd'], /expected one of unregistered/],
    ['a duration that is none', ['list', '--unused', 'long'], /expected a duration/],
  ])('refuses %s', async (_, args, says) => {
    const { code, stderr } = await tokens(args)
    expect(code).toBe(ExitCode.usage)
    expect(stderr).toMatch(says)
  })
})
