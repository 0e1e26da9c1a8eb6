/** The client's patience: a consumer outlives a broker that is killed and comes back. */
import type { ConsumerCrashEvent } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { consumerConfig, createKafka, producerConfig } from '../../src/ingest/kafka-client.ts'
import { kafkaSettings } from '../../src/ingest/kafka-settings.ts'
import { silentLog } from '../../src/log.ts'
import { createTopic, produce, startTestKafka, uniqueName, type TestKafka } from '../support/kafka.ts'

let kafka: TestKafka
beforeAll(async () => {
  kafka = await startTestKafka({ ownBroker: true })
})
afterAll(async () => {
  await kafka.stop()
})

test('a consumer and a producer go on after the broker was killed and started again', async () => {
  const { brokers } = kafka
  const topic = await createTopic(brokers, uniqueName('events'))
  const settings = kafkaSettings.parse({ brokers, topics: [topic], groupId: uniqueName('group') })
  const client = createKafka(settings, silentLog)
  const consumer = client.consumer(consumerConfig(settings))
  const producer = client.producer(producerConfig())
  const arrived = { before: Promise.withResolvers<void>(), after: Promise.withResolvers<void>() }
  consumer.on('consumer.crash', ({ payload }: ConsumerCrashEvent) => {
    if (!payload.restart) arrived.after.reject(payload.error)
  })
  try {
    await Promise.all([consumer.connect(), producer.connect()])
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        if (message.value?.toString() === 'before') arrived.before.resolve()
        if (message.value?.toString() === 'after') arrived.after.resolve()
      },
    })
    await produce(brokers, topic, [{ value: 'before' }])
    await arrived.before.promise
    await kafka.kill9()
    const sent = producer.send({ topic, messages: [{ value: 'after' }] })
    await kafka.restart()
    expect(await sent).toMatchObject([{ topicName: topic, errorCode: 0 }])
    await arrived.after.promise
  } finally {
    await Promise.all([consumer.disconnect(), producer.disconnect()])
  }
})
