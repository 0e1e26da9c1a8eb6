/** The log: JSON lines on standard error, readable text on a terminal, and never a secret, whoever raised the error. */
import { pino } from 'pino'
import { build as pretty } from 'pino-pretty'
import { Secret } from './secret.ts'
import { printable } from './text.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** Fields of a line. An error belongs under `err`. Values may be hostile or secret: they are cleaned here. */
export type LogFields = Readonly<Record<string, unknown>>

export interface LogMethod {
  (message: string): void
  (fields: LogFields, message: string): void
}

/** The part of pino that rooms use, in pino's order of arguments, so that a test can stand in with four functions. */
export interface Log {
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  /** A log whose lines all carry these fields. */
  child(fields: LogFields): Log
}

/** For tests and for commands that say everything on standard output. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
}

export type Redact = (text: string) => string

/** A secret shorter than this is not searched for in texts: it would stand in every other word. */
export const SEARCHED_SECRET_CHARS_MIN = 4

const URL_TEXT = /\b([a-z][a-z0-9+.-]*):\/\/([^\s"'`<>\\]*)/gi

/**
 * Replaces every known secret, in the forms in which libraries quote one (as it is, percent-encoded, JSON-escaped,
 * base64, the path of a URL, the lines of a key), and masks the user info of any URL and what follows the host of any
 * http(s) URL, known or not.
 */
export function redactor(secrets: readonly Secret[]): Redact {
  const forms = [...new Set(secrets.flatMap((secret) => formsOf(secret.reveal())))]
    .filter((form) => form.length >= SEARCHED_SECRET_CHARS_MIN)
    .sort((a, b) => b.length - a.length)
  return (text) => {
    let clean = text
    for (const form of forms) clean = clean.replaceAll(form, '[redacted]')
    return clean.replace(URL_TEXT, (_, scheme: string, rest: string) => `${scheme}://${maskUrl(scheme, rest)}`)
  }
}

function formsOf(text: string): string[] {
  const bytes = Buffer.from(text)
  const forms = [
    text,
    encodeURIComponent(text.toWellFormed()),
    JSON.stringify(text).slice(1, -1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ]
  const url = text.includes('://') ? URL.parse(text) : null
  if (url)
    forms.push(url.href, ...[url.pathname + url.search, url.pathname, url.password].filter((part) => part.length > 7))
  if (text.includes('\n')) forms.push(...text.split(/\r?\n/).filter((line) => line.length > 15))
  return forms
}

/** An `@` after the first slash may belong to a password with a slash in it: then the host is not shown either. */
function maskUrl(scheme: string, rest: string): string {
  const end = rest.search(/[/?#]/)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const beyond = end < 0 ? '' : rest.slice(end)
  const at = authority.lastIndexOf('@')
  if (beyond.includes('@')) return '[redacted]'
  const host = at < 0 ? authority : `[redacted]@${authority.slice(at + 1)}`
  if (!/^https?$/i.test(scheme)) return host + beyond
  return beyond.length > 1 ? `${host}/[redacted]` : host + beyond
}

const DEPTH_MAX = 6
const ITEMS_MAX = 100
const TEXT_CHARS_MAX = 8192

/**
 * An error as name, message, code, stack, cause and errors, every text redacted. Its other properties are left out:
 * libraries hang requests, configurations and headers there.
 */
export function describeError(error: unknown, redact: Redact, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: clean(error, redact, depth) }
  if (depth >= DEPTH_MAX) return { message: '[deeper]' }
  const code: unknown = 'code' in error ? error.code : undefined
  const inner: readonly unknown[] = error instanceof AggregateError ? error.errors : []
  return {
    name: cleanText(error.name, redact),
    message: cleanText(error.message, redact),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: clean(code, redact, depth) } : {}),
    ...(error.stack === undefined ? {} : { stack: cleanStack(error.stack, redact) }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause, redact, depth + 1) }),
    ...(inner.length === 0
      ? {}
      : { errors: inner.slice(0, ITEMS_MAX).map((each) => describeError(each, redact, depth + 1)) }),
  }
}

function cleanText(text: string, redact: Redact): string {
  return printable(redact(text)).slice(0, TEXT_CHARS_MAX)
}

/** Keeps the line breaks of a stack, which are ours, and cleans each line. */
function cleanStack(stack: string, redact: Redact): string {
  return redact(stack).split('\n').map(printable).join('\n').slice(0, TEXT_CHARS_MAX)
}

function clean(value: unknown, redact: Redact, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value, redact)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Secret) return '[redacted]'
  if (value instanceof Error) return describeError(value, redact, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (value instanceof URL) return cleanText(value.href, redact)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (depth >= DEPTH_MAX) return '[deeper]'
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => clean(item, redact, depth + 1))
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return Object.fromEntries(
    entries.slice(0, ITEMS_MAX).map(([key, item]) => [cleanText(String(key), redact), clean(item, redact, depth + 1)]),
  )
}

export interface LogSettings {
  readonly level: LogLevel
  /** `auto`: readable on a terminal, JSON otherwise. */
  readonly format: LogFormat
}

/** Where lines go; standard error unless a test says otherwise. */
export interface LogDestination {
  write(line: string): unknown
}

/**
 * A log that writes at once (nothing is lost in a crash) and cleans every message and field before pino sees it:
 * pino's own redaction works on known paths, and an error may quote a secret anywhere.
 */
export function createLog(
  settings: LogSettings,
  options: { secrets?: readonly Secret[]; destination?: LogDestination } = {},
): Log {
  const redact = redactor(options.secrets ?? [])
  const destination = options.destination ?? pino.destination({ fd: 2, sync: true })
  const readable =
    settings.format === 'pretty' || (settings.format === 'auto' && process.stderr.isTTY && !options.destination)
  const logger = pino(
    {
      level: settings.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Errors arrive described; pino's own serializer would rewrite them.
      serializers: { err: (described: unknown) => described },
    },
    readable
      ? pretty({
          colorize: process.stderr.isTTY,
          ignore: 'pid,hostname',
          destination: prettyTarget(destination),
          sync: true,
        })
      : destination,
  )
  return wrap(logger, redact)
}

/** pino-pretty takes a file descriptor or a stream; the standard one is given by number. */
function prettyTarget(destination: LogDestination): number | NodeJS.WritableStream {
  return 'fd' in destination ? 2 : (destination as NodeJS.WritableStream)
}

function wrap(logger: pino.Logger, redact: Redact): Log {
  const method =
    (level: 'debug' | 'info' | 'warn' | 'error'): LogMethod =>
    (first: string | LogFields, message?: string) => {
      if (typeof first === 'string') logger[level](cleanText(first, redact))
      else logger[level](clean(first, redact, 0) as object, cleanText(message ?? '', redact))
    }
  return {
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    child: (fields) => wrap(logger.child(clean(fields, redact, 0) as object), redact),
  }
}
