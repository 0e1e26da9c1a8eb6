/** Traffic of a few tokens, and the comparison of what a service stored of it with a fold in memory. */
import { expect } from 'vitest'
import { z } from 'zod'
import { simulate } from '../../src/simulate/simulation.ts'
import type { Database } from '../../src/store/database.ts'
import { loadTokenStates } from '../../src/store/profiles.ts'
import { told } from '../profile/histories.ts'
import { type InMemory, foldInMemory, recordsOf } from './in-memory.ts'
import { rollupDifferences } from './rollups.ts'
import { type ServiceOptions, serviceSettings } from './service.ts'

export interface TrafficMessage {
  /** The token's id, so that a topic of several partitions keeps each token together. */
  readonly key: string
  readonly value: string
}

/** A simulated fortnight, thinned out to about so many events; the attacks in it are whole. */
export function traffic(seed: number, { tokens = 4, events = 1_500 } = {}): TrafficMessage[] {
  const all = [...simulate({ seed, tokens, days: 14, startMs: Date.UTC(2024, 8, 2), attacks: true })]
  const step = Math.ceil(all.length / events)
  return all
    .filter(({ label }, at) => label !== undefined || at % step === 0)
    .map(({ event }) => ({ key: event.token_id, value: JSON.stringify(event) }))
}

export async function count(db: Database, from: string, params: Record<string, unknown> = {}): Promise<number> {
  const [row] = await db.query(`SELECT count() AS n FROM ${from}`, params, z.object({ n: z.number() }))
  return row?.n ?? 0
}

export function rowsIn(db: Database, topic: string): Promise<number> {
  return count(db, 'events WHERE topic = {topic: String}', { topic })
}

/** One column of what is stored of a topic, sorted; a row that is there twice is there twice. */
export async function column(db: Database, table: string, name: string, topic: string): Promise<string[]> {
  const rows = await db.query(
    `SELECT toString(${name}) AS value FROM ${table} WHERE topic = {topic: String} ORDER BY value`,
    { topic },
    z.object({ value: z.string() }),
  )
  return rows.map(({ value }) => value)
}

/**
 * Expects that the messages were stored once, that every rollup agrees with the rows, and that findings, alerts and
 * profiles are those of a fold in memory under the same settings. Tokens must not occur in other topics of the database.
 */
export async function expectStoredOnce(
  db: Database,
  options: ServiceOptions,
  messages: readonly TrafficMessage[],
): Promise<InMemory> {
  const topic = options.topics[0] as string
  const values = messages.map(({ value }) => value)
  const memory = await foldInMemory(serviceSettings(options), recordsOf(topic, values))
  const sorted = (ids: readonly string[]) => [...ids].sort()
  expect(await column(db, 'events', 'event_id', topic)).toEqual(sorted(memory.events.map((event) => event.eventId)))
  expect(await column(db, 'findings', 'finding_id', topic)).toEqual(
    sorted(memory.findings.map((each) => each.findingId)),
  )
  expect(await column(db, 'alerts', 'alert_id', topic)).toEqual(sorted(memory.alerts.map((each) => each.alertId)))
  expect((await rollupDifferences(db)).filter(({ wrong, missing }) => wrong + missing > 0)).toEqual([])
  const horizon = { topic, partition: 0, firstOffset: Number.MAX_SAFE_INTEGER, ingestedAtMs: 8_000_000_000_000 }
  const loaded = await loadTokenStates(db, memory.createState, [...memory.states.keys()], horizon)
  expect(told(loaded)).toEqual(told(memory.states))
  return memory
}
