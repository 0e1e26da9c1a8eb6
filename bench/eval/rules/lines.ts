/** Runs sets of reference rules over the events of a file, as they come out of decoding and enrichment. */
import { loadConfig } from '../../../src/config.ts'
import { createDetection } from '../../../src/detection.ts'
import type { AccessEvent } from '../../../src/event.ts'
import { readRecords } from '../../../src/ingest/file.ts'
import { HOUR_MS } from '../../../src/settings.ts'
import type { ScoredLine } from '../incidents.ts'
import type { RuleSet } from './index.ts'
import { perToken } from './rule.ts'

export interface RulesInput {
  readonly eventsFile: string
  readonly asnFile: string
}

/** For each set its lines. Events without a token are left out, as they are by tokenwatch. */
export async function ruleLines(
  sets: readonly RuleSet[],
  { eventsFile, asnFile }: RulesInput,
): Promise<readonly (readonly ScoredLine[])[]> {
  const config = loadConfig({ set: [`enrich.asnDatabase=${asnFile}`], env: {} })
  const { decode, enrich } = await createDetection(config)
  const scorers = sets.map(createScorer)
  const lines = sets.map((): ScoredLine[] => [])
  const { messageBytesMax } = config.ingest
  for await (const records of readRecords({ input: eventsFile, topic: 'file', messageBytesMax })) {
    for (const event of records.flatMap((record) => decode(record, 0, false).events).map(enrich)) {
      if (event.tokenId === '') continue
      for (const [index, score] of scorers.entries()) {
        const line = score(event)
        if (line !== undefined) lines[index]?.push(line)
      }
    }
  }
  return lines
}

/** Ranks what fires by how many different reasons the set gave for the token within the hour before. */
export function createScorer({ create }: RuleSet): (event: AccessEvent) => ScoredLine | undefined {
  const rules = create()
  const reasonsOf = perToken(() => new Map<string, number>())
  return (event) => {
    const fired = rules.flatMap((rule) => rule.inspect(event).map((reason) => ({ name: rule.name, reason })))
    if (fired.length === 0) return undefined
    const reasons = reasonsOf(event)
    for (const { name, reason } of fired) reasons.set(`${name}: ${reason}`, event.timeMs)
    for (const [reason, timeMs] of reasons) if (event.timeMs - timeMs > HOUR_MS) reasons.delete(reason)
    return {
      subject: event.tokenId,
      timeMs: event.timeMs,
      bits: reasons.size,
      detectors: [...new Set(fired.map(({ name }) => name))],
      title: fired.map(({ name, reason }) => `${name}: ${reason}`).join(', '),
      eventIds: [event.eventId],
      ips: [event.ip],
    }
  }
}
