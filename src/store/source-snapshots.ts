/** What was known of sources when ten minutes began? Snapshots that are taken once and then hold. */
import { z } from 'zod'
import type { TokenId } from '../event.ts'
import { type CountedEvent, type Sight, packSight, unpackSight } from '../sources/sight.ts'
import { SLOT_MS } from '../sources/source.ts'
import { DAY_MS, HOUR_MS } from '../settings.ts'
import type { Database } from './database.ts'
import { columnsOf } from './rows.ts'
import { activeSourceHours, homesSince, visitsSince } from './sources.ts'

export interface StoredSnapshot {
  /** Hours in which networks were in use on the day before. */
  readonly calmHours: number
  readonly visits: readonly { readonly event: CountedEvent; readonly sight: Sight }[]
}

const bodySchema = z.object({
  hours: z.number(),
  visits: z.array(
    z.object({
      timeMs: z.number(),
      tokenId: z.string().transform((id) => id as TokenId),
      status: z.number(),
      network: z.string(),
      prefix: z.string(),
      address: z.string(),
      tenant: z.string(),
      sight: z.number(),
      home: z.string(),
    }),
  ),
})
type Body = z.input<typeof bodySchema>

/** Those of the slots, numbers of ten minutes since 1970, that were taken. */
export async function readSourceSnapshots(
  db: Database,
  slots: readonly number[],
): Promise<ReadonlyMap<number, StoredSnapshot>> {
  const rows = await db.query(
    `SELECT toUInt32(intDiv(toUnixTimestamp64Milli(slot), ${SLOT_MS})) AS number, body FROM source_snapshots FINAL
     WHERE toUnixTimestamp64Milli(slot) IN {times: Array(Int64)}`,
    { times: slots.map((slot) => slot * SLOT_MS) },
    z.object({ number: z.number(), body: z.string() }),
  )
  return new Map(rows.map(({ number, body }) => [number, snapshotOf(body)]))
}

function snapshotOf(body: string): StoredSnapshot {
  const { hours, visits } = bodySchema.parse(JSON.parse(body))
  return {
    calmHours: hours,
    visits: visits.map(({ sight, home, timeMs, ...event }) => ({
      event: { ...event, timeMs: timeMs as CountedEvent['timeMs'] },
      sight: unpackSight({ sight, home }) as Sight,
    })),
  }
}

/** Takes what is stored of the hour before the slot, and keeps it, unless another process was first: whose it then is. */
export async function takeSourceSnapshot(db: Database, slot: number): Promise<StoredSnapshot> {
  const startMs = slot * SLOT_MS
  const today = Math.floor(startMs / DAY_MS) * DAY_MS
  const [hours, visits, homes] = await Promise.all([
    activeSourceHours(db, today - DAY_MS, today),
    visitsSince(db, startMs - HOUR_MS, startMs),
    homesSince(db, startMs - HOUR_MS),
  ])
  const shared = sharedPrefixes(visits)
  const told = [...homes, ...visits].filter(({ event }) => shared.has(event.prefix))
  const body: Body = {
    hours,
    visits: told.map(({ event, sight }) => {
      const { timeMs, tokenId, status, network, prefix, address, tenant } = event
      return { timeMs, tokenId, status, network, prefix, address, tenant, ...packSight(sight) }
    }),
  }
  const { text, time } = columnsOf([JSON.stringify(body)])
  const columns = [time('slot', () => startMs), text('body', (json) => json), time('taken_at', () => Date.now())]
  await db.insert('source_snapshots', columns, 1, `source_snapshots/${slot}`)
  return (await readSourceSnapshots(db, [slot])).get(slot) ?? snapshotOf(JSON.stringify(body))
}

/** Prefixes where several tokens were new: of the others there is nothing to tell. */
function sharedPrefixes(visits: readonly { readonly event: CountedEvent }[]): ReadonlySet<string> {
  const tokens = new Map<string, Set<TokenId>>()
  for (const { event } of visits) {
    const own = tokens.get(event.prefix) ?? new Set()
    tokens.set(event.prefix, own.add(event.tokenId))
  }
  return new Set([...tokens].filter(([, own]) => own.size > 1).map(([prefix]) => prefix))
}
