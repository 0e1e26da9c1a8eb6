/**
 * What ClickHouse makes of stored events and findings, said once more in plain code: `token_values_view`,
 * `token_activity_hour_view` and `token_activity_5min_view` of sql/003_rollups.sql and 006_evidence.sql, and the seven
 * queries of src/store/profiles.ts.
 * Written from those files and from nothing of the fold, so that the property tests compare two independent tellings.
 */
import type { Finding, FoldedEvent } from '../../src/detect/finding.ts'
import type {
  EvidenceRow,
  FiveMinutesRow,
  HourRow,
  IncidentRow,
  ProfileRows,
  StepRow,
  ValueRow,
  WindowRow,
} from '../../src/store/profile-rows.ts'

const COUNTS = 32
const ERRORS = 64
const NETWORK_TURN = 128
const ADDRESS_TURN = 256
const EVIDENCE_ROWS = 20

export function rowsOf(events: readonly FoldedEvent[], findings: readonly Finding[]): ProfileRows {
  const stored = [...new Map(findings.map((finding) => [finding.findingId, finding])).values()]
  const open = stored.filter((finding) => finding.incidentId === openIncidentOf(finding, stored))
  return {
    values: valueRows(events),
    hours: hourRows(events),
    fiveMinutes: fiveMinutesRows(events),
    windows: windowRows(stored),
    incidents: incidentRows(open),
    evidence: evidenceRows(open),
    steps: stepRows(stored),
  }
}

function valueRows(events: readonly FoldedEvent[]): ValueRow[] {
  const groups = new Map<string, FoldedEvent[]>()
  const heads = new Map<
    string,
    Pick<ValueRow, 'token_id' | 'dimension' | 'value' | 'held' | 'month'> & { bit: number }
  >()
  for (const event of events) {
    if (event.tokenId === '') continue
    const month = `${new Date(event.timeMs).toISOString().slice(0, 7)}-01`
    for (const [bit, dimension, value] of [
      [
        1,
        'network',
        [event.country === '' ? event.sourceClass : event.country, event.network, event.prefix, event.address].join(
          '|',
        ),
      ],
      [2, 'route', [event.service, event.route, event.method].join('|')],
      [4, 'agent', [event.agent, event.agentVersion].join('|')],
      [8, 'place', event.place],
      [16, 'refused_route', [event.service, event.route, event.method].join('|')],
    ] as const) {
      if (((event.learned | event.held) & bit) === 0) continue
      const held = (event.held & bit) === 0 ? 0 : 1
      const key = JSON.stringify([month, event.tokenId, dimension, value, held])
      heads.set(key, { token_id: event.tokenId, dimension, value, held, month, bit })
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [event])
      else group.push(event)
    }
  }
  return [...groups].map(([key, group]) => {
    const { bit, ...head } = heads.get(key) as ValueRow & { bit: number }
    return {
      ...head,
      entered_at: greatest(group.filter((event) => (event.fresh & bit) !== 0).map((event) => event.timeMs)),
      last_seen: greatest(group.map((event) => event.timeMs)),
      days: group.reduce((mask, event) => mask | (1 << (new Date(event.timeMs).getUTCDate() - 1)), 0),
    }
  })
}

function hourRows(events: readonly FoldedEvent[]): HourRow[] {
  const groups = Map.groupBy(
    events.filter((event) => event.tokenId !== '' && ((event.learned | event.held) & (COUNTS | ERRORS)) !== 0),
    (event) => JSON.stringify([event.tokenId, Math.floor(event.timeMs / 3_600_000) * 3_600_000]),
  )
  const rows = [...groups].map(([key, group]) => {
    const [tokenId, bucket] = JSON.parse(key) as [string, number]
    const counting = group.filter((event) => ((event.learned | event.held) & COUNTS) !== 0)
    const teachingErrors = group.filter((event) => (event.learned & ERRORS) !== 0)
    return {
      token_id: tokenId,
      bucket,
      learned_calls: counting.filter((event) => (event.held & COUNTS) === 0).length,
      held_calls: counting.filter((event) => (event.held & COUNTS) !== 0).length,
      bytes: counting.reduce((sum, event) => sum + event.bytesIn + event.bytesOut, 0),
      refused: teachingErrors.filter((event) => [401, 403, 404].includes(event.status)).length,
      limited: teachingErrors.filter((event) => event.status === 429).length,
      unauthenticated: teachingErrors.filter((event) => event.status === 401).length,
      network_turns: group.filter((event) => (event.learned & NETWORK_TURN) !== 0).length,
      address_turns: group.filter((event) => (event.learned & ADDRESS_TURN) !== 0).length,
      active_at: greatest(counting.map((event) => event.timeMs)),
    }
  })
  return rows.sort((a, b) => (a.token_id < b.token_id ? -1 : a.token_id > b.token_id ? 1 : a.bucket - b.bucket))
}

/** Of each token the five minutes of the day that ends with its latest call. */
function fiveMinutesRows(events: readonly FoldedEvent[]): FiveMinutesRow[] {
  const counting = events.filter((event) => event.tokenId !== '' && ((event.learned | event.held) & COUNTS) !== 0)
  const rows = [...Map.groupBy(counting, (event) => event.tokenId)].flatMap(([tokenId, own]) => {
    const latestMs = greatest(own.map((event) => event.timeMs))
    const buckets = Map.groupBy(own, (event) => Math.floor(event.timeMs / 300_000) * 300_000)
    return [...buckets]
      .filter(([bucket]) => bucket > latestMs - 86_400_000)
      .map(([bucket, calls]) => ({ token_id: tokenId, bucket, calls: calls.length }))
  })
  return rows.sort((a, b) => (a.token_id < b.token_id ? -1 : a.token_id > b.token_id ? 1 : a.bucket - b.bucket))
}

/** Of each token the findings with its greatest window, as they came; none of those that carry no window. */
function windowRows(findings: readonly Finding[]): WindowRow[] {
  return [...Map.groupBy(findings, (finding) => finding.subject).values()].flatMap((own) => {
    const latest = greatest(own.map((finding) => finding.windowMs))
    const inLogOrder = own
      .filter((finding) => latest > 0 && finding.windowMs === latest)
      .sort((a, b) => a.position.offset - b.position.offset || a.sumBits - b.sumBits)
    return inLogOrder.map((finding) => ({
      subject: finding.subject,
      detector: finding.detector,
      cause: finding.cause,
      bits: finding.bits,
      time: finding.timeMs,
      bucket: finding.bucketMs,
      sum_bits: finding.sumBits,
      window: finding.windowMs,
      carried_bits: finding.carriedBits,
    }))
  })
}

/** Of a token's incidents of one concern the one with the latest finding. */
function openIncidentOf({ subject, concern }: Finding, findings: readonly Finding[]): string | undefined {
  let latest: Finding | undefined
  for (const finding of findings) {
    if (finding.subject !== subject || finding.concern !== concern) continue
    if (latest === undefined || finding.timeMs > latest.timeMs) latest = finding
  }
  return latest?.incidentId
}

const SEVERITY_ORDER = ['', 'low', 'medium', 'high', 'critical']

function incidentRows(open: readonly Finding[]): IncidentRow[] {
  const groups = Map.groupBy(open, ({ subject, concern, detector }) => JSON.stringify([subject, concern, detector]))
  return [...groups.values()].map((group) => {
    const [{ subject, concern, incidentId, detector }] = group as [Finding]
    return {
      subject,
      concern,
      incident_id: incidentId,
      detector,
      bits: group.reduce((sum, finding) => sum + finding.bits, 0),
      sum_bits: greatest(group.map((finding) => finding.sumBits)),
      severity_rank: greatest(group.map((finding) => SEVERITY_ORDER.indexOf(finding.severityMin ?? ''))),
      grave: group.some((finding) => finding.isGrave) ? 1 : 0,
      reopening: greatest(group.map((finding) => finding.reopening)),
      first_at: Math.min(...group.map((finding) => finding.timeMs)),
      last_at: greatest(group.map((finding) => finding.timeMs)),
    }
  })
}

function evidenceRows(open: readonly Finding[]): EvidenceRow[] {
  return [...Map.groupBy(open, (finding) => finding.incidentId).values()].flatMap((group) =>
    group
      .sort((a, b) => b.bits - a.bits || (a.findingId < b.findingId ? -1 : 1))
      .slice(0, EVIDENCE_ROWS)
      .map(({ subject, concern, findingId, detector, bits, timeMs, seen, normal, eventId, ip, country, network }) => ({
        subject,
        concern,
        finding_id: findingId,
        detector,
        bits,
        time: timeMs,
        seen,
        normal,
        event_id: eventId,
        ip,
        country,
        network,
      })),
  )
}

function stepRows(findings: readonly Finding[]): StepRow[] {
  const stepped = findings.filter((finding) => finding.step > 0)
  return [...Map.groupBy(stepped, (finding) => JSON.stringify([finding.subject, finding.detector])).values()].map(
    (group) => {
      const [{ subject, detector }] = group as [Finding]
      const bucket = greatest(group.map((finding) => finding.bucketMs))
      const steps = group.filter((finding) => finding.bucketMs === bucket).map((finding) => finding.step)
      return { subject, detector, last_bucket: bucket, last_step: greatest(steps) }
    },
  )
}

function greatest(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0)
}
