/** What was known of sources when ten minutes began? Snapshots that are taken once and then hold. */
import { z } from 'zod'
import type { EventTimeMs, TokenId } from '../event.ts'
import { type CountedEvent, type Sight, packSight, unpackSight } from '../sources/sight.ts'
import { SLOT_MS } from '../sources/source.ts'
import { DAY_MS, HOUR_MS } from '../settings.ts'
import type { Database } from './database.ts'
import { keepSnapshot, readSnapshots } from './snapshots.ts'
import { activeSourceHours, homesSince, visitsSince } from './sources.ts'

export interface StoredSnapshot {
  /** Hours in which networks were in use on the day before. */
  readonly calmHours: number
  readonly visits: readonly { readonly event: CountedEvent; readonly sight: Sight }[]
}

const TABLE = 'source_snapshots'

const bodySchema = z
  .object({
    hours: z.number(),
    visits: z.array(
      z.object({
        timeMs: z.number().transform((ms) => ms as EventTimeMs),
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
  .transform(({ hours, visits }): StoredSnapshot => ({
    calmHours: hours,
    visits: visits.map(({ sight, home, ...event }) => ({ event, sight: unpackSight({ sight, home }) as Sight })),
  }))

/** Those of the slots, numbers of ten minutes since 1970, that were taken. */
export async function readSourceSnapshots(
  db: Database,
  slots: readonly number[],
): Promise<ReadonlyMap<number, StoredSnapshot>> {
  const taken = await readSnapshots(
    db,
    TABLE,
    slots.map((slot) => slot * SLOT_MS),
    bodySchema,
  )
  return new Map([...taken].map(([startMs, body]) => [startMs / SLOT_MS, body]))
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
  const body: z.input<typeof bodySchema> = {
    hours,
    visits: told.map(({ event, sight }) => {
      const { timeMs, tokenId, status, network, prefix, address, tenant } = event
      return { timeMs, tokenId, status, network, prefix, address, tenant, ...packSight(sight) }
    }),
  }
  return keepSnapshot(db, TABLE, startMs, body, bodySchema)
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
