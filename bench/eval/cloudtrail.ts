/** The labelled CloudTrail sample: runs of attack techniques caught, against alerts about benign calls. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readRecords } from '../../src/ingest/file.ts'
import { type AlertLine, replayLines } from './replay.ts'
import type { Place } from './simulated.ts'
import type { TableData } from './table.ts'

export interface CloudTrailTruth {
  /** Event ids of each run. */
  readonly runs: readonly { readonly technique: string; readonly eventIds: ReadonlySet<string> }[]
  /** Neither attack nor benign: the attack tool's own preparations. */
  readonly ignored: ReadonlySet<string>
  readonly events: number
}

export interface CloudTrailPoint {
  readonly threshold: number
  readonly caught: readonly string[]
  /** Each per 1,000 benign events: lines and incidents that hold neither a labelled nor an ignored event. */
  readonly falseLines: number
  readonly falseIncidents: number
  /** Benign events that any line names. */
  readonly namedEvents: number
}

/** False lines per 1,000 benign events that a run of the sample may cost. */
const FALSE_LINES_MAX = 10
const THRESHOLDS = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 24, 28, 32]

const labelsSchema = z.object({
  attacks: z.array(z.object({ technique: z.string(), event_ids: z.array(z.string()) })),
  ignore_event_ids: z.array(z.string()),
})

/** The folder holds `labels.json` and one file of records, one a line. */
export async function cloudTrailTables(
  folder: string,
  set: readonly string[],
  { folder: workFolder, asnFile }: Place,
): Promise<readonly TableData[]> {
  const labels = labelsSchema.parse(JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8')))
  const records = (await readdir(folder)).find((name) => /\.ndjson(\.gz)?$/.test(name))
  if (records === undefined) throw new Error(`${folder}: no .ndjson or .ndjson.gz in it`)
  const eventsFile = join(folder, records)
  const truth: CloudTrailTruth = {
    runs: labels.attacks.map(({ technique, event_ids: ids }) => ({ technique, eventIds: new Set(ids) })),
    ignored: new Set(labels.ignore_event_ids),
    events: await countRecords(eventsFile),
  }
  const alertsFile = join(workFolder, `cloudtrail-${process.pid}.ndjson`)
  const lines = await replayLines({ format: 'cloudtrail', eventsFile, asnFile, alertsFile, set })
  await rm(alertsFile)
  const points = THRESHOLDS.map((threshold) => cloudTrailPoint(lines, truth, threshold))
  return [pointsTable(points, truth), missedTable(points, truth, lines)]
}

async function countRecords(input: string): Promise<number> {
  let count = 0
  for await (const records of readRecords({ input, topic: 'file', messageBytesMax: 2 ** 20 })) count += records.length
  return count
}

export function cloudTrailPoint(
  lines: readonly AlertLine[],
  { runs, ignored, events }: CloudTrailTruth,
  threshold: number,
): CloudTrailPoint {
  const labelled = new Set(runs.flatMap(({ eventIds }) => [...eventIds]))
  const told = lines.filter(({ bits }) => bits >= threshold)
  const named = new Set(told.flatMap(({ eventIds }) => eventIds))
  const isBenign = (id: string) => !labelled.has(id) && !ignored.has(id)
  const isFalse = ({ eventIds }: AlertLine) => eventIds.every(isBenign)
  const incidents = [...Map.groupBy(told, ({ incidentId }) => incidentId).values()]
  const perThousand = (count: number) => (count / (events - labelled.size - ignored.size)) * 1_000
  return {
    threshold,
    caught: runs.filter(({ eventIds }) => [...eventIds].some((id) => named.has(id))).map(({ technique }) => technique),
    falseLines: perThousand(told.filter(isFalse).length),
    falseIncidents: perThousand(incidents.filter((group) => group.every(isFalse)).length),
    namedEvents: perThousand([...named].filter(isBenign).length),
  }
}

function pointsTable(points: readonly CloudTrailPoint[], { runs }: CloudTrailTruth): TableData {
  return {
    title:
      'CloudTrail sample: runs caught; false lines, incidents and benign events named, each per 1,000 benign events',
    head: ['bits', 'runs caught', 'false lines', 'false incidents', 'benign events named'],
    rows: points.map(({ threshold, caught, falseLines, falseIncidents, namedEvents }) => [
      threshold,
      `${caught.length} of ${runs.length}`,
      falseLines.toFixed(1),
      falseIncidents.toFixed(1),
      namedEvents.toFixed(1),
    ]),
  }
}

function missedTable(
  points: readonly CloudTrailPoint[],
  { runs }: CloudTrailTruth,
  lines: readonly AlertLine[],
): TableData {
  const point = points.find(({ falseLines }) => falseLines <= FALSE_LINES_MAX)
  const missed = runs.filter(({ technique }) => point?.caught.includes(technique) !== true)
  return {
    title: `CloudTrail sample: missed at ${point?.threshold ?? 'no'} bits, the lowest with at most ${FALSE_LINES_MAX} false lines`,
    head: ['run', 'events', 'best bits', 'detectors'],
    rows: missed.map(({ technique, eventIds }) => {
      const own = lines.filter((line) => line.eventIds.some((id) => eventIds.has(id)))
      const best = own.toSorted((left, right) => right.bits - left.bits)[0]
      return [technique, eventIds.size, best?.bits.toFixed(1) ?? '', best?.detectors.join(' + ') ?? '']
    }),
  }
}
