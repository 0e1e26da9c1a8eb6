/** Waiting for a condition of another process: asked again and again, with a deadline and a reason to show. */
import { setTimeout as delay } from 'node:timers/promises'

/** Far beyond what anything here takes: it ends a broken test, it measures nothing. */
const DEADLINE_MS = 60_000
const ASK_INTERVAL_MS = 50

/**
 * Resolves with the first answer that is neither false nor undefined. Rejects after the deadline with `what` and, when
 * given, what `explain` says of the state then.
 */
export async function until<T>(
  what: string,
  ask: () => T | false | undefined | Promise<T | false | undefined>,
  { deadlineMs = DEADLINE_MS, explain }: { deadlineMs?: number; explain?: () => unknown } = {},
): Promise<T> {
  const endMs = Date.now() + deadlineMs
  for (;;) {
    const answer = await ask()
    if (answer !== false && answer !== undefined) return answer
    if (Date.now() > endMs) {
      throw new Error(`still waiting for ${what}${explain ? `\n${String(await explain())}` : ''}`)
    }
    await delay(ASK_INTERVAL_MS)
  }
}
