/** The compressions through a real broker, with Apache's own producer and consumer on the other side. */
import kafkajs, { type ConsumerCrashEvent } from 'kafkajs'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { consumerConfig, createKafka } from '../../src/ingest/kafka-client.ts'
import { DECOMPRESSED_BATCH_BYTES_MAX } from '../../src/ingest/kafka-codecs.ts'
import { kafkaSettings } from '../../src/ingest/kafka-settings.ts'
import { silentLog } from '../../src/log.ts'
import { kafkaJars, runJava } from '../support/kafka-jars.ts'
import { createTopic, produce, uniqueName } from '../support/kafka.ts'

const { brokers } = inject('kafka')
const { CompressionTypes } = kafkajs
const CODECS = [
  { name: 'gzip', type: CompressionTypes.GZIP },
  { name: 'snappy', type: CompressionTypes.Snappy },
  { name: 'lz4', type: CompressionTypes.LZ4 },
  { name: 'zstd', type: CompressionTypes.ZSTD },
]
/** Large enough for several snappy chunks and lz4 blocks in one batch. */
const TEXTS = Array.from({ length: 2_000 }, (_, index) => `event ${index} ${'è€😀 '.repeat(index % 30)}`.trim())

let jars = ''
beforeAll(async () => {
  jars = await kafkaJars(() => {})
})

function settingsFor(topic: string) {
  return kafkaSettings.parse({ brokers, topics: [topic], groupId: uniqueName('group') })
}

/** Reads with the client and the settings of the program until `count` messages are there, or throws what stopped it. */
async function read(topic: string, count: number): Promise<string[]> {
  const settings = settingsFor(topic)
  const consumer = createKafka(settings, silentLog).consumer(consumerConfig(settings))
  const texts: string[] = []
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', (event: ConsumerCrashEvent) => {
        if (!event.payload.restart) reject(event.payload.error)
      })
      consumer
        .run({
          eachBatch: async ({ batch }) => {
            for (const message of batch.messages) texts.push(message.value?.toString() ?? '')
            if (texts.length >= count) resolve()
          },
        })
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return texts
}

describe.each(CODECS)('$name', ({ name, type }) => {
  test('what the program writes, the program reads', async () => {
    const topic = await createTopic(brokers, uniqueName(name))
    await produce(
      brokers,
      topic,
      TEXTS.map((value) => ({ value })),
      { compression: type },
    )
    expect(await read(topic, TEXTS.length)).toEqual(TEXTS)
  })

  test("what Apache's producer writes, the program reads", async () => {
    const topic = await createTopic(brokers, uniqueName(name))
    const args = ['--bootstrap-server', brokers.join(','), '--topic', topic, '--compression-codec', name]
    const batches = ['--producer-property', 'linger.ms=200', '--producer-property', 'batch.size=1000000']
    const mainClass = 'org.apache.kafka.tools.ConsoleProducer'
    await runJava(jars, mainClass, [...args, ...batches], TEXTS.join('\n') + '\n')
    expect(await read(topic, TEXTS.length)).toEqual(TEXTS)
  })
})

test("what the program writes, with every compression, Apache's consumer reads", async () => {
  const topic = await createTopic(brokers, uniqueName('mixed'))
  for (const { type } of CODECS) {
    await produce(
      brokers,
      topic,
      TEXTS.map((value) => ({ value })),
      { compression: type },
    )
  }
  const count = TEXTS.length * CODECS.length
  const args = ['--bootstrap-server', brokers.join(','), '--topic', topic, '--from-beginning']
  const output = await runJava(jars, 'org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...args,
    '--max-messages',
    String(count),
    '--timeout-ms',
    '30000',
  ])
  const lines = output.split('\n').filter((line) => line.startsWith('event '))
  expect(lines).toEqual(CODECS.flatMap(() => TEXTS))
})

test('a batch that would fill the memory stops the consumer with an error that says so', async () => {
  const topic = await createTopic(brokers, uniqueName('bomb'))
  const value = Buffer.alloc(DECOMPRESSED_BATCH_BYTES_MAX + 1)
  await produce(brokers, topic, [{ value }], { compression: CompressionTypes.GZIP })
  await expect(read(topic, 1)).rejects.toThrow(
    `a batch compressed with gzip holds more than ${DECOMPRESSED_BATCH_BYTES_MAX} bytes`,
  )
})
