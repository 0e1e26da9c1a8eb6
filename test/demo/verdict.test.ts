import { describe, expect, it } from 'vitest'
import type { Alert } from '../../src/alert/alert.ts'
import { byIncident, judge } from '../../src/demo/verdict.ts'
import { sampleAlert } from '../../src/notify/sample-alert.ts'
import type { AttackLabel } from '../../src/simulate/simulation.ts'

const MINUTE_MS = 60_000

function label(attack: AttackLabel['attack'], event: string, minute: number): AttackLabel {
  return { attack, token_id: `tok_${attack}`, event_id: event, time: new Date(minute * MINUTE_MS).toISOString() }
}

/** An alert that rests on these events. */
function alertOn(events: readonly string[], minute: number, incidentId = 'i'): Alert {
  const sample = sampleAlert(0)
  const [evidence] = sample.evidence
  return {
    ...sample,
    alertId: `a${minute}` as Alert['alertId'],
    incidentId: incidentId as Alert['incidentId'],
    timeMs: (minute * MINUTE_MS) as Alert['timeMs'],
    evidence: events.map((eventId) => ({ ...(evidence as Alert['evidence'][number]), eventId })),
  }
}

describe('judge', () => {
  const labels = [label('spike', 's2', 12), label('spike', 's1', 10), label('enumeration', 'e1', 5)]

  it('counts an alert for the attack that one of its calls belongs to', () => {
    const { attacks, others } = judge([alertOn(['benign', 's2'], 12)], labels)
    expect(attacks.map(({ name, alerts }) => [name, alerts.length])).toEqual([
      ['enumeration', 0],
      ['spike', 1],
    ])
    expect(others).toEqual([])
  })

  it('counts an alert on other calls as false, whenever it comes and whoever it is about', () => {
    const { attacks, others } = judge([alertOn(['benign'], 11)], labels)
    expect(attacks.every(({ alerts }) => alerts.length === 0)).toBe(true)
    expect(others).toHaveLength(1)
  })

  it('puts attacks, their calls and alerts in order of event time', () => {
    const { attacks } = judge([alertOn(['s1'], 14), alertOn(['s1'], 11)], labels)
    expect(attacks.map(({ name }) => name)).toEqual(['enumeration', 'spike'])
    expect(attacks[1]?.callsMs).toEqual([10 * MINUTE_MS, 12 * MINUTE_MS])
    expect(attacks[1]?.alerts.map(({ alertId }) => alertId)).toEqual(['a11', 'a14'])
  })
})

describe('byIncident', () => {
  it('keeps the order of the first alert of each incident', () => {
    const incidents = byIncident([alertOn([], 1, 'x'), alertOn([], 2, 'y'), alertOn([], 3, 'x')])
    expect(incidents.map((alerts) => alerts.map(({ alertId }) => alertId))).toEqual([['a1', 'a3'], ['a2']])
  })
})
