/** Slack against a receiver that knows Slack's limits. */
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/secret.ts'
import { escapeMrkdwn, slackMessage, slackNotifier, slackReview } from '../../src/notify/slack.ts'
import { notifierContract } from '../contract/notifier.ts'
import { slackViolations, startSlackReceiver, textsOf } from '../support/receivers.ts'
import { HOSTILE, NOON_MS, enormousAlert, hostileAlert, makeAlert, makeReview } from './alerts.ts'

notifierContract({
  type: 'slack',
  overHttp: true,
  async start({ timeoutMs }) {
    const receiver = await startSlackReceiver()
    const settings = slackNotifier.settings.parse({
      type: 'slack',
      url: receiver.url,
      allowHttp: true,
      allowPrivateAddresses: true,
    })
    expect(settings.url).toBeInstanceOf(Secret)
    return {
      notifier: slackNotifier.create('oncall', settings, {
        timeoutMs,
        clock: { now: () => NOON_MS },
        print: () => {},
        colour: false,
      }),
      receiver,
      received: () => receiver.requests.map(({ body }) => asShown(body)),
      violations: () => receiver.violations,
      [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
    }
  },
})

/** Slack shows entities as the characters that they stand for. */
function asShown(body: string): string {
  return textsOf(JSON.parse(body))
    .map((text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'))
    .join('\n')
}

describe('a Slack message', () => {
  test('cuts the fallback before it escapes, so that no entity is cut in half', () => {
    const { text } = slackMessage(makeAlert({ title: '&'.repeat(1000) }))
    expect(text).toMatch(/^HIGH: (&amp;)+…$/)
  })

  test('says so when the query does not fit, instead of cutting it', () => {
    const message = JSON.stringify(slackMessage(enormousAlert()))
    expect(message).toContain('the query does not fit here')
    expect(message).not.toContain('```')
  })

  test('shows the query of a hostile token whole, in a block that it cannot close', () => {
    const alert = hostileAlert()
    const block = textsOf(slackMessage(alert)).find((text) => text.startsWith('*Evidence')) ?? ''
    expect(block.split('```')).toHaveLength(3)
    expect(block.split('```')[1]?.trim()).toBe(escapeMrkdwn(alert.evidenceQuery))
  })

  test('refuses a query of foreign making that would close its block', () => {
    const message = slackMessage(makeAlert({ evidenceQuery: "SELECT '```<!channel>'" }))
    expect(slackViolations(JSON.stringify(message))).toEqual([])
    expect(JSON.stringify(message)).not.toContain('```')
  })

  test('lets no value stand in parsed text but the fallback and the query', () => {
    const parsed = JSON.stringify(
      slackMessage(hostileAlert())
        .blocks.flatMap((block) => Object.values(block))
        .filter((part) => typeof part === 'object' && 'type' in part && part.type === 'mrkdwn')
        .filter((part) => !JSON.stringify(part).includes('```')),
    )
    expect(parsed).not.toContain('evil')
    expect(HOSTILE).toContain('evil')
  })
})

test('a review reads like this', () => {
  const isShown = (text: string) => !['header', 'section', 'context', 'mrkdwn', 'plain_text'].includes(text)
  expect(textsOf(slackReview(makeReview())).filter(isShown).join('\n')).toBe(`\
Token review of 2026-03-03, nothing urgent: 3 notes about 2 tokens
📋 Token review of 2026-03-03, nothing urgent: 3 notes about 2 tokens
*expiring-soon* · 1
ci-deploy (tok_aaaabbbbccccddddeeeeffff22) · acme: Expires in 3 days and is in use
*ownerless-token* · 2
billing-export (tok_second) · acme: In use without an owner: GET /v1/orders
ci-deploy (tok_aaaabbbbccccddddeeeeffff22) · acme: Expires in 3 days and is in use
*All of them, in ClickHouse*
\`\`\`
${escapeMrkdwn(makeReview().query)}
\`\`\`
once a day, for whoever looks after tokens · tokenwatch`)
})

describe('the receiver that judges', () => {
  const wrong: readonly [string, object][] = [
    ['a mention', { text: '<!channel>', blocks: [] }],
    ['mrkdwn that is not verbatim', { blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'x' } }] }],
    [
      'a header of 151 characters',
      { blocks: [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }] },
    ],
    ['51 blocks', { blocks: Array.from({ length: 51 }, () => ({ type: 'divider' })) }],
    ['an empty field', { blocks: [{ type: 'section', fields: [{ type: 'plain_text', text: '' }] }] }],
  ]
  test.each(wrong)('finds %s', (_, over) => {
    const good = { text: 'x', blocks: [{ type: 'divider' }], unfurl_links: false, unfurl_media: false }
    expect(slackViolations(JSON.stringify(good))).toEqual([])
    expect(slackViolations(JSON.stringify({ ...good, ...over }))).not.toEqual([])
  })
})
