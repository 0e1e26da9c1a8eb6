/** What can be set about taking records in: limits, bounds of time, the size of a block, and when to raise the alarm. */
import { z } from 'zod'
import { count, DAY_MS, durationMs, MINUTE_MS } from '../settings.ts'
import { FORMAT_NAMES } from './formats/index.ts'
import { kafkaSettings } from './kafka-settings.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** One block is one insert. 20,000 rows of several partitions fit into memory; each is one part in every rollup. */
const blockSettings = z.strictObject({
  rowsMax: count('A block closes at this many events.').max(100_000).default(20_000),
  bytesMax: count('A block closes at this many bytes of records.').default(32 * MIB),
  lingerMs: durationMs('A block closes this long after its first record arrived.').default(1_000),
})

export const ingestSettings = z.strictObject({
  format: z.enum(FORMAT_NAMES).describe('How a record is read: which log format the events have.').default('canonical'),
  messageBytesMax: count('A larger message becomes a dead letter.').default(MIB),
  eventBytesMax: count('A larger event becomes a dead letter; a message may hold several.').default(64 * KIB),
  lateMaxMs: durationMs('An event older than this, judged by its arrival, becomes a dead letter.').default(
    3_653 * DAY_MS,
  ),
  futureMaxMs: durationMs('An event further in the future than this becomes a dead letter.').default(10 * MINUTE_MS),
  silenceMs: durationMs('No event for this long sends a pipeline alert; 0 never does.').default(15 * MINUTE_MS),
  lagRecordsMax: count('More unread records than this in a partition send a pipeline alert; 0 never does.', 0).default(
    1_000_000,
  ),
  deadLetterShareMax: z
    .number()
    .min(0)
    .max(1)
    .describe('A greater share of dead letters among recent records sends a pipeline alert; 1 never does.')
    .default(0.05),
  block: blockSettings.prefault({}).describe('When a block of events is written.'),
  bufferBytesMax: count('Partitions pause while unwritten records of all of them exceed this.').default(256 * MIB),
  kafka: kafkaSettings.prefault({}).describe('Where records come from.'),
})

export type IngestSettings = z.infer<typeof ingestSettings>
