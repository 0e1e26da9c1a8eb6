/**
 * Tells when tokenwatch itself sees too little: silence, lag, or many dead letters. Silence must not look like safety.
 * Works on the wall clock, outside of the fold.
 */
import { type AlertId, type EventTimeMs, type IncidentId, hashId } from '../event.ts'
import type { Alert } from './alert.ts'

export interface PipelineLimits {
  /** Consumer group, part of the alert's identity. */
  readonly groupId: string
  /** No event for this long is an alarm; 0 never is. */
  readonly silenceMs: number
  /** More unread records in one partition are an alarm; 0 never is. */
  readonly lagRecordsMax: number
  /** A greater share of dead letters is an alarm; 1 never is. */
  readonly deadLetterShareMax: number
}

/** What was seen up to now; counters grow from the process's start. */
export interface PipelineState {
  readonly nowMs: number
  /** Wall time of the last event, of any process of the group. */
  readonly lastEventMs: number
  readonly lagRecords: number
  readonly records: number
  readonly deadLetters: number
}

type Condition = 'silence' | 'lag' | 'dead-letters'

/** Dead letters are judged over windows of this length, and only from this many on. */
const WINDOW_MS = 5 * 60_000
const DEAD_LETTERS_MIN = 20

/** Remembers which conditions hold, so that each is told once, when it begins. */
export function createPipelineWatch(limits: PipelineLimits) {
  const since = new Map<Condition, number>()
  let window = { startMs: 0, records: 0, deadLetters: 0 }

  function begin(condition: Condition, holds: boolean, startMs: number): boolean {
    if (!holds) {
      since.delete(condition)
      return false
    }
    if (since.has(condition)) return false
    since.set(condition, startMs)
    return true
  }

  /** The alerts of conditions that have just begun. */
  return function look(state: PipelineState): Alert[] {
    const { nowMs } = state
    const alerts: Alert[] = []
    const tell = (condition: Condition, title: string, normal: string) =>
      alerts.push(pipelineAlert(limits.groupId, condition, since.get(condition) ?? nowMs, nowMs, title, normal))

    const silentMs = nowMs - state.lastEventMs
    if (begin('silence', limits.silenceMs > 0 && silentMs >= limits.silenceMs, state.lastEventMs)) {
      const minutes = Math.round(silentMs / 60_000)
      tell(
        'silence',
        `No event for ${minutes} minutes: nothing is being watched`,
        `ingest.silenceMs is ${limits.silenceMs}`,
      )
    }
    if (begin('lag', limits.lagRecordsMax > 0 && state.lagRecords > limits.lagRecordsMax, nowMs)) {
      tell(
        'lag',
        `${state.lagRecords} records wait in one partition: alerts come late`,
        `ingest.lagRecordsMax is ${limits.lagRecordsMax}`,
      )
    }
    if (window.startMs === 0) window = { startMs: nowMs, records: state.records, deadLetters: state.deadLetters }
    const records = state.records - window.records
    const deadLetters = state.deadLetters - window.deadLetters
    const isMany = deadLetters >= DEAD_LETTERS_MIN && deadLetters > records * limits.deadLetterShareMax
    // A condition that holds ends only with a whole window below the limit.
    if (isMany || nowMs - window.startMs >= WINDOW_MS) {
      if (begin('dead-letters', isMany, nowMs)) {
        tell(
          'dead-letters',
          `${deadLetters} of ${records} records became dead letters: see tokenwatch dead-letters`,
          `ingest.deadLetterShareMax is ${limits.deadLetterShareMax}`,
        )
      }
      if (nowMs - window.startMs >= WINDOW_MS) {
        window = { startMs: nowMs, records: state.records, deadLetters: state.deadLetters }
      }
    }
    return alerts
  }
}

function pipelineAlert(
  groupId: string,
  condition: Condition,
  startMs: number,
  nowMs: number,
  title: string,
  normal: string,
): Alert {
  const incidentId = hashId(groupId, condition, startMs)
  return {
    alertId: incidentId as AlertId,
    incidentId: incidentId as IncidentId,
    kind: 'pipeline',
    concern: 'availability',
    severity: 'high',
    reopening: 0,
    subjectKind: 'pipeline',
    subject: 'pipeline',
    tokenName: '',
    tenant: '',
    title,
    timeMs: nowMs as EventTimeMs,
    beganAtMs: startMs as EventTimeMs,
    surpriseBits: 0,
    detectors: [{ name: condition, bits: 0 }],
    evidence: [
      {
        detector: condition,
        bits: 0,
        timeMs: nowMs as EventTimeMs,
        seen: title,
        normal,
        eventId: '',
        ip: '',
        country: '',
        network: '',
      },
    ],
    sources: [],
    eventIds: [],
    evidenceQuery: '',
  }
}
