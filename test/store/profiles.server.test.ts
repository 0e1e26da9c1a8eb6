/** Token states read back from a real ClickHouse: what was folded live, also where a block landed in part. */
import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { FoldedEvent, Finding } from '../../src/detect/finding.ts'
import type { TokenId } from '../../src/event.ts'
import { type FoldSettings, createTokenState } from '../../src/fold.ts'
import { loadTokenStates } from '../../src/store/profiles.ts'
import { eventColumns, findingColumns } from '../../src/store/rows.ts'
import { anyContext, createSession, foldInto, history, smallSettings, told } from '../profile/histories.ts'
import { testDatabase } from '../support/clickhouse.ts'
import { NOON_MS } from './sample.ts'

vi.setConfig({ testTimeout: 120_000 })

const db = await testDatabase('profiles')
const TABLES = ['events', 'findings', 'token_values', 'token_activity_hour', 'token_activity_5min']

/** Stores rows in blocks of so many, each with its own time of writing, which grows, and insert token. */
async function store(run: string, events: readonly FoldedEvent[], findings: readonly Finding[], rows: number) {
  for (let from = 0; from < events.length; from += rows) {
    const part = events.slice(from, from + rows)
    const [first, end] = [part[0]?.position.offset ?? 0, (part.at(-1)?.position.offset ?? 0) + 1]
    const found = findings.filter(({ position }) => position.offset >= first && position.offset < end)
    await storeFindings(`${run}/${first}`, found, NOON_MS + first)
    await db.insert('events', eventColumns(part, NOON_MS + first, ''), part.length, `${run}/${first}/events`)
  }
}

async function storeFindings(token: string, findings: readonly Finding[], ingestedAtMs: number): Promise<void> {
  if (findings.length === 0) return
  await db.insert('findings', findingColumns(findings, ingestedAtMs), findings.length, `${token}/findings`)
}

async function load(tokens: Iterable<string>, settings: FoldSettings, firstOffset: number) {
  const create = (tokenId: TokenId) => createTokenState(tokenId, settings.profile)
  const horizon = { topic: 'access', partition: 0, firstOffset, ingestedAtMs: 0 }
  return told(await loadTokenStates(db, create, [...tokens] as TokenId[], horizon))
}

test('are equal to those folded live, with and without findings of a block that is to be made again', async () => {
  const rows = fc.integer({ min: 50, max: 200 })
  await fc.assert(
    fc.asyncProperty(
      history,
      smallSettings,
      anyContext,
      rows,
      fc.nat(400),
      async (events, settings, context, rows, at) => {
        for (const table of TABLES) await db.command(`TRUNCATE TABLE ${table}`)
        const run = crypto.randomUUID()
        const cut = at % events.length
        const session = createSession()
        foldInto(session, events.slice(0, cut), settings, context)
        await store(run, session.events, session.findings, rows)
        const atCut = structuredClone(told(session.states))
        const [eventsBefore, findingsBefore] = [session.events.length, session.findings.length]
        foldInto(session, events.slice(cut), settings, context)
        await storeFindings(`${run}/early`, session.findings.slice(findingsBefore), NOON_MS + cut)
        const known = new Set(events.slice(0, cut).map(({ tokenId }) => tokenId))
        expect(await load(known, settings, cut)).toEqual(atCut)
        await store(`${run}/rest`, session.events.slice(eventsBefore), session.findings.slice(findingsBefore), rows)
        expect(await load(session.states.keys(), settings, Number.MAX_SAFE_INTEGER)).toEqual(told(session.states))
      },
    ),
    { numRuns: 6, endOnFailure: true },
  )
})
