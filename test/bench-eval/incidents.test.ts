/** How lines become incidents, and which attack an incident tells of. */
import { expect, test } from 'vitest'
import { attacksOf, type Label } from '../../bench/eval/attacks.ts'
import { createIncidentView, type ScoredLine } from '../../bench/eval/incidents.ts'
import { HOUR_MS } from '../../src/settings.ts'

const START_MS = Date.UTC(2026, 9, 20)

function line(hours: number, bits: number, change: Partial<ScoredLine> = {}): ScoredLine {
  const timeMs = START_MS + hours * HOUR_MS
  return { subject: 'tok_a', timeMs, bits, detectors: [], title: '', eventIds: [], ips: [], ...change }
}

function label(hours: number, change: Partial<Label> = {}): Label {
  const time = new Date(START_MS + hours * HOUR_MS).toISOString()
  return { attack: 'stolen', instance: 'stolen-1', token_id: 'tok_a', event_id: `e${hours}`, time, ...change }
}

/** Kinds of attack that each incident tells of. */
function told(lines: readonly ScoredLine[], labels: readonly Label[], threshold = 0): readonly (readonly string[])[] {
  const incidents = createIncidentView(lines, attacksOf(labels)).at(threshold)
  return incidents.map(({ attacks }) => [...attacks].map(({ kind }) => kind))
}

test('labels of one instance are one attack, from the first to the last', () => {
  const [attack, ...others] = attacksOf([label(5), label(2, { token_id: 'tok_b' }), label(3)])
  expect(others).toEqual([])
  expect(attack).toMatchObject({ firstMs: START_MS + 2 * HOUR_MS, lastMs: START_MS + 5 * HOUR_MS })
  expect(attack?.spans.get('tok_a')).toEqual({ firstMs: START_MS + 3 * HOUR_MS, lastMs: START_MS + 5 * HOUR_MS })
})

test('instances are told apart by their kind; without instances an attack is a kind on a token', () => {
  const bare = { attack: 'stolen', token_id: 'tok_a', event_id: 'e', time: new Date(START_MS).toISOString() }
  expect(attacksOf([bare, { ...bare, token_id: 'tok_b' }])).toHaveLength(2)
  expect(attacksOf([label(1), label(2, { attack: 'other' }), label(3)])).toHaveLength(2)
})

test('an absence has no event, and lasts until its end', () => {
  const time = new Date(START_MS).toISOString()
  const end = new Date(START_MS + 9 * HOUR_MS).toISOString()
  const [absence] = attacksOf([{ attack: 'silence', instance: '1', token_id: 'tok_a', time, end }])
  expect(absence).toMatchObject({ firstMs: START_MS, lastMs: START_MS + 9 * HOUR_MS, eventIds: new Set() })
})

test('lines are one incident up to a gap of six hours', () => {
  const lines = [line(12, 5), line(0, 5), line(6, 5), line(18.1, 5)]
  expect(createIncidentView(lines, []).at(0)).toMatchObject([
    { firstMs: START_MS, lastMs: START_MS + 12 * HOUR_MS },
    { firstMs: START_MS + 18.1 * HOUR_MS },
  ])
})

test('a threshold takes lines away, and may split an incident', () => {
  const lines = [line(0, 9), line(5, 4), line(10, 9)]
  expect(createIncidentView(lines, []).at(4)).toHaveLength(1)
  expect(createIncidentView(lines, []).at(9)).toHaveLength(2)
  expect(createIncidentView(lines, []).at(9.5)).toHaveLength(0)
})

test('an incident overlaps with an attack until six hours after its last event', () => {
  const labels = [label(10), label(11)]
  expect(told([line(9.9, 5)], labels)).toEqual([[]])
  expect(told([line(10, 5)], labels)).toEqual([['stolen']])
  expect(told([line(17, 5)], labels)).toEqual([['stolen']])
  expect(told([line(17.1, 5)], labels)).toEqual([[]])
  expect(told([line(8, 5), line(12, 5)], labels)).toEqual([['stolen']])
  expect(told([line(10, 5, { subject: 'tok_b' })], labels)).toEqual([[]])
})

test('an incident about something else tells of the attack whose event it holds', () => {
  const elsewhere = { subject: '192.0.2.0/24' }
  expect(told([line(10, 5, { ...elsewhere, eventIds: ['e10'] })], [label(10)])).toEqual([['stolen']])
  expect(told([line(10, 5, { ...elsewhere, eventIds: ['e11'] })], [label(10)])).toEqual([[]])
})

test('an address tells of an attack on several tokens, at its time', () => {
  const spray = [label(10, { attack: 'spray' }), label(10, { attack: 'spray', token_id: 'tok_b' })]
  const attacks = attacksOf(spray)
  for (const attack of attacks) attack.ips.add('192.0.2.7')
  const incidents = (hours: number) =>
    createIncidentView([line(hours, 5, { subject: 'tok_c', ips: ['192.0.2.7'] })], attacks).at(0)
  expect(incidents(11)[0]?.attacks.size).toBe(1)
  expect(incidents(17)[0]?.attacks.size).toBe(0)
})

test('an address alone tells nothing of an attack on one token', () => {
  const attacks = attacksOf([label(10)])
  for (const attack of attacks) attack.ips.add('192.0.2.7')
  const [incident] = createIncidentView([line(10, 5, { subject: 'tok_c', ips: ['192.0.2.7'] })], attacks).at(0)
  expect(incident?.attacks.size).toBe(0)
})
