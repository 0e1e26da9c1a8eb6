/** The one way out over HTTP: a POST that is limited in time, in where it may connect and in what it reads. */
import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import fetch, { FetchError } from 'node-fetch'
import type { Response } from 'node-fetch'
import { useAgent } from 'request-filtering-agent'
import { redactor } from '../log.ts'
import { hostOf } from '../secret.ts'
import type { Secret } from '../secret.ts'
import type { DeliveryFailure } from '../store/delivery.ts'
import { clip, printable } from '../text.ts'
import { DeliveryError } from './notifier.ts'
import type { DeliveryAnswer, NotifyContext } from './notifier.ts'
import type { HttpTargetSettings } from './target-settings.ts'

/** The rest of an answer is not read: the connection is closed. */
const ANSWER_BYTES_MAX = 4096
/** Shorter than what is read, so that a secret echoed across the limit is redacted as a whole, never cut in half. */
const ANSWER_CHARS_MAX = 1024
const MESSAGE_ANSWER_CHARS_MAX = 200

export interface PostRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Posts once. Throws DeliveryError and nothing else; its message holds the host, never the URL. */
export type Post = (request: PostRequest, signal: AbortSignal) => Promise<DeliveryAnswer>

/**
 * Each call makes a connection of its own: one that is kept open would outlive the check of its address.
 * @param secrets further secrets of the target, redacted like its URL if it echoes them
 */
export function createPost(target: HttpTargetSettings, secrets: readonly Secret[], context: NotifyContext): Post {
  const host = hostOf(target.url)
  const redact = redactor([target.url, ...secrets])
  return async function post(request, signal) {
    const { url, authorization } = addressOf(target, host)
    const addresses: string[] = [url.hostname.replace(/^\[|\]$/g, '')]
    const limit = startLimit(context.timeoutMs, signal)
    try {
      const response = await fetch(url.href, {
        method: 'POST',
        headers: { 'user-agent': 'tokenwatch', ...request.headers, ...authorization },
        body: request.body,
        redirect: 'manual',
        compress: false,
        signal: limit.signal,
        agent: useAgent(url.href, {
          allowPrivateIPAddress: target.allowPrivateAddresses,
          keepAlive: false,
          lookup: recordLookup(context.lookup ?? systemLookup, addresses),
        }),
      })
      const text = redact(await readStart(response))
      if (!response.ok) throw refusalOf(response, host, text, context.clock.now())
      return { status: response.status, text: clip(text, ANSWER_CHARS_MAX) }
    } catch (error) {
      throw failureOf(error, { host, addresses, target, ended: limit.ended() })
    } finally {
      limit.clear()
    }
  }
}

/** node-fetch refuses URLs with user info, quoting them: it goes into the header that it stands for. */
function addressOf(target: HttpTargetSettings, host: string): { url: URL; authorization: Record<string, string> } {
  const url = new URL(target.url.reveal())
  if (url.protocol !== 'https:' && !target.allowHttp)
    throw new DeliveryError(`${host}: plain http is not allowed for this target (allowHttp)`, {
      failure: 'address-refused',
      retryable: false,
    })
  if (url.username === '' && url.password === '') return { url, authorization: {} }
  const userInfo = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  return { url, authorization: { authorization: `Basic ${Buffer.from(userInfo).toString('base64')}` } }
}

/** Notes what a name resolved to, so that a refused address is known by the address and not by an error's text. */
function recordLookup(lookup: LookupFunction, addresses: string[]): LookupFunction {
  return (hostname, options, callback) =>
    lookup(hostname, options, (error, address, family) => {
      if (!error) for (const each of [address].flat()) addresses.push(typeof each === 'string' ? each : each.address)
      callback(error, address, family)
    })
}

/** The rule of request-filtering-agent, which refuses such an address itself; here it only names the failure. */
function isRefused(address: string, allowPrivateAddresses: boolean): boolean {
  if (!ipaddr.isValid(address)) return false
  const range = ipaddr.parse(address).range()
  return range === 'unspecified' || (range !== 'unicast' && !allowPrivateAddresses)
}

interface Limit {
  readonly signal: AbortSignal
  /** Why the signal was raised, if it was. */
  ended(): 'timeout' | 'stopped' | undefined
  clear(): void
}

function startLimit(timeoutMs: number, outer: AbortSignal): Limit {
  const controller = new AbortController()
  let reason: 'timeout' | 'stopped' | undefined
  const end = (why: 'timeout' | 'stopped') => {
    reason ??= why
    controller.abort()
  }
  const stop = () => end('stopped')
  const timer = setTimeout(() => end('timeout'), timeoutMs)
  if (outer.aborted) stop()
  outer.addEventListener('abort', stop)
  return {
    signal: controller.signal,
    ended: () => reason,
    clear() {
      clearTimeout(timer)
      outer.removeEventListener('abort', stop)
    },
  }
}

/** The status has arrived and decides: an answer's text that breaks off or comes too slowly changes nothing. */
async function readStart(response: Response): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  response.body?.on('error', () => {})
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(Buffer.from(chunk))
      bytes += chunk.length
      if (bytes >= ANSWER_BYTES_MAX) break
    }
  } catch {
    // Kept: what came before.
  }
  return printable(Buffer.concat(chunks).subarray(0, ANSWER_BYTES_MAX).toString('utf8').trim())
}

function refusalOf(response: Response, host: string, text: string, nowMs: number): DeliveryError {
  const { status } = response
  const verdict = judgeStatus(status)
  const answer = text === '' ? '' : `: ${clip(text, MESSAGE_ANSWER_CHARS_MAX)}`
  const remark = verdict.failure === 'redirect' ? ', a redirect, which is never followed' : answer
  return new DeliveryError(`${host} answered ${status}${remark}`, {
    ...verdict,
    status,
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), nowMs),
  })
}

/** What a status other than 2xx means. */
export function judgeStatus(status: number): { failure: DeliveryFailure; retryable: boolean } {
  if (status === 408) return { failure: 'timeout', retryable: true }
  if (status === 410) return { failure: 'gone', retryable: false }
  if (status === 429) return { failure: 'rate-limited', retryable: true }
  if (status >= 500) return { failure: 'server-error', retryable: true }
  // Never followed, but a login page or a maintenance page goes away again.
  if (status >= 300 && status < 400) return { failure: 'redirect', retryable: true }
  return { failure: 'client-error', retryable: false }
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), in milliseconds from now; undefined when it is neither. */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}

interface Attempt {
  readonly host: string
  readonly addresses: readonly string[]
  readonly target: HttpTargetSettings
  readonly ended: 'timeout' | 'stopped' | undefined
}

/** The library's message is left behind: it quotes the URL. */
function failureOf(error: unknown, attempt: Attempt): DeliveryError {
  const { host, ended } = attempt
  if (error instanceof DeliveryError) return error
  if (ended === 'timeout') return failed(`${host} did not answer in time`, 'timeout', true)
  if (ended === 'stopped') return failed(`${host} had not answered when tokenwatch stopped`, 'connection', true)
  if (attempt.addresses.some((address) => isRefused(address, attempt.target.allowPrivateAddresses)))
    return failed(
      `${host} is at an address that is not public, which this target does not allow (allowPrivateAddresses)`,
      'address-refused',
      attempt.addresses.length > 1,
    )
  if (!(error instanceof FetchError)) return failed(`the call to ${host} could not be made`, 'internal', false)
  const code = /^[A-Z0-9_]+$/.test(error.code ?? '') ? ` (${error.code})` : ''
  return failed(`${host} could not be reached${code}`, 'connection', true)
}

function failed(message: string, failure: DeliveryFailure, retryable: boolean): DeliveryError {
  return new DeliveryError(message, { failure, retryable })
}
