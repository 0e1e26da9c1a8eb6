/** The thread of `decode-ahead.ts`, which starts it: reads, decodes and sends a batch for each that is asked for. */
// oxlint-disable unicorn/require-post-message-target-origin -- messages between threads, not windows, have none.
import { on } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { createFingerprinter } from './enrich/fingerprint.ts'
import { createDecoder, type DecoderDeps } from './ingest/decode.ts'
import { type FileProgress, readRecords } from './ingest/file.ts'
import { type FormatName, formatNamed } from './ingest/formats/index.ts'
import { createPacker, type PackedRecords } from './ingest/packed-records.ts'
import { Secret } from './secret.ts'

/** What one thread can hand to another: no functions, and the key as it is. */
export interface DecodeThreadOptions {
  readonly input: string
  /** The topic that positions carry. */
  readonly topic: string
  readonly settings: DecoderDeps['settings']
  readonly format: FormatName
  readonly fingerprintKey: string | undefined
  readonly tokenMemoEntriesMax: number
  readonly trustedProxies: readonly string[]
}

export type DecodeThreadMessage = 'end' | { readonly packed: PackedRecords; readonly progress: FileProgress }

if (parentPort === null) throw new Error('decode-ahead.ts starts this as a thread')

const options = workerData as DecodeThreadOptions
const { input, topic, settings, fingerprintKey } = options
const key = fingerprintKey === undefined ? undefined : new Secret(fingerprintKey)
const decode = createDecoder({
  settings,
  format: formatNamed(options.format),
  fingerprinter: createFingerprinter(key, options.tokenMemoEntriesMax),
  trustedProxies: options.trustedProxies,
  counters: { fieldDropped: () => {}, sourceTextSeen: () => {}, tokenIdFingerprinted: () => {} },
})
const pack = createPacker()
let progress: FileProgress = { bytesRead: 0, bytesTotal: undefined }
const onProgress = (now: FileProgress) => void (progress = now)
const requests = on(parentPort, 'message')
for await (const records of readRecords({ input, topic, messageBytesMax: settings.messageBytesMax, onProgress })) {
  await requests.next()
  // A replay has no bounds of time.
  const packed = pack(records.map((record) => ({ ...record, decoded: decode(record, 0, false) })))
  const { offsets, eventCounts, numbers, shared, ownTexts } = packed
  const message: DecodeThreadMessage = { packed, progress }
  // Moved, not copied.
  const moved = [offsets, eventCounts, numbers, shared, ownTexts].map(({ buffer }) => buffer)
  parentPort.postMessage(message, moved)
}
await requests.next()
parentPort.postMessage('end' satisfies DecodeThreadMessage)
parentPort.close()
