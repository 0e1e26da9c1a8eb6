import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import * as fc from 'fast-check'
import fetch from 'node-fetch'
import { describe, expect, it } from 'vitest'
import { createLog, describeError, redactor } from '../src/log.ts'
import type { LogSettings } from '../src/log.ts'
import { Secret } from '../src/secret.ts'

const WEBHOOK = 'https://hooks.example.com/services/T0000/B0000/s3cr3tWebhookPart'

function logged(secrets: readonly string[], settings: LogSettings = { level: 'debug', format: 'json' }) {
  const lines: string[] = []
  const log = createLog(settings, {
    secrets: secrets.map((text) => new Secret(text)),
    destination: { write: (line: string) => lines.push(line) },
  })
  return { log, text: () => lines.join('') }
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail('expected a failure'),
    (error: Error) => error,
  )
}

describe('createLog', () => {
  it('writes a JSON line with level, time, fields and message', () => {
    const { log, text } = logged([])
    log.info({ partition: 3 }, 'assigned')
    expect(JSON.parse(text())).toEqual({ level: 'info', time: expect.any(String), partition: 3, msg: 'assigned' })
  })

  it('writes readable text with the stack of an error when asked to, as clean as JSON', async () => {
    const destination = new PassThrough({ encoding: 'utf8' })
    const log = createLog({ level: 'info', format: 'pretty' }, { secrets: [new Secret('hunter2-secret')], destination })
    log.error({ err: new Error('no hunter2-secret here') }, 'bad')
    const [text] = (await once(destination, 'data')) as [string]
    expect(text).toMatch(/ERROR.*: bad/)
    expect(text).toContain('no [redacted] here')
    expect(text).toContain('log.test.ts')
  })

  it('leaves out lines below its level', () => {
    const { log, text } = logged([], { level: 'warn', format: 'json' })
    log.info('quiet')
    log.warn('loud')
    expect(text()).toContain('loud')
    expect(text()).not.toContain('quiet')
  })

  it('prints a Secret as [redacted], wherever it stands', () => {
    const { log, text } = logged([])
    log.child({ of: new Secret('first-secret') }).info({ deep: [{ key: new Secret('other-secret') }] }, 'x')
    expect(JSON.parse(text())).toMatchObject({ of: '[redacted]', deep: [{ key: '[redacted]' }] })
  })

  it('strips what could steer a terminal or turn the reading order', () => {
    const { log, text } = logged([])
    log.info({ agent: 'a\u001b[2J\u202eb' }, 'seen \u009b31m')
    expect(JSON.parse(text())).toMatchObject({ agent: 'a[2Jb', msg: 'seen 31m' })
  })

  it('survives a field that holds itself', () => {
    const { log, text } = logged([])
    const field: Record<string, unknown> = {}
    field['self'] = field
    log.info({ field }, 'round')
    expect(text()).toContain('[deeper]')
  })

  it('survives an error that is its own cause', () => {
    const { log, text } = logged([])
    const error = new Error('turtles')
    error.cause = error
    log.error({ err: error }, 'down')
    expect(text()).toContain('turtles')
  })
})

describe('errors that quote a secret', () => {
  it('shows no URL of a node-fetch error but its host', async () => {
    const url = 'http://127.0.0.1:1/services/T0000/B0000/s3cr3tWebhookPart?key=abcdef'
    const error = await failureOf(fetch(url))
    expect(error.message).toContain('s3cr3tWebhookPart')
    const { log, text } = logged([])
    log.error({ err: error }, error.message)
    expect(text()).toContain('http://127.0.0.1:1/[redacted]')
    expect(text()).not.toMatch(/s3cr3tWebhookPart|abcdef/)
  })

  it('shows no URL of a redirect that was refused', async () => {
    const server = createServer((_request, response) => response.writeHead(302, { location: WEBHOOK }).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const error = await failureOf(fetch(`http://127.0.0.1:${port}/pathThatIsSecret`, { redirect: 'error' }))
    server.close()
    const { log, text } = logged([WEBHOOK])
    log.error({ err: error }, 'refused')
    expect(text()).not.toMatch(/pathThatIsSecret|s3cr3tWebhookPart/)
  })

  it.each<{ title: string; error: (secret: string) => unknown }>([
    { title: 'in its message', error: (secret) => new Error(`cannot sign in with ${secret}`) },
    { title: 'in its name', error: (secret) => Object.assign(new Error('x'), { name: secret }) },
    { title: 'in its code', error: (secret) => Object.assign(new Error('x'), { code: secret }) },
    { title: 'in its cause', error: (secret) => new Error('x', { cause: new Error(secret) }) },
    { title: 'in a cause that is text', error: (secret) => new Error('x', { cause: secret }) },
    { title: 'in a cause that is an object', error: (secret) => new Error('x', { cause: { headers: [secret] } }) },
    { title: 'among several errors', error: (secret) => new AggregateError([new Error(secret), secret], 'all failed') },
    { title: 'in a property of the library', error: (secret) => Object.assign(new Error('x'), { config: { secret } }) },
    { title: 'as text that was thrown', error: (secret) => secret },
  ])('is clean when the secret stands $title', ({ error }) => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme' }), (word) => {
        const secret = `§${word}`
        const { log, text } = logged([secret])
        log.error({ err: error(secret), also: { nested: secret } }, `failed: ${secret}`)
        log.child({ bound: secret }).info(secret)
        for (const line of text().trimEnd().split('\n')) expect(JSON.stringify(JSON.parse(line))).not.toContain('§')
      }),
      { numRuns: 50 },
    )
  })
})

describe('redactor', () => {
  it.each<{ title: string; secret: string; text: string; clean: string }>([
    { title: 'as it is', secret: 'pa$$word', text: 'got pa$$word here', clean: 'got [redacted] here' },
    { title: 'percent-encoded', secret: 'p@ss/word', text: 'got p%40ss%2Fword', clean: 'got [redacted]' },
    { title: 'JSON-escaped', secret: 'pass"word', text: '{"a":"pass\\"word"}', clean: '{"a":"[redacted]"}' },
    { title: 'base64', secret: 'user:password', text: 'Basic dXNlcjpwYXNzd29yZA==', clean: 'Basic [redacted]' },
    {
      title: 'as the path of its URL',
      secret: WEBHOOK,
      text: 'POST /services/T0000/B0000/s3cr3tWebhookPart',
      clean: 'POST [redacted]',
    },
    {
      title: 'as a line of a key',
      secret: 'BEGIN\nMIIEvQIBADANBgkqhkiG\nEND',
      text: 'bad line MIIEvQIBADANBgkqhkiG',
      clean: 'bad line [redacted]',
    },
    { title: 'the longer of two first', secret: 'abcd', text: 'abcdefgh', clean: '[redacted]efgh' },
  ])('finds a known secret $title', ({ secret, text, clean }) => {
    expect(redactor([new Secret(secret)])(text)).toBe(clean)
  })

  it.each<{ title: string; text: string; clean: string }>([
    { title: 'keeps a bare host', text: 'to https://host.example:8443 now', clean: 'to https://host.example:8443 now' },
    {
      title: 'cuts path and query',
      text: 'to https://host.example/a/b?c=d',
      clean: 'to https://host.example/[redacted]',
    },
    {
      title: 'cuts a query without a path',
      text: 'https://host.example?c=d',
      clean: 'https://host.example/[redacted]',
    },
    { title: 'masks user info', text: 'http://me:secret@host.example', clean: 'http://[redacted]@host.example' },
    {
      title: 'masks user info of any scheme',
      text: 'kafka://me:secret@host:9092/x',
      clean: 'kafka://[redacted]@host:9092/x',
    },
    {
      title: 'shows nothing when a password holds a slash',
      text: 'http://me:se/cret@host/',
      clean: 'http://[redacted]',
    },
    { title: 'masks a password with an @ in it', text: 'http://me:p@ss@host', clean: 'http://[redacted]@host' },
  ])('$title', ({ text, clean }) => {
    expect(redactor([])(text)).toBe(clean)
  })
})

describe('describeError', () => {
  it('keeps name, message, code, stack, cause and errors', () => {
    const inner = Object.assign(new TypeError('inner'), { code: 'EINNER' })
    const described = describeError(new AggregateError([inner], 'outer', { cause: inner }), (text) => text)
    expect(described).toMatchObject({
      name: 'AggregateError',
      message: 'outer',
      stack: expect.stringContaining('log.test.ts'),
      cause: { name: 'TypeError', message: 'inner', code: 'EINNER' },
      errors: [{ code: 'EINNER' }],
    })
  })
})
