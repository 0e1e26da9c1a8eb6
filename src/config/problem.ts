/** What is wrong with a configuration, said so that it can be corrected, and without ever showing a secret. */
import type { z } from 'zod'
import { redactor } from '../log.ts'
import { Secret } from '../secret.ts'
import { clip } from '../text.ts'
import { nearest } from './spelling.ts'
import { isObject, placeOf, settingsOf } from './tree.ts'

export interface ConfigProblem {
  /** `clickhouse.url`, or the name of an environment variable, or a file. */
  readonly key: string
  /** As JSON, cut; `[redacted]` for a secret and for whatever stands under an unknown key; '' when nothing was given. */
  readonly value: string
  readonly expected: string
  /** Where the value came from: `tokenwatch.yaml:12`, `TOKENWATCH_HTTP_PORT`, `--set`. */
  readonly source: string
  /** What to do, '' where `expected` says it all. */
  readonly remedy: string
}

/** All problems at once. The message lists them; it holds no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]
  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
    super([`${count} in the configuration:`, ...problems.map(describeProblem)].join('\n'))
    this.problems = problems
  }
}

function describeProblem({ key, value, expected, source, remedy }: ConfigProblem): string {
  const what = [key, value && `= ${value}`, source && `(${source})`].filter(Boolean).join(' ')
  return `  ${what}\n    expected: ${expected}${remedy && `\n    remedy: ${remedy}`}`
}

const REDACTED = '[redacted]'
const maskUrls = redactor([])

/** A key as it may be printed: what looks like no name might be a secret in the wrong place. */
export function printableKey(path: readonly PropertyKey[]): string {
  const segments = path.map((segment) => {
    if (typeof segment === 'number') return `[${segment}]`
    const text = String(segment)
    return /^[\w-]{1,64}$/.test(text) ? text : REDACTED
  })
  return segments.join('.').replaceAll('.[', '[')
}

function shown(value: unknown, showable: boolean): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'a section'
  if (!showable) return REDACTED
  // What stands before an `@` may be user info, with or without a scheme.
  const text = typeof value === 'string' ? maskUrls(value).replace(/^.*@/s, `${REDACTED}@`) : value
  return clip(JSON.stringify(text) ?? typeof value, 120)
}

/** What the reports of a schema's check are turned into problems with. */
export interface ProblemContext {
  readonly schema: z.ZodType
  readonly input: unknown
  sourceOf(path: readonly PropertyKey[]): string
  /** The variable that a setting may come from, '' for none. */
  variableOf(path: readonly PropertyKey[]): string
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined
    value = Reflect.get(value, segment)
  }
  return value
}

/** Every issue of a failed check, an unknown key each on its own. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], context: ProblemContext): ConfigProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) =>
        unknownKey([...issue.path, key], context, valueAt(context.input, [...issue.path, key])),
      )
    if (issue.code === 'invalid_key') return [wrongName(issue.path, issue, context)]
    return [wrongValue(issue, context)]
  })
}

export function unknownKey(path: readonly PropertyKey[], context: ProblemContext, value: unknown): ConfigProblem {
  const parent = path.slice(0, -1)
  const place = placeOf(context.schema, parent, context.input)
  const name = String(path.at(-1))
  const sibling = nearest(name, place?.keys ?? [])
  const near = sibling === '' ? elsewhere(name, context.schema) : printableKey([...parent, sibling])
  return {
    key: printableKey(path),
    value: shown(value, false),
    expected: place && place.keys.length > 0 && near === '' ? `one of ${place.keys.join(', ')}` : 'a known setting',
    source: context.sourceOf(path),
    remedy: near === '' ? 'tokenwatch settings lists them all' : `did you mean ${near}?`,
  }
}

/** A setting with this very name in another section, when there is exactly one. */
function elsewhere(name: string, schema: z.ZodType): string {
  const found = settingsOf(schema).filter(({ path }) => path.at(-1) === name)
  const [only] = found
  return found.length === 1 && only ? only.path.join('.') : ''
}

function wrongName(
  path: readonly PropertyKey[],
  issue: z.core.$ZodIssueInvalidKey,
  context: ProblemContext,
): ConfigProblem {
  const [inner] = issue.issues
  return {
    key: printableKey(path),
    value: '',
    expected: `a name: ${inner ? customMessage(inner.message) || formatOf(inner) : 'letters, digits and dashes'}`,
    source: context.sourceOf(path),
    remedy: '',
  }
}

function formatOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_format' && issue.pattern ? `text that matches ${issue.pattern}` : 'another name'
}

/** zod's own texts start like this; anything else was written for the setting in question. */
function customMessage(message: string): string {
  return /^(Invalid|Too (big|small)|Unrecognized)/.test(message) ? '' : message.replace(/^expected:? /, '')
}

function wrongValue(issue: z.core.$ZodIssue, context: ProblemContext): ConfigProblem {
  const { path } = issue
  const place = placeOf(context.schema, path, context.input)
  const value = valueAt(context.input, path)
  const message = issue.code === 'invalid_union' ? '' : customMessage(issue.message)
  const isSecret = place !== undefined && !place.showable && !place.isSection
  const said = isSecret ? withoutQuote(message, value) : message
  const expected = said || place?.type || 'another value'
  return {
    key: printableKey(path) || 'configuration',
    value: shown(value, place?.showable === true),
    expected: pick(issue, expected),
    source: context.sourceOf(path),
    remedy: remedyFor(path, value, place?.kind === 'text', context),
  }
}

/** A check's own words, unless they quote the secret that they are about. */
function withoutQuote(message: string, value: unknown): string {
  if (typeof value !== 'string') return message
  const clean = redactor([new Secret(value)])(message)
  return clean === message && !message.includes(value) ? message : ''
}

function pick(issue: z.core.$ZodIssue, expected: string): string {
  if (issue.code === 'invalid_union' && issue.discriminator)
    return `one of ${('options' in issue ? (issue.options ?? []) : []).map(String).join(', ')}`
  if (issue.code === 'too_small' && expected === 'text') return 'text that is not empty'
  return expected
}

function remedyFor(path: readonly PropertyKey[], value: unknown, isText: boolean, context: ProblemContext): string {
  if (isText && (typeof value === 'number' || typeof value === 'boolean')) return 'put it in quotes'
  const variable = value === undefined ? context.variableOf(path) : ''
  return variable === '' ? '' : `set it in the configuration file or as ${variable}`
}
