/**
 * Real HTTP receivers on loopback that judge what they are sent as Slack and a careful webhook owner would.
 *
 * `startWebhookReceiver({ signingSecret })` verifies Standard Webhooks signatures with an implementation of its own;
 * `startSlackReceiver()` holds every message against Slack's limits and rules (`slackViolations`);
 * `startReceiver(judge, path)` is for every other target. Each gives a `Receiver`:
 * - `url` (with a path that is as secret as Slack's) and `secretParts` (texts that may stand in no log and no error);
 * - `behave(...)` says how the next requests are answered, one behaviour each; `always(behaviour)` how all further
 *   ones are; without either the answer is a success;
 * - `requests`: all that came, whatever was answered; `accepted`: those answered with success; `violations`: what was
 *   wrong with them (such a request is refused with 400 or 401 where a success was due);
 * - `waitForRequests(n)` resolves when n requests have come; `closed(n)` when the connections of n requests are gone.
 * Use with `await using`.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EventEmitter } from 'node:events'

export type Behaviour =
  | { readonly kind: 'ok'; readonly body?: string }
  | {
      readonly kind: 'status'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'redirect'; readonly location: string }
  /** Closes the socket without an answer. */
  | { readonly kind: 'close' }
  /** 200 with a body that does not end before the caller closes. */
  | { readonly kind: 'huge' }
  /** The status, one byte of body, and then nothing. */
  | { readonly kind: 'slow'; readonly status?: number }
  /** Answers with the request's own path, as careless proxies do. */
  | { readonly kind: 'echo'; readonly status: number }

export const OK: Behaviour = { kind: 'ok' }
export const status = (code: number, headers: Readonly<Record<string, string>> = {}, body = ''): Behaviour => ({
  kind: 'status',
  status: code,
  headers,
  body,
})

export interface ReceivedRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly path: string
  readonly secretParts: readonly string[]
  readonly requests: readonly ReceivedRequest[]
  readonly accepted: readonly ReceivedRequest[]
  readonly violations: readonly string[]
  behave(...behaviours: readonly Behaviour[]): void
  always(behaviour: Behaviour): void
  waitForRequests(count: number): Promise<void>
  closed(count: number): Promise<void>
}

export interface Judge {
  /** What is wrong with a request, in words. */
  judge(request: ReceivedRequest): readonly string[]
  readonly okBody: string
  readonly refusal: { readonly status: number; readonly body: string }
}

export function startWebhookReceiver(options: {
  readonly signingSecret: string
  /** Milliseconds since 1970, for the tolerance of the timestamp. */
  readonly now?: () => number
}): Promise<Receiver> {
  const now = options.now ?? Date.now
  return startReceiver(
    {
      judge: (request) => webhookViolations(request, options.signingSecret, now()),
      okBody: '{"received":true}',
      refusal: { status: 401, body: 'bad signature' },
    },
    `/hooks/${randomBytes(12).toString('hex')}`,
  )
}

export function startSlackReceiver(): Promise<Receiver> {
  return startReceiver(
    {
      judge: (request) => slackViolations(request.body),
      okBody: 'ok',
      refusal: { status: 400, body: 'invalid_payload' },
    },
    `/services/T00000000/B${randomBytes(4).toString('hex').toUpperCase()}/${randomBytes(12).toString('hex')}`,
  )
}

/** A key as Standard Webhooks wants it. */
export function newSigningSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

/** @param path as the target's URL has it; its parts of more than 8 characters are taken to be secret */
export async function startReceiver(judge: Judge, path: string): Promise<Receiver> {
  const state = {
    requests: [] as ReceivedRequest[],
    accepted: [] as ReceivedRequest[],
    violations: [] as string[],
    queue: [] as Behaviour[],
    standing: OK,
    closed: 0,
  }
  const changes = new EventEmitter().setMaxListeners(0)
  const server = createServer((incoming, response) => {
    incoming.socket.once('close', () => {
      state.closed += 1
      changes.emit('change')
    })
    void (async () => {
      const request = { path: incoming.url ?? '', headers: incoming.headers, body: await readBody(incoming) }
      const wrong = judge.judge(request)
      state.requests.push(request)
      state.violations.push(...wrong)
      const behaviour = state.queue.shift() ?? state.standing
      if (behaviour.kind === 'ok' && wrong.length > 0) {
        response.writeHead(judge.refusal.status).end(judge.refusal.body)
      } else {
        if (behaviour.kind === 'ok') state.accepted.push(request)
        answer(behaviour, request, response, judge.okBody)
      }
      changes.emit('change')
    })().catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const until = async (reached: () => boolean) => {
    while (!reached()) await once(changes, 'change')
  }
  return {
    url: `http://127.0.0.1:${port}${path}`,
    port,
    path,
    secretParts: [path, ...path.split('/').filter((part) => part.length > 8)],
    requests: state.requests,
    accepted: state.accepted,
    violations: state.violations,
    behave: (...behaviours) => void state.queue.push(...behaviours),
    always(behaviour) {
      state.standing = behaviour
    },
    waitForRequests: (count) => until(() => state.requests.length >= count),
    closed: (count) => until(() => state.closed >= count),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function answer(behaviour: Behaviour, request: ReceivedRequest, response: ServerResponse, okBody: string): void {
  switch (behaviour.kind) {
    case 'ok':
      response.end(behaviour.body ?? okBody)
      return
    case 'status':
      response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body)
      return
    case 'redirect':
      response.writeHead(302, { location: behaviour.location }).end()
      return
    case 'echo':
      response.writeHead(behaviour.status).end(`Cannot POST ${request.path} with ${request.body.slice(0, 200)}`)
      return
    case 'close':
      response.destroy()
      return
    case 'huge':
      response.writeHead(200)
      flood(response)
      return
    case 'slow':
      response.writeHead(behaviour.status ?? 200).write('.')
      return
    case 'hang':
      return
  }
}

function flood(response: ServerResponse): void {
  const chunk = 'x'.repeat(65_536)
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', pour)
  pour()
}

const TOLERANCE_SECONDS = 5 * 60

/**
 * The Standard Webhooks specification, "Verifying signatures": HMAC-SHA-256 over `id.timestamp.body` with the decoded
 * key, base64, any of the space-separated `v1,` entries, compared in constant time; the timestamp within tolerance.
 */
export function webhookViolations(request: ReceivedRequest, signingSecret: string, nowMs: number): readonly string[] {
  const header = (name: string) => String(request.headers[name] ?? '')
  const id = header('webhook-id')
  const timestamp = header('webhook-timestamp')
  const key = Buffer.from(signingSecret.replace('whsec_', ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${request.body}`).digest()
  const signed = header('webhook-signature')
    .split(' ')
    .filter((entry) => entry.startsWith('v1,'))
    .map((entry) => Buffer.from(entry.slice(3), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected))
  const late = Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_SECONDS
  return [
    ...(id === '' || id.includes('.') ? ['webhook-id is missing or holds a full stop'] : []),
    ...(!/^\d+$/.test(timestamp) || late ? ['webhook-timestamp is missing or too far from now'] : []),
    ...(signed ? [] : ['webhook-signature does not match']),
    ...(header('content-type').startsWith('application/json') ? [] : ['content-type is not application/json']),
    ...jsonViolations(request.body),
  ]
}

function jsonViolations(body: string): readonly string[] {
  const value = parse(body)
  if (!isObject(value)) return ['the body is no JSON object']
  return [
    ...(/^tokenwatch\.(alert\.[a-z]+|review)$/.test(String(value['type']))
      ? []
      : ['type is not tokenwatch.alert.… or tokenwatch.review']),
    ...(Number.isNaN(Date.parse(String(value['timestamp']))) ? ['timestamp is no time'] : []),
    ...(isObject(value['data']) ? [] : ['data is no object']),
    ...textsOf(value)
      .filter((text) => UNPRINTABLE.test(text))
      .map((text) => `unprintable characters in ${JSON.stringify(text)}`),
  ]
}

/** Newlines are layout of ours; everything else that moves a cursor or reverses text is a violation. */
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/

const TYPES = new Set(['header', 'section', 'context', 'divider'])

/** Block Kit reference on docs.slack.dev (blocks; text object; formatting message text), as far as it is used here. */
export function slackViolations(body: string): readonly string[] {
  const message = parse(body)
  if (!isObject(message)) return ['the body is no JSON object']
  const { text, blocks } = message
  return [
    ...(message['unfurl_links'] === false && message['unfurl_media'] === false ? [] : ['unfurling is not off']),
    ...(typeof text === 'string' && text.length > 0 && text.length <= 40_000
      ? markupViolations(text, 'text')
      : ['no text']),
    ...(Array.isArray(blocks) && blocks.length > 0 && blocks.length <= 50
      ? blocks.flatMap((block, index) => blockViolations(block, `blocks/${index}`))
      : ['blocks are not 1 to 50']),
  ]
}

function blockViolations(block: unknown, at: string): readonly string[] {
  if (!isObject(block) || !TYPES.has(String(block['type']))) return [`${at}: unknown type`]
  const { type, text, fields, elements } = block
  if (type === 'divider') return []
  if (type === 'header')
    return isObject(text) && text['type'] === 'plain_text'
      ? textViolations(text, 150, `${at}/text`)
      : [`${at}: a header is plain_text`]
  if (type === 'context') return listViolations(elements, 10, 3000, `${at}/elements`)
  return [
    ...(text === undefined && fields === undefined ? [`${at}: a section needs text or fields`] : []),
    ...(text === undefined ? [] : textViolations(text, 3000, `${at}/text`)),
    ...(fields === undefined ? [] : listViolations(fields, 10, 2000, `${at}/fields`)),
  ]
}

function listViolations(list: unknown, itemsMax: number, charsMax: number, at: string): readonly string[] {
  if (!Array.isArray(list) || list.length === 0 || list.length > itemsMax) return [`${at}: not 1 to ${itemsMax} items`]
  return list.flatMap((item, index) => textViolations(item, charsMax, `${at}/${index}`))
}

function textViolations(object: unknown, charsMax: number, at: string): readonly string[] {
  if (!isObject(object) || typeof object['text'] !== 'string') return [`${at}: no text object`]
  const { type, text } = object
  const length =
    text.length > 0 && text.length <= charsMax ? [] : [`${at}: ${text.length} of 1 to ${charsMax} characters`]
  const unprintable = UNPRINTABLE.test(text) ? [`${at}: unprintable characters`] : []
  if (type === 'plain_text')
    return [...length, ...unprintable, ...('verbatim' in object ? [`${at}: verbatim is for mrkdwn`] : [])]
  if (type !== 'mrkdwn') return [`${at}: unknown text type`]
  return [
    ...length,
    ...unprintable,
    ...(object['verbatim'] === true ? [] : [`${at}: mrkdwn is not verbatim`]),
    ...markupViolations(text, at),
  ]
}

/** None of our messages means to link or to mention, so no raw `<` or `>` may stand in parsed text. */
function markupViolations(text: string, at: string): readonly string[] {
  const fences = text.split('```').length - 1
  return [
    ...(/[<>]/.test(text) ? [`${at}: an unescaped < or >`] : []),
    ...(/&(?!amp;|lt;|gt;)/.test(text) ? [`${at}: an unescaped &`] : []),
    ...(fences === 0 || fences === 2 ? [] : [`${at}: ${fences} code fences`]),
    ...(UNPRINTABLE.test(text) ? [`${at}: unprintable characters`] : []),
  ]
}

/** Every string in a JSON value, keys left out. */
export function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsOf)
  return isObject(value) ? Object.values(value).flatMap(textsOf) : []
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
