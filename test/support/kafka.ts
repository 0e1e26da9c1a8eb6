/** A real Apache Kafka for tests and the demonstration: one KRaft node in a Java process of its own. */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, openSync, readFileSync, closeSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs, { type Admin, type CompressionTypes, type Message } from 'kafkajs'
import { registerCodecs } from '../../src/ingest/kafka-codecs.ts'
import { producerConfig } from '../../src/ingest/kafka-client.ts'
import { startGuarded, type GuardedProcess } from './guarded-process.ts'
import { javaCommand, kafkaJars, LOG4J_FILE, runJava, type Progress } from './kafka-jars.ts'

export interface TestKafka {
  /** Addresses of the plain listener, as host:port. */
  readonly brokers: string[]
  /** Addresses of the further listeners by their name, such as `SASL` or `TLS`. */
  readonly listeners: Readonly<Record<string, string>>
  /** What the broker and the JVM wrote; '' for a given broker. */
  readonly logFile: string
  /** Ends the broker in order and removes its data. */
  stop(): Promise<void>
  /** Ends the broker as a power cut would; its data stays. */
  kill9(): Promise<void>
  /** Starts it again, on the same ports and data, after `kill9`. */
  restart(): Promise<void>
}

export interface TestKafkaOptions {
  /** Told what takes time. */
  readonly progress?: Progress
  /** Start one even where `TOKENWATCH_TEST_KAFKA_BROKERS` names one: the test kills it. Implied by what follows. */
  readonly ownBroker?: boolean
  /** Listeners beside the plain one: name -> security protocol, `SASL_PLAINTEXT`, `SSL` or `SASL_SSL`. */
  readonly listeners?: Readonly<Record<string, 'SASL_PLAINTEXT' | 'SSL' | 'SASL_SSL'>>
  /** Further lines of server.properties. */
  readonly properties?: Readonly<Record<string, string | number>>
  /** Users that SCRAM-SHA-256 and SCRAM-SHA-512 know: name -> password. */
  readonly scramUsers?: Readonly<Record<string, string>>
}

/**
 * Starts a broker, or uses the one that `TOKENWATCH_TEST_KAFKA_BROKERS` names (host:port, separated by commas). The first
 * run on a machine downloads 54 MB of jars. Needs Java 17 or newer, and Maven for the first run; throws with what is
 * missing. The broker dies with this process, however that ends.
 */
export async function startTestKafka(options: TestKafkaOptions = {}): Promise<TestKafka> {
  const given = process.env['TOKENWATCH_TEST_KAFKA_BROKERS']
  const special = options.ownBroker ?? options.listeners ?? options.properties ?? options.scramUsers
  if (given && !special) return givenKafka(given.split(',').map((broker) => broker.trim()))
  const progress = options.progress ?? (() => {})
  const jars = await kafkaJars(progress)
  const folder = mkdtempSync(join(tmpdir(), 'tokenwatch-kafka-'))
  try {
    return await startBroker(jars, folder, options, progress)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

async function startBroker(
  jars: string,
  folder: string,
  options: TestKafkaOptions,
  progress: Progress,
): Promise<TestKafka> {
  const names = Object.keys(options.listeners ?? {})
  const [port, controllerPort, ...ports] = await freePorts(2 + names.length)
  const listeners = Object.fromEntries(names.map((name, index) => [name, `127.0.0.1:${ports[index]}`]))
  const broker = `127.0.0.1:${port}`
  const propertiesFile = join(folder, 'server.properties')
  const properties = brokerProperties(folder, broker, `127.0.0.1:${controllerPort}`, listeners, options)
  writeFileSync(
    propertiesFile,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
  progress('Starting Kafka ...')
  const startedMs = performance.now()
  await runJava(jars, 'kafka.tools.StorageTool', ['format', '-c', propertiesFile, ...formatArguments(options)])
  const logFile = join(folder, 'broker.log')
  let server = await runBroker(jars, folder, propertiesFile, broker)
  progress(`Kafka is up at ${broker} after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  return {
    brokers: [broker],
    listeners,
    logFile,
    async stop() {
      await server.stop('SIGTERM', 15_000)
      rmSync(folder, { recursive: true, force: true })
    },
    async kill9() {
      await server.stop('SIGKILL', 15_000)
    },
    async restart() {
      server = await runBroker(jars, folder, propertiesFile, broker)
    },
  }
}

function brokerProperties(
  folder: string,
  broker: string,
  controller: string,
  listeners: Readonly<Record<string, string>>,
  options: TestKafkaOptions,
): Record<string, string | number> {
  const others = Object.entries(listeners).map(([name, address]) => `${name}://${address}`)
  const protocols = Object.entries(options.listeners ?? {}).map(([name, protocol]) => `${name}:${protocol}`)
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: [`PLAINTEXT://${broker}`, `CONTROLLER://${controller}`, ...others].join(','),
    'advertised.listeners': [`PLAINTEXT://${broker}`, ...others].join(','),
    'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...protocols].join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // A killed broker is let in again after this time.
    'broker.session.timeout.ms': 2_000,
    'broker.heartbeat.interval.ms': 500,
    'group.initial.rebalance.delay.ms': 0,
    // Tests expel members without waiting for long.
    'group.min.session.timeout.ms': 500,
    // Tests send records that tokenwatch refuses for their size.
    'message.max.bytes': 16 * 1024 * 1024,
    // Simulated records are as old as the events in them.
    'log.retention.ms': -1,
    ...options.properties,
  }
}

function formatArguments(options: TestKafkaOptions): string[] {
  const clusterId = randomBytes(16).toString('base64url')
  const users = Object.entries(options.scramUsers ?? {}).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  )
  return [`--cluster-id=${clusterId}`, ...users]
}

/** Resolves when the broker answers; throws with the end of its log when it ends before that. */
async function runBroker(
  jars: string,
  folder: string,
  propertiesFile: string,
  broker: string,
): Promise<GuardedProcess> {
  const logFile = join(folder, 'broker.log')
  mkdirSync(folder, { recursive: true })
  const log = openSync(logFile, 'a')
  const heap = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const server = startGuarded(
    javaCommand(),
    [...heap, `-Dlog4j2.configurationFile=${LOG4J_FILE}`, '-cp', `${jars}/*`, 'kafka.Kafka', propertiesFile],
    { output: log, removeOnOrphan: folder },
  )
  closeSync(log)
  const ended = server.exited.then(({ code, signal }) => {
    const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-30).join('\n')
    throw new Error(`Kafka ended before it answered (${signal ?? `code ${code}`}). The end of its log:\n${tail}`)
  })
  try {
    await Promise.race([withAdmin([broker], (admin) => admin.describeCluster()), ended])
  } catch (error) {
    await server.stop('SIGKILL', 5_000)
    throw error
  }
  // A later end is for whoever uses the broker to notice.
  ended.catch(() => {})
  return server
}

function givenKafka(brokers: string[]): TestKafka {
  const notOurs = async (): Promise<void> => {
    throw new Error('TOKENWATCH_TEST_KAFKA_BROKERS names a broker that this test may not kill')
  }
  return { brokers, listeners: {}, logFile: '', stop: async () => {}, kill9: notOurs, restart: notOurs }
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(0, '127.0.0.1', resolve)
      })
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** A client that waits up to a minute for the broker and logs nothing. */
export function testClient(brokers: string[]): kafkajs.Kafka {
  registerCodecs()
  return new kafkajs.Kafka({
    brokers,
    clientId: 'tokenwatch-test',
    connectionTimeout: 5_000,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 500, multiplier: 1.5, retries: 120 },
  })
}

/** Connects, calls `use`, disconnects. */
export async function withAdmin<T>(brokers: string[], use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = testClient(brokers).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

/** A name for a topic, a group or a database that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`
}

/** Creates a topic and waits until it has leaders. Returns its name. */
export async function createTopic(brokers: string[], name: string, partitions = 1): Promise<string> {
  await withAdmin(brokers, (admin) =>
    admin.createTopics({ waitForLeaders: true, topics: [{ topic: name, numPartitions: partitions }] }),
  )
  return name
}

/** Sends in the given order, in requests of at most `chunk` messages, acknowledged by the broker. */
export async function produce(
  brokers: string[],
  topic: string,
  messages: readonly Message[],
  { compression, chunk = 5_000 }: { compression?: CompressionTypes; chunk?: number } = {},
): Promise<void> {
  const producer = testClient(brokers).producer({ ...producerConfig(), maxInFlightRequests: 1 })
  await producer.connect()
  try {
    for (let at = 0; at < messages.length; at += chunk) {
      const part = messages.slice(at, at + chunk)
      await producer.send({ topic, messages: part, ...(compression === undefined ? {} : { compression }) })
    }
  } finally {
    await producer.disconnect()
  }
}
