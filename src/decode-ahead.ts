/**
 * Reads and decodes a file in a thread of its own, for a replay: to take its events over costs a fifth of making them.
 * Over Kafka this gains nothing, for there the wait is for the broker.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- messages between threads, not windows, have none.
import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { DecodeThreadMessage, DecodeThreadOptions } from './decode-thread.ts'
import type { FileProgress } from './ingest/file.ts'
import { createUnpacker, type DecodedRecord } from './ingest/packed-records.ts'

/** Batches that may wait to be folded. */
const BATCHES_AHEAD = 4

/** Yields what `readRecords` does, decoded, and throws as it does. The thread ends with the iteration. */
export async function* decodeAhead(
  options: DecodeThreadOptions,
  onProgress: (progress: FileProgress) => void,
): AsyncGenerator<readonly DecodedRecord[], void, undefined> {
  const thread = new Worker(new URL('./decode-thread.ts', import.meta.url), { workerData: options })
  try {
    const unpack = createUnpacker()
    const messages = on(thread, 'message', { close: ['exit'] }) as AsyncIterable<[DecodeThreadMessage]>
    for (let batch = 0; batch < BATCHES_AHEAD; batch++) thread.postMessage('more')
    for await (const [message] of messages) {
      if (message === 'end') return
      onProgress(message.progress)
      yield unpack(message.packed)
      thread.postMessage('more')
    }
    throw new Error('the thread that decodes ended before its input did')
  } finally {
    await thread.terminate()
  }
}
