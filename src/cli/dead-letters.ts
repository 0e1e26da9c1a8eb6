/** `tokenwatch dead-letters`: records that could not become events, counted by reason and listed. */
import { Command, Option } from 'commander'
import { DEAD_LETTER_REASONS } from '../ingest/dead-letter.ts'
import type { DeadLetterReason } from '../ingest/dead-letter.ts'
import { countDeadLetters, listDeadLetters } from '../store/dead-letters.ts'
import type { StoredDeadLetter } from '../store/dead-letters.ts'
import { openStore } from '../store/store.ts'
import { EXIT_CODES_HELP, configOf } from './command.ts'
import { jsonText, listLimit, tableText, timeText } from './listing.ts'
import { explainFailures } from './prerequisite.ts'
import { clip } from '../text.ts'

interface Flags {
  readonly reason?: DeadLetterReason
  readonly limit: number
  readonly json?: boolean
}

export function deadLettersCommand(): Command {
  return new Command('dead-letters')
    .description(
      'Counts records that could not become an event by reason, and lists the latest. Nothing of a record that did ' +
        'not parse is shown but its length and hash; of others the first 4 KiB, with secrets masked.',
    )
    .addOption(new Option('--reason <reason>', 'list only these').choices(DEAD_LETTER_REASONS))
    .option('--limit <count>', 'how many to list', listLimit, 20)
    .option('--json', 'one JSON document, with excerpts in full')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (flags: Flags, command: Command) => {
      const { clickhouse } = configOf(command)
      await explainFailures(async () => {
        await using store = await openStore(clickhouse)
        const counts = await countDeadLetters(store.db)
        const letters = await listDeadLetters(store.db, { reason: flags.reason, limit: flags.limit })
        process.stdout.write(flags.json ? jsonOf(counts, letters) : textOf(counts, letters))
      })
    })
}

type Counts = ReadonlyMap<DeadLetterReason, number>

function jsonOf(counts: Counts, letters: readonly StoredDeadLetter[]): string {
  return jsonText({
    counts: Object.fromEntries(counts),
    dead_letters: letters.map(({ position, ingestedAtMs, lengthBytes, ...letter }) => ({
      topic: position.topic,
      partition: position.partition,
      offset: position.offset,
      record_index: position.index,
      ingested_at: new Date(ingestedAtMs).toISOString(),
      ...letter,
      length_bytes: lengthBytes,
    })),
  })
}

function textOf(counts: Counts, letters: readonly StoredDeadLetter[]): string {
  if (counts.size === 0) return 'no dead letters\n'
  const reasons = [...counts].map(([reason, count]) => [reason, String(count)])
  const rows = letters.map((letter) => [
    timeText(letter.ingestedAtMs),
    // A file's topic is its hash: the offset has to stay in sight.
    `${clip(letter.position.topic, 24)}/${letter.position.partition}@${letter.position.offset}`,
    letter.reason,
    letter.detail,
    letter.excerpt === '' ? `${letter.lengthBytes} bytes, ${letter.sha256.slice(0, 12)}` : letter.excerpt,
  ])
  const list = rows.length === 0 ? '' : tableText(['written', 'record', 'reason', 'detail', 'content'], rows)
  return `${tableText(['reason', 'records'], reasons)}${list}`
}
