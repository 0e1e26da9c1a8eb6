/**
 * Which calls a token's scopes cover: by rules that the operator writes, else by a convention.
 *
 * The convention: scope `resource:read` or `resource:write` (also `read:resource` and with `.`) covers routes whose first
 * segment is that resource, after `api`, a version and `tenants/{tenant}`; singular and plural are one. GET, HEAD and
 * OPTIONS are reads, all else writes. Write covers read, for whoever may change a thing is nearly always let to see it.
 * `*` stands for every resource or access, `admin` for every access, alone for everything. Some issuers name the service where others name the resource:
 * that is a convention of its own.
 */
import { type Memo, createMemo } from '../memo.ts'
import type { RegisteredToken } from './registered-token.ts'

/** One scope and what it covers; a scope may have several. */
export interface ScopeRule {
  readonly scope: string
  /** None: all methods. */
  readonly methods: readonly string[]
  /** `*` and `{...}` stand for one segment, a last `**` for all that follow, also none. */
  readonly routes: readonly string[]
}

/** What a scope's resource names: the first segment of the route, or the service. */
export const CONVENTIONS = ['route', 'service'] as const
export type Convention = (typeof CONVENTIONS)[number]

export interface Call {
  readonly service: string
  readonly route: string
  readonly method: string
}

/** `unknown`: a scope follows neither a rule nor the convention, or the route has no resource. Nothing follows from it. */
export type Coverage = 'inside' | 'outside' | 'unknown'

/** Remembers what it made of a token for as long as the token lives. */
export interface ScopeCheck {
  /** Whether every scope of the token is understood, and it has one. */
  isKnown(token: RegisteredToken): boolean
  /** By each convention. Quick: it is asked of every call. */
  coveragesOf(token: RegisteredToken, call: Call): Coverages
}

export type Coverages = Readonly<Record<Convention, Coverage>>

interface Compiled {
  readonly isKnown: boolean
  readonly rules: readonly { readonly methods: readonly string[]; readonly routes: readonly RegExp[] }[]
  readonly readable: ReadonlySet<string>
  readonly writable: ReadonlySet<string>
  /** By route, the calls that were asked about last. */
  readonly answers: Memo<readonly Answer[]>
}

interface Answer {
  readonly method: string
  readonly service: string
  readonly coverages: Coverages
}

/** Routes come from outside: what is remembered of them is bounded. */
const TEXTS_REMEMBERED = 20_000
/** In two halves (memo.ts), either of which holds all routes that a profile knows: a habit asks for them all. */
const ROUTES_REMEMBERED = 2_048
const ANSWERS_PER_ROUTE = 4
/** Stands for every resource. */
const EVERY = '*'

export function createScopeCheck(rules: readonly ScopeRule[]): ScopeCheck {
  const byScope = new Map<string, Compiled['rules'][number][]>()
  for (const { scope, methods, routes } of rules) {
    const known = byScope.get(scope) ?? []
    known.push({ methods: methods.map((method) => method.toUpperCase()), routes: routes.map(patternOf) })
    byScope.set(scope, known)
  }
  const resourcesOfRoute = remembered(resourcesOf)
  const resourcesOfService = remembered((service) => [stemOf(service)])
  const compiled = new WeakMap<RegisteredToken, Compiled>()

  function compile(token: RegisteredToken): Compiled {
    const known = compiled.get(token)
    if (known !== undefined) return known
    const made = compileScopes(token.scopes, byScope)
    compiled.set(token, made)
    return made
  }

  function coverageOf(token: RegisteredToken, call: Call, convention: Convention): Coverage {
    const { isKnown, rules, readable, writable } = compile(token)
    if (!isKnown) return 'unknown'
    const covers = isRead(call.method) ? readable : writable
    if (covers.has(EVERY) || rules.some((rule) => matches(rule, call))) return 'inside'
    const resources = convention === 'route' ? resourcesOfRoute(call.route) : resourcesOfService(call.service)
    if (call.method === '' || resources.length === 0 || resources[0] === '') return 'unknown'
    return resources.some((resource) => covers.has(resource)) ? 'inside' : 'outside'
  }

  function coveragesOf(token: RegisteredToken, call: Call): Coverages {
    const { answers } = compile(token)
    const known = answers.get(call.route)
    const same = known?.find(({ method, service }) => method === call.method && service === call.service)
    if (same !== undefined) return same.coverages
    const coverages = { route: coverageOf(token, call, 'route'), service: coverageOf(token, call, 'service') }
    const answer = { method: call.method, service: call.service, coverages }
    answers.set(call.route, known === undefined ? [answer] : [answer, ...known.slice(0, ANSWERS_PER_ROUTE - 1)])
    return coverages
  }

  return { isKnown: (token) => compile(token).isKnown, coveragesOf }
}

/** Answers the same again without work. */
function remembered<V>(of: (text: string) => V): (text: string) => V {
  const memo = createMemo<V>(TEXTS_REMEMBERED)
  return (text) => {
    const known = memo.get(text)
    if (known !== undefined) return known
    const made = of(text)
    memo.set(text, made)
    return made
  }
}

function compileScopes(scopes: readonly string[], byScope: ReadonlyMap<string, Compiled['rules']>): Compiled {
  const readable = new Set<string>()
  const writable = new Set<string>()
  const rules: Compiled['rules'][number][] = []
  let isKnown = scopes.length > 0
  for (const scope of scopes) {
    const ruled = byScope.get(scope)
    const granted = ruled === undefined ? parseScope(scope) : undefined
    if (ruled !== undefined) rules.push(...ruled)
    else if (granted === undefined) isKnown = false
    else {
      readable.add(granted.resource)
      if (granted.access === 'write') writable.add(granted.resource)
    }
  }
  return { isKnown, rules, readable, writable, answers: createMemo(ROUTES_REMEMBERED) }
}

const READS = new Set(['read', 'readonly', 'view', 'list', 'get'])
const WRITES = new Set(['write', 'readwrite', 'rw', 'edit', 'manage', 'create', 'update', 'delete'])
const ALL = new Set([EVERY, 'admin', 'all', 'root', 'owner', 'superuser', 'fullaccess'])
/** `admin:read` is about the resource `admin`. */
const EVERYTHING = new Set([EVERY, 'all'])

/** What a scope grants by the convention, undefined for one that does not follow it. */
export function parseScope(scope: string): { resource: string; access: 'read' | 'write' } | undefined {
  const parts = scope.toLowerCase().split(/[:.]/)
  const [first = '', second] = parts
  if (parts.length > 2) return undefined
  if (second === undefined) {
    const access = accessOf(first)
    return access === undefined ? undefined : { resource: EVERY, access }
  }
  const access = accessOf(second)
  if (access !== undefined) return { resource: resourceOf(first), access }
  const leading = accessOf(first)
  return leading === undefined ? undefined : { resource: resourceOf(second), access: leading }
}

function accessOf(word: string): 'read' | 'write' | undefined {
  const plain = word.replace(/[-_]/g, '')
  if (READS.has(plain)) return 'read'
  return WRITES.has(plain) || ALL.has(plain) ? 'write' : undefined
}

function resourceOf(word: string): string {
  return EVERYTHING.has(word) ? EVERY : singular(word)
}

/** Lower case, one separator, without the plural's ending; only ever compared with itself. */
export function singular(word: string): string {
  const plain = word.toLowerCase().replaceAll('_', '-')
  if (plain.endsWith('ies')) return `${plain.slice(0, -3)}y`
  if (/(?:ss|sh|ch|x|z)es$/.test(plain)) return plain.slice(0, -2)
  return /[^s]s$/.test(plain) ? plain.slice(0, -1) : plain
}

export function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

const VERSION = /^v\d+(?:[._]\d+)*(?:(?:alpha|beta|rc)\d*)?$|^\d{1,2}\.\d{1,2}$/i
const TENANTS = /^tenants?$/i

/** The resources that a route may be said to belong to; none for what is no path, such as the name of an operation. */
export function resourcesOf(route: string): string[] {
  if (!route.startsWith('/')) return []
  const segments = route.split('/').filter((segment) => segment !== '')
  let at = 0
  while (at < segments.length && (segments[at] === 'api' || VERSION.test(segments[at] as string))) at++
  const head = segments[at]
  if (head === undefined || isVariable(head)) return []
  // `tenants` itself may be the resource, and so may what stands behind the tenant.
  const behind = TENANTS.test(head) ? segments[at + 2] : undefined
  const found = behind === undefined || isVariable(behind) ? [head] : [behind, head]
  return found.map(singular)
}

function isVariable(segment: string): boolean {
  return /^[{:*<]/.test(segment)
}

/** `billing-api` is the service of `billing`. */
function stemOf(service: string): string {
  return singular(service.replace(/[-_.]?(?:api|service|svc|server)$/i, ''))
}

function matches({ methods, routes }: Compiled['rules'][number], { method, route }: Call): boolean {
  return (methods.length === 0 || methods.includes(method)) && routes.some((pattern) => pattern.test(route))
}

function patternOf(route: string): RegExp {
  const segments = route.split('/')
  const isOpen = segments.at(-1) === '**'
  const body = (isOpen ? segments.slice(0, -1) : segments).map(segmentPattern).join('/')
  return new RegExp(`^${body}${isOpen ? '(?:/.*)?' : ''}$`)
}

function segmentPattern(segment: string): string {
  const plain = segment.split(/\{[^}]*\}|\*/).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return plain.join('[^/]*')
}
