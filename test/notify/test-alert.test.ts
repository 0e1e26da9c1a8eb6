/** `tokenwatch test-alert` with real receivers. */
import { describe, expect, test } from 'vitest'
import { testAlertCommand, testTargets } from '../../src/cli/test-alert.ts'
import { notifySettings } from '../../src/notify/settings.ts'
import { newSigningSecret, startSlackReceiver, startWebhookReceiver, status } from '../support/receivers.ts'
import { NOON_MS } from './alerts.ts'

const signingSecret = newSigningSecret()
const now = () => NOON_MS

async function withTargets(target: string | undefined, slackStatus: number) {
  await using slack = await startSlackReceiver()
  await using hook = await startWebhookReceiver({ signingSecret, now })
  if (slackStatus !== 200) slack.behave(status(slackStatus, {}, 'no_service'))
  const shared = { allowHttp: true, allowPrivateAddresses: true }
  const settings = notifySettings.parse({
    targets: {
      oncall: { type: 'slack', url: slack.url, ...shared },
      siem: { type: 'webhook', url: hook.url, signingSecret, ...shared },
      screen: { type: 'terminal' },
    },
  })
  const printed: string[] = []
  const print = (text: string) => void printed.push(text)
  const exitCode = await testTargets(settings, { target, clock: { now }, print, colour: false })
  return { exitCode, text: printed.join(''), slack, hook }
}

describe('test-alert', () => {
  test('sends a sample to every target, plainly a test, and prints what each answered', async () => {
    const { exitCode, text, slack, hook } = await withTargets(undefined, 200)
    expect(exitCode).toBe(0)
    expect(slack.violations).toEqual([])
    expect(hook.violations).toEqual([])
    for (const { body } of [...slack.accepted, ...hook.accepted]) expect(body).toContain('TEST from tokenwatch')
    expect(text).toMatch(/oncall .*slack .*delivered .*200 .*ok/)
    expect(text).toMatch(/siem .*webhook .*delivered .*200 .*received/)
    expect(text).toMatch(/screen .*terminal .*delivered .*- .*printed/)
  })

  test('exits with 1 and says why when one failed', async () => {
    const { exitCode, text, slack } = await withTargets(undefined, 404)
    expect(exitCode).toBe(1)
    expect(text).toMatch(/oncall .*failed .*404 .*answered 404: no_service/)
    for (const secret of slack.secretParts) expect(text).not.toContain(secret)
  })

  test('takes one target by name', async () => {
    const { exitCode, slack, hook } = await withTargets('siem', 200)
    expect(exitCode).toBe(0)
    expect([slack.requests.length, hook.requests.length]).toEqual([0, 1])
  })

  test('names the targets when there is no such one', async () => {
    await expect(withTargets('pager', 200)).rejects.toMatchObject({
      message: 'there is no target "pager"',
      remedy: 'Targets: oncall, siem, screen.',
      exitCode: 2,
    })
  })

  test('has its help', () => {
    expect(testAlertCommand().helpInformation()).toContain('--target <name>')
  })
})
