/** That the evaluation reads what replay writes. */
import { expect, test } from 'vitest'
import { parseAlertLine } from '../../bench/eval/replay.ts'
import { alertLine } from '../../src/cli/replay-lines.ts'
import { makeAlert } from '../notify/alerts.ts'

test('a line is read with all that is scored', () => {
  const alert = makeAlert()
  expect(parseAlertLine(alertLine(alert))).toMatchObject({
    incidentId: alert.incidentId,
    subject: alert.subject,
    timeMs: alert.timeMs,
    bits: alert.surpriseBits,
    detectors: ['new-country', 'new-user-agent'],
    ips: ['203.0.113.7', '2001:db8::7'],
  })
})

test('a line that lacks what is scored is refused', () => {
  expect(() => parseAlertLine('{"token_id":"tok_a"}')).toThrow('surprise_bits')
})
