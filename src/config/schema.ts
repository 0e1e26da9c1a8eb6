/** Joins each room's settings to the one schema of the configuration. */
import { z } from 'zod'
import { alertingSettings } from '../alert/settings.ts'
import { detectSettings } from '../detect/settings.ts'
import { enrichSettings } from '../enrich/settings.ts'
import { ingestSettings } from '../ingest/settings.ts'
import { LOG_FORMATS, LOG_LEVELS } from '../log.ts'
import { notifySettings } from '../notify/settings.ts'
import { learningSettings } from '../profile/settings.ts'
import { clickhouseSettings } from '../store/settings.ts'

export const httpSettings = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').meta({
    description: 'Address that /healthz, /readyz and /metrics listen on. They ask for no password.',
    env: true,
  }),
  port: z.number().int().min(0).max(65_535).default(9464).meta({
    description: 'Port of these addresses; 0 takes any free one.',
    env: true,
  }),
})

export const logSettings = z.strictObject({
  level: z.enum(LOG_LEVELS).default('info').meta({ description: 'Lines below this level are left out.', env: true }),
  format: z.enum(LOG_FORMATS).default('auto').meta({
    description: '`auto` is readable text on a terminal and JSON lines otherwise.',
    env: true,
  }),
})

/** Sections in the order in which data passes through them. */
export const configSchema = z.strictObject({
  ingest: ingestSettings.prefault({}).describe('Where records come from and what is accepted.'),
  enrich: enrichSettings.prefault({}).describe('What is added to an event: token identity, geography, network.'),
  learning: learningSettings.prefault({}).describe('What is learned of a token, and how soon.'),
  detect: detectSettings.prefault({}).describe('The detectors.'),
  alerting: alertingSettings.prefault({}).describe('When findings become an alert.'),
  clickhouse: clickhouseSettings.prefault({}).describe('The database.'),
  notify: notifySettings.prefault({}).describe('Who is told, and how often it is tried.'),
  http: httpSettings.prefault({}).describe('Health and metrics.'),
  log: logSettings.prefault({}).describe('The log, on standard error.'),
})

export type Config = z.infer<typeof configSchema>
