/** The first thing that a new user runs: `npm run demo`, as a child process, until Ctrl-C. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'

const DEMO_FILE = join(import.meta.dirname, '../../src/demo.ts')
/** A minute on a machine of its own; others may be at work here. */
const PLAY_TIMEOUT_MS = 300_000
const ATTACKS = ['stolen token', 'woken dormant token', 'spike', 'enumeration']
/** What the three queries bring to light: the attack on the dormant token, a known country, what was seen. */
const ANSWERS = [
  /legacy-import-2024.*dormant-token/,
  /^countries: +\['[A-Z]{2}'/m,
  /^detector: [a-z-]+\n.*\n.*\nseen: +\S/m,
]

let folder: string
let children: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenwatch-demo-'))
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children = []
  rmSync(folder, { recursive: true, force: true })
})

function demo(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [DEMO_FILE, ...args], {
    cwd: folder,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const output = { out: '', err: '' }
  const waiting = Promise.withResolvers<void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.out += text
    if (output.out.includes('until Ctrl-C')) waiting.resolve()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.err += text))
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, ...output }))
  })
  return { child, output, waits: waiting.promise, ended }
}

interface PrintedQuery {
  readonly url: string
  readonly authorization: string
  readonly sql: string
}

/** The command lines as they are printed; the shell takes a double-quoted text without `$`, backtick or `\` as it is. */
function printedQueries(out: string): readonly PrintedQuery[] {
  const lines = out.matchAll(/^ {2}curl -su (?<login>\w+:\w+) (?<host>[\d.:]+) -d "\n(?<sql>[^"$`\\!]+)"$/gm)
  return [...lines].map(({ groups }) => ({
    url: `http://${groups?.['host']}`,
    authorization: `Basic ${Buffer.from(groups?.['login'] ?? '').toString('base64')}`,
    sql: groups?.['sql'] ?? '',
  }))
}

function ask({ url, authorization, sql }: PrintedQuery): Promise<Response> {
  return fetch(url, { method: 'POST', body: sql, headers: { authorization, connection: 'close' } })
}

/** Undefined when there is no such process. */
function signalZero(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('npm run demo', () => {
  it('finds all four attacks, tells what was false, and ends with --exit', { timeout: PLAY_TIMEOUT_MS }, async () => {
    const { code, out, err } = await demo(['--exit', '--data-dir', 'data']).ended
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('4 of 4 attacks found.')
    for (const attack of ATTACKS) {
      expect(out).toMatch(new RegExp(`^── Attack \\d of 4: ${attack} ─+$`, 'm'))
      expect(out).toMatch(new RegExp(`^ {2}${attack} +\\S+ +Oct \\d+ .*(at once|\\d (s|min|h|d)) +\\d+ of \\d+`, 'm'))
    }
    expect(out).toMatch(/And \d+ false alerts?, [\d.]+ a day|Nothing else raised an alert/)
    expect(out).toMatch(/All of it took \d+\.\d s\./)
    // Without a terminal nothing may steer one.
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    const closing = out.slice(out.indexOf('What was hidden')).split('\n')
    expect(closing.filter((line) => line.length > 100)).toEqual([])
  })

  it('answers its queries while it is up, and leaves nothing behind', { timeout: PLAY_TIMEOUT_MS }, async () => {
    const { child, output, waits, ended } = demo(['--data-dir', 'data'])
    await Promise.race([waits, ended])
    const queries = printedQueries(output.out)
    expect(queries).toHaveLength(3)
    for (const [at, query] of queries.entries()) {
      const response = await ask(query)
      const text = await response.text()
      expect(response.status, text).toBe(200)
      expect(text, query.sql).toMatch(ANSWERS[at] as RegExp)
    }
    const { pid } = JSON.parse(readFileSync(join(folder, 'data/clickhouse.json'), 'utf8')) as { pid: number }
    expect(signalZero(pid)).toBe(true)

    // Twice, as with npm between the terminal and us.
    child.kill('SIGINT')
    child.kill('SIGINT')
    const { code, err } = await ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(signalZero(pid)).toBe(false)
    await expect(ask(queries[0] as PrintedQuery)).rejects.toThrow()
  })

  it('raises the same alerts through Kafka', { timeout: PLAY_TIMEOUT_MS }, async () => {
    const env = { TOKENWATCH_TEST_KAFKA_BROKERS: inject('kafka').brokers.join(',') }
    const { code, out } = await demo(['--kafka', '--exit', '--data-dir', 'data'], env).ended
    expect(code).toBe(0)
    expect(out).toMatch(/^ {2}(\d+) of \1 alerts have the same ids as without Kafka$/m)
    expect(out).toContain('4 of 4 attacks found.')
  })

  it('says what Kafka needs where it is missing', async () => {
    const { code, err } = await demo(['--kafka', '--exit'], { JAVA_HOME: join(folder, 'no-java') }).ended
    expect(err).toMatch(/Java 17/)
    expect(code).toBe(3)
  })

  it('deletes no directory that it did not make', async () => {
    const own = join(folder, 'own.txt')
    writeFileSync(own, 'mine')
    const { code, err } = await demo(['--exit', '--data-dir', folder]).ended
    expect(err).toContain('was not made by the demonstration')
    expect(code).toBe(2)
    expect(readFileSync(own, 'utf8')).toBe('mine')
  })

  it.each([['--no-such-option'], ['--seed', 'x'], ['--seed', '-1'], ['extra']])('refuses %s %s', async (...args) => {
    const { code, err } = await demo(args).ended
    expect(err).not.toBe('')
    expect(code).toBe(2)
  })

  it('explains itself with --help', async () => {
    const { code, out } = await demo(['--help']).ended
    expect(code).toBe(0)
    for (const option of ['--exit', '--kafka', '--seed', '--data-dir']) expect(out).toContain(option)
  })
})
