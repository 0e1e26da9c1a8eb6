/** From lines of a log to alerts about sources, all in memory: an attack among companies that go about their work. */
import { describe, expect, test, vi } from 'vitest'
import type { Alert } from '../../src/alert/alert.ts'
import { configSchema } from '../../src/config/schema.ts'
import { createDetection, sourceFoldSettingsOf } from '../../src/detection.ts'
import { createTokenState } from '../../src/fold.ts'
import type { RawRecord } from '../../src/ingest/source.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { createMemoryPeers } from '../../src/profile/memory-peers.ts'
import { EMPTY_REGISTRY } from '../../src/registry/registered-token.ts'
import { replay } from '../../src/replay.ts'
import { createSourceFold } from '../../src/source-fold.ts'
import { createMemorySources } from '../../src/sources/memory-sources.ts'
import { createMemoryStates } from '../../src/token-states.ts'

vi.setConfig({ testTimeout: 60_000 })

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 2, 2)
const DAYS = 5
const ATTACK_MS = START_MS + DAYS * 24 * HOUR_MS
const THIEF = '185.195.19.44'
const config = configSchema.parse({
  enrich: { asnDatabase: new URL('../cases/networks.csv', import.meta.url).pathname },
})

interface Call {
  readonly atMs: number
  readonly token_id: string
  readonly tenant?: string
  readonly ip: string
  readonly status: number
  readonly user_agent: string
}

/** Three companies behind gateways of their own, and phones behind a few addresses that a carrier's users share. */
function estate(): Call[] {
  const calls: Call[] = []
  for (let hour = 0; hour < DAYS * 24 + 2; hour++) {
    const startMs = START_MS + hour * HOUR_MS
    for (let nth = 0; nth < 36; nth++) {
      const company = nth % 3
      const atMs = startMs + nth * 90_000
      // A token in nine has expired and goes on failing from its office.
      const status = nth % 9 === 4 && hour > 24 ? 401 : 200
      const ip = ['79.207.129.9', '88.198.25.4', '3.121.75.10'][company] as string
      calls.push({ atMs, token_id: `desk-${nth}`, tenant: `company-${company}`, ip, status, user_agent: 'desk/4.1' })
    }
    for (let nth = 0; nth < 20; nth++) {
      const ip = `77.0.21.${(nth * 7 + hour * 13) % 11}`
      const status = (nth + hour) % 10 === 0 ? 401 : 200
      const atMs = startMs + nth * 150_000
      calls.push({ atMs, token_id: `phone-${nth}`, tenant: 'shop', ip, status, user_agent: 'shop-app/7.2' })
    }
  }
  return calls
}

async function play(calls: readonly Call[]): Promise<readonly Alert[]> {
  const sources = createMemorySources(config.learning.adoptAfterMs)
  const detection = await createDetection(config, { peers: createMemoryPeers(), sources })
  const { foldSettings, enrich, fold } = detection
  const states = createMemoryStates((tokenId) => createTokenState(tokenId, foldSettings.profile))
  const foldSource = createSourceFold({
    sources,
    registry: EMPTY_REGISTRY,
    settings: sourceFoldSettingsOf(config),
    shared: foldSettings,
  })
  const decode = (record: RawRecord, atMs: number) => detection.decode(record, atMs, false)
  const limits = config.ingest.block
  const alerts: Alert[] = []
  async function* log() {
    yield calls
      .toSorted((a, b) => a.atMs - b.atMs)
      .map(({ atMs, ...call }, offset): RawRecord => {
        const event = { timestamp: new Date(atMs).toISOString(), method: 'GET', path: '/v1/orders', ...call }
        return { topic: 'api-access', partition: 0, offset, value: Buffer.from(JSON.stringify(event)) }
      })
  }
  await replay('api-access', log(), {
    pipeline: createPipeline({ decode, enrich, fold, foldSource, states }, limits),
    states,
    limits,
    clock: { now: () => ATTACK_MS },
    onAlert: (alert) => alerts.push(alert),
    signal: new AbortController().signal,
  })
  return alerts
}

describe('companies at work', () => {
  test('raise nothing about their sources', async () => {
    expect((await play(estate())).filter(({ subjectKind }) => subjectKind === 'network')).toEqual([])
  })

  test('do not hide who tries their tokens: the address is told of within two minutes, then the token that works', async () => {
    const spray = Array.from({ length: 30 }, (_, nth): Call => ({
      atMs: ATTACK_MS + nth * 10_000,
      token_id: nth % 5 === 0 ? `guess-${nth}` : `desk-${nth}`,
      ip: THIEF,
      status: nth === 26 ? 200 : 401,
      user_agent: 'curl/8.5.0',
    }))
    const alerts = await play([...estate(), ...spray])
    const [network] = alerts.filter(({ subjectKind }) => subjectKind === 'network')
    expect(network).toMatchObject({ subject: THIEF, kind: 'opened' })
    expect((network?.timeMs ?? Infinity) - ATTACK_MS).toBeLessThan(120_000)
    const tokens = alerts.filter(({ detectors }) => detectors.some(({ name }) => name === 'credential-spraying'))
    expect(new Set(tokens.map(({ subject }) => subject))).toEqual(new Set([THIEF, 'desk-26']))
  })

  test('that move are one note', async () => {
    const moved = estate().map((call) =>
      call.ip === '79.207.129.9' && call.atMs >= ATTACK_MS ? { ...call, ip: '88.198.25.77' } : call,
    )
    const about = (await play(moved)).filter(({ subjectKind }) => subjectKind === 'network')
    expect(about.map(({ subject, severity, tenant }) => [subject, severity, tenant])).toEqual([
      ['88.198.25.77', 'low', 'company-0'],
    ])
  })
})
