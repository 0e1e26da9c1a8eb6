/** `tokenwatch run` refuses to start where it could not work, and says what to do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { ExitCode } from '../../src/cli/command.ts'
import { spawnTokenwatch } from '../support/child.ts'

vi.setConfig({ testTimeout: 30_000 })

const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-run-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A configuration with brokers and a server that nobody would reach. */
const ELSEWHERE = {
  ingest: { kafka: { brokers: ['127.0.0.1:1'], topics: ['calls'] } },
  clickhouse: { url: 'http://127.0.0.1:1' },
  http: { port: 0 },
}

function run(settings: object, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const file = join(folder, `${crypto.randomUUID()}.yaml`)
  writeFileSync(file, JSON.stringify(settings))
  return spawnTokenwatch(['run', '--config', file, ...args], { cwd: folder, env }).exit
}

test.each([
  [
    'no brokers',
    { clickhouse: ELSEWHERE.clickhouse },
    ExitCode.usage,
    /ingest\.kafka\.brokers is not set.*[^]*remedy:/,
  ],
  [
    'brokers without topics',
    { ingest: { kafka: { brokers: ['127.0.0.1:1'] } } },
    ExitCode.usage,
    /ingest\.kafka\.topics/,
  ],
  ['an unknown setting', { ...ELSEWHERE, alerts: {} }, ExitCode.usage, /alerts/],
  [
    'a target without https',
    {
      ...ELSEWHERE,
      notify: { targets: { chat: { type: 'slack', url: 'http://hooks.example/services/T0/B0/very-secret' } } },
    },
    ExitCode.usage,
    /allowHttp/,
  ],
  [
    'ClickHouse that does not answer',
    ELSEWHERE,
    ExitCode.prerequisite,
    /ClickHouse: .*[^]*remedy: check clickhouse\.url/,
  ],
] as const)('%s', async (_name, settings, code, says) => {
  const ended = await run(settings)
  expect(ended.stderr).toMatch(says)
  expect(ended.code).toBe(code)
  expect(ended.stdout).toBe('')
  expect(ended.stderr).not.toMatch(/very-secret|bug of tokenwatch/)
})

test('a configuration that is not there is named', async () => {
  const missing = await spawnTokenwatch(['run', '--config', join(folder, 'no-such.yaml')], { cwd: folder }).exit
  expect(missing.code).toBe(ExitCode.usage)
  expect(missing.stderr).toContain('no-such.yaml')
})

test('arguments are checked, and help says what a run does', async () => {
  const wrong = await run(ELSEWHERE, ['extra'])
  expect(wrong.code).toBe(ExitCode.usage)
  const help = await spawnTokenwatch(['run', '--help']).exit
  expect(help.code).toBe(ExitCode.ok)
  for (const text of ['--new-key', 'SIGTERM', 'Exit codes']) expect(help.stdout).toContain(text)
})
