/** The terminal: readable at 100 columns, and never steered by a value. */
import { expect, test } from 'vitest'
import { renderTerminal, terminalNotifier } from '../../src/notify/terminal.ts'
import { notifierContract } from '../contract/notifier.ts'
import { NOON_MS, enormousAlert, hostileAlert, makeAlert } from './alerts.ts'

notifierContract({
  type: 'terminal',
  overHttp: false,
  async start({ timeoutMs }) {
    const printed: string[] = []
    const context = {
      timeoutMs,
      clock: { now: () => NOON_MS },
      print: (text: string) => printed.push(text),
      colour: false,
    }
    return {
      notifier: terminalNotifier.create('screen', terminalNotifier.settings.parse({ type: 'terminal' }), context),
      receiver: undefined,
      received: () => printed,
      violations: () => [],
      [Symbol.asyncDispose]: async () => {},
    }
  },
})

test('reads like this', () => {
  expect(renderTerminal(makeAlert(), { colour: false, widthMax: 100 })).toBe(`\
▌ HIGH  Token ci-deploy was used from Brazil for the first time
▌       incident opened · 19.8 bits of surprise · 2026-03-04 12:00:00 UTC
▌
▌ token     ci-deploy
▌           tok_aaaabbbbccccddddeeeeffff22
▌ tenant    acme
▌ began     2026-03-04 11:57:31 UTC, 2 min 29 s before this alert
▌ from      203.0.113.7  Brazil (BR)  AS64496
▌           2001:db8::7  2001:db8::/48
▌
▌ new-country           ━━━━━━━━━━━━━━━─────────  12.3 bits
▌   seen    a call from Brazil
▌   normal  United States in 412 active hours over 30 days
▌
▌ new-user-agent        ━━━━━━━━━───────────────  7.5 bits
▌   seen    curl 8.9
▌   normal  python-requests 2.31, 2.32
▌
▌ events    event-one
▌           event-two
▌ incident  ${makeAlert().incidentId}
▌ alert     ${makeAlert().alertId}

-- the evidence, in ClickHouse
${makeAlert().evidenceQuery}
`)
})

test('stays within its width, the query excepted, whatever an alert holds', () => {
  for (const alert of [makeAlert(), hostileAlert(), enormousAlert()])
    for (const widthMax of [60, 100]) {
      const block = renderTerminal(alert, { colour: false, widthMax }).split('\n\n--')[0] ?? ''
      for (const line of block.split('\n')) expect(line.length).toBeLessThanOrEqual(widthMax)
    }
})

test('colours are ours alone: without them nothing is left of an escape sequence', () => {
  const sequences = renderTerminal(hostileAlert(), { colour: true, widthMax: 100 }).match(/\u001b\[?[^m]{0,4}m?/g) ?? []
  expect(sequences.length).toBeGreaterThan(0)
  for (const sequence of sequences) expect(sequence).toMatch(/^\u001b\[\d{1,2}m$/)
})
