/** The configuration: one YAML file, then the environment, then `--set`; every problem reported at once. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { readDocument } from './config/document.ts'
import type { ConfigDocument } from './config/document.ts'
import { fromText, knownVariablesOf, readEnvironment, variableName } from './config/environment.ts'
import type { Environment, Overlay } from './config/environment.ts'
import { ConfigError, problemsOf, unknownKey } from './config/problem.ts'
import type { ConfigProblem, ProblemContext } from './config/problem.ts'
import { addFileRules } from './config/rule-file.ts'
import { configSchema } from './config/schema.ts'
import type { Config } from './config/schema.ts'
import { isObject, placeOf, sectionsOf, settingsOf } from './config/tree.ts'
import type { Section, Setting } from './config/tree.ts'
import { Secret } from './secret.ts'

export { ConfigError }
export type { Config, ConfigProblem }

/** Read from the current folder when no other file is named; it need not exist. */
export const DEFAULT_CONFIG_FILE = 'tokenwatch.yaml'

export interface ConfigOptions {
  /** Must exist when given. */
  readonly file?: string
  /** `KEY=VALUE`, the last one of a key wins; the value is YAML. An empty value or `null` means the default. */
  readonly set: readonly string[]
  readonly env: Environment
  /** Throws as `readFileSync` does. */
  readonly readFile?: (path: string) => string
}

/** Reads files and nothing else: no connection is made, nothing is looked up. Throws ConfigError. */
export function loadConfig(options: ConfigOptions): Config {
  const readFile = options.readFile ?? ((path) => readFileSync(path, 'utf8'))
  const document = readConfigFile(options.file, readFile)
  const input: unknown = withoutNulls(document.value)
  const fromEnv = readEnvironment({ schema: configSchema, env: options.env, document: input, readFile })
  const sources = new Map<string, string>()
  const context: ProblemContext = {
    schema: configSchema,
    input,
    sourceOf: (path) => overlaySource(sources, path) ?? document.sourceOf(path),
    variableOf,
  }
  const problems = [...document.problems, ...fromEnv.problems]
  for (const overlay of fromEnv.overlays) lay(overlay, input, sources)
  for (const text of options.set) {
    const parsed = parseSet(text, context)
    if ('path' in parsed) lay(parsed, input, sources)
    else problems.push(parsed)
  }
  const fromRuleFile = addFileRules(input, readFile)
  problems.push(...fromRuleFile.problems)
  for (const { path, source } of fromRuleFile.rules) sources.set(path.join(SEPARATOR), source)
  // What stands behind broken YAML is not known: to call settings missing would mislead.
  const result = configSchema.safeParse(document.problems.length > 0 ? {} : input)
  if (!result.success) problems.push(...problemsOf(result.error.issues, context))
  if (problems.length > 0 || !result.success) throw new ConfigError(problems)
  return result.data
}

/** `loadConfig` with this process's environment: the only place that reads it. */
export function loadConfigFromProcess(options: { file?: string; set: readonly string[] }): Config {
  return loadConfig({ ...options, env: process.env })
}

/** Every variable that is understood; patterns for those of targets, whose names are free. */
export function knownVariables(): { names: readonly string[]; patterns: readonly RegExp[] } {
  return knownVariablesOf(configSchema)
}

/** Every setting with its type, default and description, in the order of the sections. */
export function allSettings(): readonly (Setting & { readonly variable: string })[] {
  return settingsOf(configSchema).map((setting) => ({
    ...setting,
    variable: setting.env ? variableName(setting.path) : '',
  }))
}

/** What each section is for. */
export function allSections(): readonly Section[] {
  return sectionsOf(configSchema)
}

/** All secrets of a configuration, for the log's redaction. */
export function secretsOf(config: unknown): Secret[] {
  if (config instanceof Secret) return [config]
  if (typeof config !== 'object' || config === null) return []
  return Object.values(config).flatMap(secretsOf)
}

function readConfigFile(file: string | undefined, readFile: (path: string) => string): ConfigDocument {
  const path = file ?? DEFAULT_CONFIG_FILE
  try {
    return readDocument(readFile(path), path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    if (file === undefined && code === 'ENOENT') return { value: {}, problems: [], sourceOf: () => '' }
    const problem = { key: 'configuration file', value: JSON.stringify(path), source: '--config', remedy: '' }
    return {
      value: {},
      problems: [{ ...problem, expected: `a file that can be read (${code})` }],
      sourceOf: () => path,
    }
  }
}

/** `key:` with nothing behind it is how a section looks whose settings are all commented out: it means the default. */
function withoutNulls(value: unknown): unknown {
  if (!isObject(value)) return value
  const entries = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]))
}

function variableOf(path: readonly PropertyKey[]): string {
  const segments = path.map(String)
  const name = variableName(segments)
  const { names, patterns } = knownVariables()
  return names.includes(name) || patterns.some((pattern) => pattern.test(name)) ? name : ''
}

const SEPARATOR = '\0'

function overlaySource(sources: ReadonlyMap<string, string>, path: readonly PropertyKey[]): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const source = sources.get(path.slice(0, length).map(String).join(SEPARATOR))
    if (source !== undefined) return source
  }
  return undefined
}

/** Sets a value deep in the configuration; what stands in the way of a section is left for the schema to refuse. */
function lay(overlay: Overlay, input: unknown, sources: Map<string, string>): void {
  let section = input
  for (const segment of overlay.path.slice(0, -1)) {
    if (!isObject(section)) return
    if (!Object.hasOwn(section, segment)) section[segment] = {}
    section = section[segment]
  }
  const name = overlay.path.at(-1)
  if (!isObject(section) || name === undefined) return
  sources.set(overlay.path.join(SEPARATOR), overlay.source)
  if (overlay.value === null) delete section[name]
  else section[name] = overlay.value
}

function parseSet(text: string, context: ProblemContext): Overlay | ConfigProblem {
  const at = text.indexOf('=')
  const problem = { key: '--set', value: '[redacted]', source: '--set', remedy: '' }
  if (at <= 0) return { ...problem, expected: 'KEY=VALUE, such as http.port=9465' }
  const path = text.slice(0, at).trim().split('.')
  const raw = text.slice(at + 1).trim()
  const place = placeOf(configSchema, path, context.input)
  if (!place) return { ...unknownKey(path, context, raw), source: '--set' }
  try {
    const value: unknown = parse(raw, { logLevel: 'silent' })
    const isPlain = place.kind === 'text' && (typeof value === 'number' || typeof value === 'boolean')
    const isList = place.kind === 'list' && typeof value === 'string'
    const cleaned = isPlain ? raw : isList ? fromText('list', value) : withoutNulls(value)
    return { path, value: cleaned ?? null, source: '--set' }
  } catch {
    return place.kind === 'text'
      ? { path, value: raw, source: '--set' }
      : { ...problem, key: path.join('.'), expected: place.type }
  }
}
