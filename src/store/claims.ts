/** What the first run settles for all later ones: the fingerprint key, and from when on alerts are sent. */
import type { Database } from './database.ts'
import { getState, replaceState, setStateOnce } from './state.ts'

const KEY_ID = 'fingerprint_key_id'
const FIRST_RUN = 'first_run_started_at'

/** The configured key is not the one that made the stored token ids: every baseline would start anew. */
export class OtherKeyError extends Error {
  override readonly name = 'OtherKeyError'
  constructor(stored: string, given: string) {
    super(
      `enrich.fingerprintKey has the id ${given}, but the stored token ids were made with the key ${stored}: ` +
        'with another key every baseline starts anew',
    )
  }
}

/** Stores the id of the fingerprint key, or refuses another one than the stored unless it is meant. No key is no claim. */
export async function claimKey(db: Database, keyId: string, newKey: boolean): Promise<void> {
  if (keyId === '') return
  if (newKey) {
    if ((await getState(db, KEY_ID)) !== keyId) await replaceState(db, KEY_ID, keyId)
    return
  }
  const stored = await setStateOnce(db, KEY_ID, keyId)
  if (stored !== keyId) throw new OtherKeyError(stored, keyId)
}

/** Refuses another key than the stored one, and stores none. */
export async function checkKey(db: Database, keyId: string): Promise<void> {
  const stored = await getState(db, KEY_ID)
  if (stored !== undefined && stored !== keyId) throw new OtherKeyError(stored, keyId)
}

/** When the first run on this database started; this call's time if there was none. */
export async function firstRunMs(db: Database): Promise<number> {
  return Date.parse(await setStateOnce(db, FIRST_RUN, new Date().toISOString()))
}
