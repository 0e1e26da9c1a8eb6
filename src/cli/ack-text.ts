/** What an action on an incident meant, for people and for programs. */
import type { ActionName, MarkedValue } from '../alert/actions.ts'
import { SETTLE_MS } from '../registry/history.ts'
import type { IncidentRow } from '../store/explain.ts'
import { clip } from '../text.ts'
import { timeText } from './listing.ts'
import { valueLines } from './marked-values.ts'

export interface Acted {
  readonly incident: IncidentRow
  /** In the order in which they were taken. */
  readonly actions: readonly ActionName[]
  /** What a verdict is about. */
  readonly values: readonly MarkedValue[]
  /** What the token is known for and events with findings brought as well: no verdict touches it. */
  readonly habits: readonly MarkedValue[]
  /** By the server's clock; undefined where nothing was written. */
  readonly actedAtMs: number | undefined
}

export function actedText(acted: Acted): string {
  const { incident, actions, actedAtMs } = acted
  const { incident_id, token_name, subject, began_at, surprise_bits, detectors } = incident
  const name = token_name === '' || token_name === subject ? '' : `${clip(token_name, 80)}, `
  const head =
    `incident ${incident_id}: ${name}${clip(subject, 200)}, since ${timeText(began_at)}, ` +
    `${surprise_bits.toFixed(1)} bits by ${detectors.join(', ')}\n`
  const meaning = actions.map((action) => `${action}${MEANINGS[action]}\n${detailsOf(action, acted)}`).join('')
  const when =
    actedAtMs === undefined
      ? 'nothing was written: this was a dry run\n'
      : isForDetection(actions)
        ? `It counts for calls that arrive from ${timeText(actedAtMs + SETTLE_MS)} on.\n`
        : ''
  return `${head}${meaning}${when}`
}

const MEANINGS: Readonly<Record<ActionName, string>> = {
  acknowledge: ': somebody looks at it. Detection goes on as before: what follows still joins it and may escalate.',
  benign:
    ': nothing joins it any more, so it does not escalate. What is found next opens another incident, and adds up anew.',
  malicious: ': what follows still joins it and may escalate.',
  resolve: ': what is found in it later opens it again, with an alert.',
}

function isForDetection(actions: readonly ActionName[]): boolean {
  return actions.some((action) => action !== 'acknowledge')
}

function detailsOf(action: ActionName, { incident, values, habits }: Acted): string {
  if (action !== 'benign' && action !== 'malicious') return ''
  const count = `${values.length} value${values.length === 1 ? '' : 's'}`
  if (values.length === 0) return '  No value of it is in quarantine.\n'
  const list = valueLines(values, '    ')
  if (action === 'benign')
    return `  Out of quarantine and known, with the next call that brings them: ${count}.\n${list}`
  const id = incident.incident_id
  return (
    `  Never adopted, and found in full on each day on which they come: ${count}.\n${list}${habitsText(incident, habits)}` +
    `  Revoke the token if it is in wrong hands. When that is done: tokenwatch ack ${id} --resolve\n`
  )
}

function habitsText({ subject }: IncidentRow, habits: readonly MarkedValue[]): string {
  if (habits.length === 0) return ''
  const first = habits[0] as MarkedValue
  return (
    `  Habits of the token that the same calls show, and that stay:\n${valueLines(habits, '    ', 5)}` +
    `  Should one be the thief's: tokenwatch forget ${clip(subject, 200)} --value '${first.dimension}=...'\n`
  )
}

export function actedJson({ incident, actions, values, habits, actedAtMs }: Acted): object {
  return {
    incident_id: incident.incident_id,
    subject_kind: incident.subject_kind,
    subject: incident.subject,
    token_name: incident.token_name,
    actions,
    dry_run: actedAtMs === undefined,
    acted_at: actedAtMs === undefined ? null : new Date(actedAtMs).toISOString(),
    counts_from:
      actedAtMs === undefined || !isForDetection(actions) ? null : new Date(actedAtMs + SETTLE_MS).toISOString(),
    values,
    habits,
  }
}
