/** Reads the settings schemas as a tree: every key with its type, default, description and where it may come from. */
import type { z } from 'zod'
import { globalRegistry } from 'zod'

type Schema = z.core.$ZodType

/** How text from the environment or the command line becomes a value. */
export type SettingKind = 'text' | 'number' | 'boolean' | 'list' | 'other'

export interface Setting {
  /** Segments of the key; `<name>` stands for any name, `[]` for the items of a list. */
  readonly path: readonly string[]
  /** The `type` of the target or source that has this setting, '' for settings of all. */
  readonly variant: string
  readonly kind: SettingKind
  /** For people: `an integer from 0 to 65535`. */
  readonly type: string
  /** undefined when there is none. */
  readonly defaultValue: unknown
  /** No default, and not optional either. */
  readonly required: boolean
  readonly description: string
  readonly env: boolean
  readonly secret: boolean
}

/** A schema without its wrappers (optional, default, transform) and what they said. */
interface Core {
  readonly schema: Schema
  readonly defaultValue: unknown
  readonly optional: boolean
  readonly description: string
  readonly env: boolean
  readonly secret: boolean
}

type Definition = z.core.$ZodTypes['_zod']['def']

function defOf(schema: Schema): Definition {
  return (schema as unknown as { readonly def: Definition }).def
}

function coreOf(outer: Schema): Core {
  let schema = outer
  let [defaultValue, optional, description, env, secret] = [undefined as unknown, false, '', false, false]
  for (;;) {
    const meta = globalRegistry.get(schema)
    description ||= meta?.description ?? ''
    env ||= meta?.env === true
    secret ||= meta?.secret === true
    const def = defOf(schema)
    if (def.type === 'default' || def.type === 'prefault') {
      defaultValue ??= def.defaultValue
      schema = def.innerType
    } else if (def.type === 'optional') {
      optional = true
      schema = def.innerType
    } else if (
      def.type === 'nullable' ||
      def.type === 'readonly' ||
      def.type === 'nonoptional' ||
      def.type === 'catch'
    ) {
      schema = def.innerType
    } else if (def.type === 'pipe') {
      schema = defOf(def.in).type === 'transform' ? def.out : def.in
    } else if (def.type === 'array') {
      return { schema, defaultValue, optional, description, env, secret: secret || coreOf(def.element).secret }
    } else {
      return { schema, defaultValue, optional, description, env, secret }
    }
  }
}

/** The children of a container: fixed keys, or one for any name, each with the variant it belongs to. */
function childrenOf(schema: Schema): { segment: string; schema: Schema; variant: string }[] | undefined {
  const def = defOf(schema)
  if (def.type === 'object')
    return Object.entries(def.shape).map(([segment, child]) => ({ segment, schema: child, variant: '' }))
  if (def.type === 'record') return [{ segment: '<name>', schema: def.valueType, variant: '' }]
  if (def.type === 'array') {
    const item = coreOf(def.element).schema
    return childrenOf(item) === undefined ? undefined : [{ segment: '[]', schema: def.element, variant: '' }]
  }
  if (def.type !== 'union') return undefined
  const options = def.options.map((option) => ({
    variant: variantOf(option),
    children: childrenOf(coreOf(option).schema),
  }))
  if (options.some(({ children }) => children === undefined)) return undefined
  return options.flatMap(({ variant, children }) => (children ?? []).map((child) => ({ ...child, variant })))
}

/** The literal `type` of one kind of target, '' when it has none. */
function variantOf(option: Schema): string {
  const def = defOf(coreOf(option).schema)
  const type = def.type === 'object' ? def.shape['type'] : undefined
  const literal = type === undefined ? undefined : defOf(coreOf(type).schema)
  return literal?.type === 'literal' ? String(literal.values[0]) : ''
}

/** All settings, in the order of the schemas. Only leaves: a section is no setting. */
export function settingsOf(schema: Schema, path: readonly string[] = [], variant = ''): Setting[] {
  const core = coreOf(schema)
  const children = childrenOf(core.schema)
  if (children !== undefined)
    return children.flatMap((child) => settingsOf(child.schema, [...path, child.segment], child.variant || variant))
  // What kind of entry it is must come with its address, or the environment alone could not describe one.
  const isVariantType = variant !== '' && path.at(-1) === 'type'
  return [
    {
      path,
      variant,
      kind: kindOf(core.schema),
      type: core.secret ? 'text, secret' : typeOf(schema),
      defaultValue: core.defaultValue,
      required: core.defaultValue === undefined && !core.optional,
      description: core.description || (isVariantType ? `What kind of entry it is.` : ''),
      env: core.env || isVariantType,
      secret: core.secret,
    },
  ]
}

export interface Section {
  readonly path: readonly string[]
  readonly variant: string
  readonly description: string
}

/** All sections that say something of themselves, each kind of entry on its own. */
export function sectionsOf(schema: Schema, path: readonly string[] = [], variant = ''): Section[] {
  const core = coreOf(schema)
  const own = core.description === '' ? [] : [{ path, variant, description: core.description }]
  const inner = (childrenOf(core.schema) ?? []).flatMap((child) =>
    childrenOf(coreOf(child.schema).schema) === undefined
      ? []
      : sectionsOf(child.schema, [...path, child.segment], child.variant || variant),
  )
  return [...own, ...inner]
}

/** What is known of a place in the configuration: enough to say what was expected, and whether its value may be shown. */
export interface Place {
  readonly type: string
  readonly kind: SettingKind
  /** A setting that holds no other and is no secret: the only values that are ever printed. */
  readonly showable: boolean
  readonly isSection: boolean
  /** Known keys below it. */
  readonly keys: readonly string[]
}

/** The place that a path leads to, or undefined when no schema knows it. `value` is what stands at the path's start. */
export function placeOf(schema: Schema, path: readonly PropertyKey[], value: unknown): Place | undefined {
  const { schema: core, secret } = coreOf(schema)
  const children = childrenOf(core)
  const [head, ...rest] = path
  if (head !== undefined) {
    if (secret) return undefined
    const def = defOf(core)
    if (children === undefined)
      return def.type === 'array' && rest.length === 0 ? placeOf(def.element, rest, undefined) : undefined
    const variant = isObject(value) ? value['type'] : undefined
    const named = children.filter(({ segment }) => segment === head || segment === '<name>' || segment === '[]')
    const child = named.find((each) => each.variant === variant) ?? named[0]
    return (
      child &&
      placeOf(child.schema, rest, isObject(value) || Array.isArray(value) ? Reflect.get(value, head) : undefined)
    )
  }
  return {
    type: secret ? 'text' : typeOf(schema),
    kind: kindOf(core),
    showable: children === undefined && !secret,
    isSection: children !== undefined,
    keys: [...new Set((children ?? []).map(({ segment }) => segment).filter((segment) => /^\w/.test(segment)))],
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(schema: Schema): SettingKind {
  const def = defOf(schema)
  switch (def.type) {
    case 'string':
    case 'enum':
      return 'text'
    case 'literal':
      return def.values.every((value) => typeof value === 'string') ? 'text' : 'other'
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'array':
      return 'list'
    default:
      return 'other'
  }
}

/** What a schema accepts, in words. */
function typeOf(outer: Schema): string {
  const { schema, secret } = coreOf(outer)
  const def = defOf(schema)
  switch (def.type) {
    case 'string':
      return secret ? 'text' : textType(schema as z.ZodString)
    case 'number':
      return numberType(schema as z.ZodNumber)
    case 'boolean':
      return 'true or false'
    case 'enum':
      return Object.values(def.entries)
        .map((entry) => `\`${entry}\``)
        .join(', ')
    case 'literal':
      return def.values.map((value) => `\`${String(value)}\``).join(', ')
    case 'array':
      return `a list: ${typeOf(def.element)}`
    case 'union':
      return variantOf(def.options[0] as Schema) === ''
        ? [...new Set(def.options.map(typeOf))].join(', or ')
        : `a section whose \`type\` is ${def.options.map((option) => `\`${variantOf(option)}\``).join(', ')}`
    case 'object':
      return 'a section of settings'
    case 'record':
      return 'a section with a name for each entry'
    default:
      return def.type
  }
}

function textType(schema: z.ZodString): string {
  const format = (schema as { format?: string | null }).format
  if (format === 'datetime') return 'an RFC 3339 time such as 2026-03-01T00:00:00Z'
  return format === 'url' ? 'a URL' : 'text'
}

function numberType(schema: z.ZodNumber): string {
  const bound = (value: number | null) =>
    value === null || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value
  const [min, max] = [bound(schema.minValue), bound(schema.maxValue)]
  const noun = schema.isInt ? 'an integer' : 'a number'
  if (min === undefined && max === undefined) return noun
  if (max === undefined) return `${noun} from ${min}`
  return min === undefined ? `${noun} up to ${max}` : `${noun} from ${min} to ${max}`
}
