/** Makes the kafkajs client from our settings: encryption, signing in, waiting for brokers, and its log lines as ours. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import kafkajs from 'kafkajs'
import type { ConsumerConfig, Kafka, KafkaConfig, LogEntry, ProducerConfig, RetryOptions, SASLOptions } from 'kafkajs'
import { redactor, type Log } from '../log.ts'
import { clip } from '../text.ts'
import { registerCodecs } from './kafka-codecs.ts'
import { kafkaSecrets, type KafkaSettings } from './kafka-settings.ts'

/**
 * About a minute of growing pauses for one call, then the call fails. A consumer starts again by itself after that,
 * from the configured brokers on, so that it also finds a cluster whose addresses have changed.
 */
const RETRY: RetryOptions = { initialRetryTime: 300, multiplier: 2, factor: 0.2, maxRetryTime: 15_000, retries: 8 }

/** Fields of kafkajs's log lines that are worth a line of ours. Others may hold whole requests or responses. */
const LOGGED_FIELDS = [
  'broker',
  'groupId',
  'memberId',
  'generationId',
  'coordinator',
  'topic',
  'partition',
  'offset',
  'correlationId',
  'apiName',
  'retryCount',
  'retryTime',
  'duration',
  'error',
  'eventName',
] as const
const LOGGED_CHARS_MAX = 512

/** Connects nothing yet. Reads the certificate files; one that is missing throws with the key's name. */
export function createKafka(settings: KafkaSettings, log: Log): Kafka {
  registerCodecs()
  return new kafkajs.Kafka(kafkaConfig(settings, log))
}

/** The consumer's part of the settings. Subscribing, start positions and commits are the caller's. */
export function consumerConfig(settings: KafkaSettings): ConsumerConfig {
  return {
    groupId: settings.groupId,
    sessionTimeout: settings.sessionTimeoutMs,
    heartbeatInterval: settings.heartbeatIntervalMs,
    rebalanceTimeout: settings.rebalanceTimeoutMs,
    maxBytesPerPartition: settings.maxBytesPerPartition,
    maxBytes: settings.fetchBytesMax,
    minBytes: 1,
    maxWaitTimeInMs: settings.fetchWaitMs,
    allowAutoTopicCreation: false,
    retry: RETRY,
  }
}

/** For what writes to Kafka: the simulator and the demonstration. Keys land where Java producers put them. */
export function producerConfig(): ProducerConfig {
  return {
    // Naming the default also keeps kafkajs from warning that it once changed.
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    retry: RETRY,
  }
}

/** What kafkajs is given. Separate from `createKafka` so that a test can look at it. */
export function kafkaConfig(settings: KafkaSettings, log: Log): KafkaConfig {
  const config: KafkaConfig = {
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    connectionTimeout: settings.connectTimeoutMs,
    authenticationTimeout: settings.connectTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: RETRY,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => logWriter(log, textCleaner(settings)),
  }
  if (settings.tls.enabled) config.ssl = tlsOptions(settings.tls)
  const { sasl } = settings
  if (sasl) {
    const account = { username: sasl.username.reveal(), password: sasl.password.reveal() }
    // The mechanisms that we offer take the same options, which kafkajs's union does not say.
    config.sasl = { mechanism: sasl.mechanism, ...account } as SASLOptions
  }
  return config
}

/** Makes a text of kafkajs or of a broker one without our secrets, printable, and no longer than a log line should be. */
function textCleaner(settings: KafkaSettings): (text: string) => string {
  const redact = redactor(kafkaSecrets(settings))
  return (text) => clip(redact(text), LOGGED_CHARS_MAX)
}

function tlsOptions(tls: KafkaSettings['tls']): ConnectionOptions {
  return {
    rejectUnauthorized: true,
    ...(tls.caFile === undefined ? {} : { ca: readPem(tls.caFile, 'caFile') }),
    ...(tls.certFile === undefined ? {} : { cert: readPem(tls.certFile, 'certFile') }),
    ...(tls.keyFile === undefined ? {} : { key: readPem(tls.keyFile, 'keyFile') }),
  }
}

function readPem(file: string, key: 'caFile' | 'certFile' | 'keyFile'): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Error(`ingest.kafka.tls.${key}: cannot read ${file}`, { cause })
  }
}

/** kafkajs calls a crash of the consumer an error even where it restarts by itself; the level is kept as it is. */
function logWriter(log: Log, clean: (text: string) => string): (entry: LogEntry) => void {
  const { ERROR, WARN, INFO } = kafkajs.logLevel
  return ({ namespace, level, log: line }) => {
    const fields: Record<string, string | number> = { component: 'kafkajs' }
    if (namespace) fields['namespace'] = namespace
    for (const key of LOGGED_FIELDS) {
      const value: unknown = line[key]
      if (typeof value === 'number') fields[key] = value
      else if (typeof value === 'string') fields[key] = clean(value)
    }
    // Typed as a string, but an Error at one place.
    const text: unknown = line.message
    const message = clean(text instanceof Error ? text.message : line.message)
    if (level === ERROR) log.error(fields, message)
    else if (level === WARN) log.warn(fields, message)
    else if (level === INFO) log.info(fields, message)
    else log.debug(fields, message)
  }
}
