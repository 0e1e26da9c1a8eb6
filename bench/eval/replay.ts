/** What tokenwatch says about a file of events: the lines of `replay --alerts`, read as an outsider reads them. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { runTokenwatch } from './child.ts'
import type { ScoredLine } from './incidents.ts'

export interface ReplayOptions {
  readonly format: 'canonical' | 'cloudtrail'
  readonly eventsFile: string
  readonly registryFile?: string
  readonly asnFile: string
  readonly alertsFile: string
  /** `key=value` settings of the candidate configuration. */
  readonly set: readonly string[]
}

export interface AlertLine extends ScoredLine {
  readonly incidentId: string
}

/** The part of an alert line that is scored. */
const alertLineSchema = z.object({
  incident_id: z.string(),
  token_id: z.string(),
  time: z.iso.datetime(),
  surprise_bits: z.number(),
  detectors: z.array(z.string()),
  title: z.string(),
  event_ids: z.array(z.string()),
  ips: z.array(z.string()),
})

export async function replayLines(options: ReplayOptions): Promise<readonly AlertLine[]> {
  await runTokenwatch('replay', {
    format: options.format,
    input: options.eventsFile,
    tokens: options.registryFile,
    alerts: options.alertsFile,
    'min-bits': 4,
    set: [`enrich.asnDatabase=${options.asnFile}`, ...options.set],
  })
  const text = await readFile(options.alertsFile, 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseAlertLine)
}

export function parseAlertLine(text: string): AlertLine {
  const line = alertLineSchema.parse(JSON.parse(text))
  return {
    incidentId: line.incident_id,
    subject: line.token_id,
    timeMs: Date.parse(line.time),
    bits: line.surprise_bits,
    detectors: line.detectors,
    title: line.title,
    eventIds: line.event_ids,
    ips: line.ips,
  }
}
