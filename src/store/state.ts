/** Small facts that must survive a restart: the first run's start, the fingerprint key's id. */
import { z } from 'zod'
import type { Database } from './database.ts'

/** The value, undefined where none was written. */
export async function getState(db: Database, key: string): Promise<string | undefined> {
  const rows = await db.query(
    'SELECT value FROM state FINAL WHERE key = {key: String}',
    { key },
    z.object({ value: z.string() }),
  )
  return rows[0]?.value
}

/**
 * Writes the value unless the key has one, and returns the one that holds. First write wins, between processes too:
 * the key is the insert token, so the table drops the second.
 */
export async function setStateOnce(db: Database, key: string, value: string): Promise<string> {
  const before = await getState(db, key)
  if (before !== undefined) return before
  await put(db, key, value, `state/${key}`)
  return (await getState(db, key)) ?? value
}

/** Overwrites the value, for what a user changes on purpose. Among two at once the later clock wins. */
export async function replaceState(db: Database, key: string, value: string): Promise<void> {
  await put(db, key, value, `state/${key}/${crypto.randomUUID()}`)
}

/** The server's clock, so that processes agree on what is later. */
async function put(db: Database, key: string, value: string, insertToken: string): Promise<void> {
  await db.command('INSERT INTO state SELECT {key: String}, {value: String}, now64(3)', { key, value }, { insertToken })
}
