/** Maps environment variables to settings: `TOKENWATCH_`, the key's path in upper snake case, `_FILE` for secrets. */
import type { z } from 'zod'
import { clip } from '../text.ts'
import type { ConfigProblem } from './problem.ts'
import { nearest } from './spelling.ts'
import type { Setting, SettingKind } from './tree.ts'
import { isObject, settingsOf } from './tree.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Kubernetes describes a service called tokenwatch, or tokenwatch-something, to every pod of its namespace: its host and
 * ports, and addresses in the manner of Docker links. They are nobody's settings.
 * Source: Kubernetes documentation, Services, "Environment variables".
 */
const SERVICE_VARIABLE =
  /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/
const LINK = /^(?:tcp|udp|sctp):\/\//

function isOfService(variable: string, text: string): boolean {
  return SERVICE_VARIABLE.test(variable) || (variable.endsWith('_PORT') && LINK.test(text))
}

/** A value to be laid over the configuration file. */
export interface Overlay {
  readonly path: readonly string[]
  readonly value: unknown
  readonly source: string
}

/** Variables of the test run are not ours to judge. */
const TEST_PREFIX = 'TOKENWATCH_TEST_'
const PREFIX = 'TOKENWATCH_'

function upperSnake(segment: string): string {
  return segment
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase()
}

/** The variable of a key's path, whether or not the setting may come from the environment. */
export function variableName(path: readonly string[]): string {
  return PREFIX + path.map(upperSnake).join('_')
}

/** What a variable means. */
interface Meaning {
  readonly setting: Setting
  readonly path: readonly string[]
  readonly isFile: boolean
}

/** Text as the setting's kind has it; what does not fit stays text and is refused by the schema. */
export function fromText(kind: SettingKind, text: string): unknown {
  if (kind === 'list')
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  if (kind === 'text') return text
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

function isNamed(setting: Setting): boolean {
  return setting.path.includes('<name>')
}

/** Prefix and suffix of the variables of a setting that every entry of a named section has. */
function namedParts(setting: Setting): { prefix: string; suffix: string } {
  const at = setting.path.indexOf('<name>')
  return {
    prefix: `${variableName(setting.path.slice(0, at))}_`,
    suffix: `_${setting.path
      .slice(at + 1)
      .map(upperSnake)
      .join('_')}`,
  }
}

export function knownVariablesOf(schema: z.ZodType): { names: readonly string[]; patterns: readonly RegExp[] } {
  const settings = settingsOf(schema).filter(({ env }) => env)
  const withFile = (setting: Setting, name: string) => (setting.secret ? [name, `${name}_FILE`] : [name])
  const names = settings.filter((each) => !isNamed(each)).flatMap((each) => withFile(each, variableName(each.path)))
  const patterns = settings.filter(isNamed).map((setting) => {
    const { prefix, suffix } = namedParts(setting)
    return `^${prefix}[A-Z0-9_]+${suffix}${setting.secret ? '(_FILE)?' : ''}$`
  })
  return { names: [...new Set(names)], patterns: [...new Set(patterns)].map((pattern) => new RegExp(pattern)) }
}

/** The named entries that the configuration file has under the section in front of `<name>`. */
function entryNames(setting: Setting, document: unknown): string[] {
  let section = document
  for (const segment of setting.path.slice(0, setting.path.indexOf('<name>'))) {
    section = isObject(section) ? section[segment] : undefined
  }
  return isObject(section) ? Object.keys(section) : []
}

function meaningOf(variable: string, settings: readonly Setting[], document: unknown): Meaning | undefined {
  for (const setting of settings) {
    if (isNamed(setting)) continue
    const name = variableName(setting.path)
    if (variable === name) return { setting, path: setting.path, isFile: false }
    if (setting.secret && variable === `${name}_FILE`) return { setting, path: setting.path, isFile: true }
  }
  const found = settings.filter(isNamed).flatMap((setting) => {
    const { prefix, suffix } = namedParts(setting)
    return (setting.secret ? [suffix, `${suffix}_FILE`] : [suffix]).flatMap((end) => {
      const entry = variable.slice(prefix.length, -end.length)
      if (!variable.startsWith(prefix) || !variable.endsWith(end) || !/^[A-Z0-9][A-Z0-9_]*$/.test(entry)) return []
      const known = entryNames(setting, document).find((name) => upperSnake(name) === entry)
      const name = known ?? entry.toLowerCase().replaceAll('_', '-')
      const path = setting.path.map((segment) => (segment === '<name>' ? name : segment))
      return [{ setting, path, isFile: end !== suffix, known: known !== undefined, length: end.length }]
    })
  })
  // An entry that the file names wins; then the longest setting, so that `A_SIGNING_KEY` is no `KEY` of `a-signing`.
  return found.sort((a, b) => Number(b.known) - Number(a.known) || b.length - a.length)[0]
}

/** Reads all variables of ours. Never throws; an empty variable counts as unset. */
export function readEnvironment(options: {
  schema: z.ZodType
  env: Environment
  /** The configuration file's content, for the names of targets. */
  document: unknown
  readFile: (path: string) => string
}): { overlays: readonly Overlay[]; problems: readonly ConfigProblem[] } {
  const { schema, env, document, readFile } = options
  const all = settingsOf(schema)
  const settings = all.filter((setting) => setting.env)
  const overlays: Overlay[] = []
  const problems: ConfigProblem[] = []
  for (const variable of Object.keys(env).sort()) {
    if (!variable.startsWith(PREFIX) || variable.startsWith(TEST_PREFIX)) continue
    const meaning = meaningOf(variable, settings, document)
    const text = env[variable] ?? ''
    if (isOfService(variable, text)) continue
    if (!meaning) problems.push(unknownVariable(variable, all, schema))
    else if (text === '') continue
    else if (meaning.isFile && env[variable.slice(0, -'_FILE'.length)]) problems.push(both(meaning, variable))
    else {
      const value = meaning.isFile ? fromFile(text, readFile) : fromText(meaning.setting.kind, text)
      if (value instanceof Error) problems.push(unreadable(meaning, variable, text, value))
      else overlays.push({ path: meaning.path, value, source: variable })
    }
  }
  return { overlays, problems }
}

function both(meaning: Meaning, variable: string): ConfigProblem {
  const plain = variable.slice(0, -'_FILE'.length)
  return {
    key: meaning.path.join('.'),
    value: '[redacted]',
    expected: `one of ${plain} and ${variable}, not both`,
    source: `${plain}, ${variable}`,
    remedy: `unset ${plain}`,
  }
}

/** The file's text without its last line break, or why it cannot be read. */
function fromFile(path: string, readFile: (path: string) => string): string | Error {
  try {
    return readFile(path).replace(/\r?\n$/, '')
  } catch (error) {
    return error instanceof Error ? error : new Error('unreadable')
  }
}

function unreadable(meaning: Meaning, variable: string, path: string, error: Error): ConfigProblem {
  const code = 'code' in error ? ` (${String(error.code)})` : ''
  return {
    key: meaning.path.join('.'),
    value: clip(JSON.stringify(path), 120),
    expected: `a file that can be read${code}`,
    source: variable,
    remedy: '',
  }
}

function unknownVariable(variable: string, all: readonly Setting[], schema: z.ZodType): ConfigProblem {
  const plain = all.find((setting) => !setting.env && !isNamed(setting) && variableName(setting.path) === variable)
  const near = nearest(variable, knownVariablesOf(schema).names)
  const key = plain?.path.join('.')
  const remedy = key
    ? `set ${key} in the configuration file or with --set ${key}=VALUE`
    : near === ''
      ? 'unset it; tokenwatch settings lists the variables'
      : `did you mean ${near}?`
  return { key: clip(variable, 120), value: '[redacted]', expected: 'a known variable', source: 'environment', remedy }
}
