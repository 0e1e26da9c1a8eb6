/** What the registry says decides findings of the service, and a block that is made again finds the registry it had. */
import { describe, expect, inject, test, vi } from 'vitest'
import { z } from 'zod'
import type { Database } from '../../src/store/database.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { createTopic, produce, uniqueName } from '../support/kafka.ts'
import { startClickHouseProxy } from './clickhouse-proxy.ts'
import { type ServiceOptions, startService, untilAcknowledged } from './service.ts'

vi.setConfig({ testTimeout: 120_000 })

const { brokers } = inject('kafka')
const { url: serverUrl } = inject('clickhouse')

/** A version of a token that was written so many minutes ago. */
async function write(db: Database, minutesAgo: number, tokenId: string, revokedMinutesAgo: number): Promise<void> {
  const revoked = revokedMinutesAgo === 0 ? 'toDateTime64(0, 3)' : 'now64(3) - toIntervalMinute({revoked: UInt32})'
  await db.command(
    `INSERT INTO tokens (token_id, written_at, source, owner, expires_at, revoked_at)
     SELECT {id: String}, now64(3) - toIntervalMinute({ago: UInt32}), 'default', 'kim', now64(3) + toIntervalDay(90), ${revoked}`,
    { id: tokenId, ago: minutesAgo, revoked: revokedMinutesAgo },
  )
}

function call(tokenId: string, status = 200) {
  const event = { timestamp: new Date().toISOString(), token_id: tokenId, method: 'GET', path: '/v1/invoices', status }
  return { key: tokenId, value: JSON.stringify(event) }
}

function findings(db: Database, topic: string) {
  return db.query(
    'SELECT subject, detector FROM findings FINAL WHERE topic = {topic: String} ORDER BY subject, detector',
    { topic },
    z.object({ subject: z.string(), detector: z.string() }),
  )
}

async function scene(label: string) {
  const db = await testDatabase(label)
  const topic = await createTopic(brokers, uniqueName(label), 1)
  const groupId = `${topic}-group`
  const options = (clickhouseUrl?: string): ServiceOptions => ({
    database: db.name,
    topics: [topic],
    groupId,
    settings: { ingest: { kafka: { sessionTimeoutMs: 2_000, heartbeatIntervalMs: 300 } } },
    ...(clickhouseUrl === undefined ? {} : { clickhouseUrl }),
  })
  return { db, topic, groupId, options }
}

describe('the registry in the service', () => {
  test('counts some minutes after it was written', async () => {
    const { db, topic, groupId, options } = await scene('counts')
    await write(db, 10, 'revoked', 20)
    await write(db, 1, 'revoked-just-now', 20)
    await produce(
      brokers,
      topic,
      ['revoked', 'revoked-just-now'].map((id) => call(id)),
    )
    const service = await startService(options())
    await untilAcknowledged(groupId, topic, service.child)
    expect(await findings(db, topic)).toEqual([
      { subject: 'revoked', detector: 'revoked-token-used' },
      { subject: 'revoked-just-now', detector: 'unregistered-token' },
    ])
    const [alert] = await db.query(
      `SELECT severity, subject FROM alerts FINAL WHERE subject = 'revoked'`,
      {},
      z.object({ severity: z.string(), subject: z.string() }),
    )
    expect(alert?.severity).toBe('critical')
    expect((await service.stop()).code).toBe(0)
  })

  test('is for a block that is made again what it was', async () => {
    const { db, topic, groupId, options } = await scene('again')
    await write(db, 10, 'revoked', 20)
    await write(db, 10, 'other', 0)
    await produce(brokers, topic, [call('revoked')])
    await using proxy = await startClickHouseProxy(serverUrl)
    const held = proxy.hold(/INSERT INTO `findings`/, 'before')
    const service = await startService(options(proxy.url))
    await held.reached
    await service.kill()
    // Somebody corrects the list before the next owner makes the block again.
    await write(db, 0, 'revoked', 0)
    const next = await startService(options())
    await next.child.waitForLine(/makes an announced block again/)
    await untilAcknowledged(groupId, topic, next.child)
    // What the first owner had sent is still held back.
    expect(await findings(db, topic)).toEqual([{ subject: 'revoked', detector: 'revoked-token-used' }])
    held.release()
    expect((await next.stop()).code).toBe(0)
  })
})
