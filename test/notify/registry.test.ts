/** No notifier is forgotten: each file that defines one is registered and runs the contract. */
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Secret } from '../../src/secret.ts'
import { silentLog } from '../../src/log.ts'
import { NOTIFIERS, createNotifiers } from '../../src/notify/index.ts'
import { notifySettings } from '../../src/notify/settings.ts'
import { newSigningSecret } from '../support/receivers.ts'
import { NOON_MS, makeAlert } from './alerts.ts'

const folder = new URL('../../src/notify/', import.meta.url)
const defining = readdirSync(folder).filter((file) =>
  /= defineNotifier\(/.test(readFileSync(new URL(file, folder), 'utf8')),
)

describe('the registry', () => {
  test('holds every notifier of the folder, under the name of its file', () => {
    expect(NOTIFIERS.map(({ type }) => `${type}.ts`).toSorted()).toEqual(defining.toSorted())
  })

  test.each(NOTIFIERS.map(({ type }) => type))('%s runs the contract', (type) => {
    const text = readFileSync(new URL(`./${type}.test.ts`, import.meta.url), 'utf8')
    expect(text).toMatch(new RegExp(`notifierContract\\(\\{\\s*type: '${type}'`))
  })

  test.each([...NOTIFIERS])('$type describes each of its settings and says which are secret', ({ settings }) => {
    for (const [key, schema] of Object.entries(settings.shape)) {
      if (key !== 'type') expect(z.globalRegistry.get(schema)?.description ?? inner(schema)).toBeTruthy()
      if (['url', 'signingSecret'].includes(key)) expect(z.globalRegistry.get(schema)).toMatchObject({ secret: true })
    }
  })
})

/** The description of what a default or an optional wraps. */
function inner(schema: unknown): string | undefined {
  const wrapped = (schema as { def?: { innerType?: z.ZodType } }).def?.innerType
  return wrapped?.description
}

describe('settings', () => {
  test('without any the alerts go to the terminal', () => {
    expect(notifySettings.parse({}).targets).toEqual({ terminal: { type: 'terminal', minSeverity: 'low' } })
  })

  test('keep addresses and keys as secrets, which show nothing', () => {
    const signingSecret = newSigningSecret()
    const settings = notifySettings.parse({
      targets: { hook: { type: 'webhook', url: 'https://ops.example/h/abcdef', signingSecret } },
    })
    expect(settings.targets['hook']).toMatchObject({ url: expect.any(Secret), signingSecret: expect.any(Secret) })
    expect(JSON.stringify(settings)).not.toMatch(/abcdef|whsec_/)
  })

  test.each([
    ['a name with a space', { 'my slack': { type: 'terminal' } }],
    ['an unknown type', { x: { type: 'pager' } }],
    ['an unknown key', { x: { type: 'terminal', colour: true } }],
    ['an address that is none', { x: { type: 'slack', url: 'hooks.slack.com' } }],
    ['plain http without leave', { x: { type: 'slack', url: 'http://hooks.slack.com/services/x' } }],
    ['kinds that are none', { x: { type: 'terminal', kinds: [] } }],
  ])('refuse %s', (_, targets) => {
    expect(notifySettings.safeParse({ targets }).success).toBe(false)
  })
})

test('a notifier that breaks gives a DeliveryError that is not tried again', async () => {
  const context = {
    timeoutMs: 1,
    clock: { now: () => NOON_MS },
    print: () => {
      throw new TypeError('broken pipe')
    },
    colour: false,
  }
  const [target] = createNotifiers(notifySettings.parse({}), context, silentLog)
  await expect(target?.notifier.notify(makeAlert(), new AbortController().signal)).rejects.toMatchObject({
    name: 'DeliveryError',
    failure: 'internal',
    retryable: false,
  })
})
