/** Endpoints of simulated services: how a route becomes a path, and what a call of it weighs. */
import type { Random } from '../random.ts'
import { uuid } from '../services.ts'

export type EndpointKind = 'item' | 'collection' | 'write' | 'sensitive'

/** What stands in front of a service and writes the log. */
export interface Gateway {
  readonly name: string
  readonly region: string
  /** Whether it sends the route beside the path. */
  readonly sendsRoute: boolean
  readonly sendsBytes: boolean
  /** Whether its clock has whole seconds only. */
  readonly isCoarse: boolean
}

export interface Endpoint {
  readonly gateway: Gateway
  readonly method: string
  /** Route template as a gateway knows it. */
  readonly route: string
  readonly kind: EndpointKind
  /** What a scope names: the first segment after the version. */
  readonly resource: string
  readonly bytesTypical: number
  readonly latencyTypicalMs: number
  /** The status of a call that succeeds. */
  readonly success: number
  /** No route of the service: the gateway sends none. */
  readonly unrouted?: boolean
  /** The route in pieces: text, which begins with a slash, and the styles of what fills its parameters. */
  readonly pieces: readonly string[]
}

/** How identifiers look. `tenant` is the caller's own tenant. */
export type IdStyle = 'number' | 'uuid' | 'prefixed' | 'hex' | 'ulid' | 'slug' | 'date' | 'email' | 'tenant'

export const ID_STYLES = ['number', 'number', 'uuid', 'uuid', 'prefixed', 'hex', 'ulid'] as const satisfies IdStyle[]

export interface EndpointShape {
  readonly gateway: Gateway
  readonly method: string
  /** Parameters are written `{name:style}`. */
  readonly template: string
  readonly kind: EndpointKind
  readonly resource: string
  readonly bytesTypical: number
  readonly latencyTypicalMs: number
  /** Default: by the method. */
  readonly success?: number
}

export function createEndpoint({ template, ...shape }: EndpointShape): Endpoint {
  const pieces = template.split(/\{[^:}]+:([^}]+)\}/).filter((piece) => piece !== '')
  return { success: SUCCESS[shape.method] ?? 200, ...shape, route: template.replaceAll(/:[^}]+\}/g, '}'), pieces }
}

const SUCCESS: Readonly<Record<string, number>> = { POST: 201, DELETE: 204 }

/** A path that the gateway knows no route for. */
export function unroutedEndpoint(gateway: Gateway, path: string): Endpoint {
  const shape = { gateway, method: 'GET', template: path, kind: 'item', resource: path.split('/')[2] ?? '' } as const
  return { ...createEndpoint({ ...shape, bytesTypical: 160, latencyTypicalMs: 12 }), unrouted: true }
}

/** The same endpoint under another base, as in a new version of the whole interface. */
export function rebased(endpoint: Endpoint, from: string, to: string): Endpoint {
  const [first = '', ...rest] = endpoint.pieces
  const moved = (text: string) => (text.startsWith(from) ? to + text.slice(from.length) : text)
  return { ...endpoint, route: moved(endpoint.route), pieces: [moved(first), ...rest] }
}

export function pathOf(random: Random, { pieces }: Endpoint, tenant: string): string {
  let path = ''
  for (const piece of pieces) path += piece.startsWith('/') ? piece : identifier(random, piece as IdStyle, tenant)
  return path
}

function identifier(random: Random, style: IdStyle, tenant: string): string {
  return style === 'tenant' ? tenant : IDENTIFIERS[style](random)
}

const IDENTIFIERS: Readonly<Record<Exclude<IdStyle, 'tenant'>, (random: Random) => string>> = {
  number: (random) => String(1_000 + random.int(9_000_000)),
  uuid,
  prefixed: (random) => `id_${letters(random, BASE62, 14)}`,
  hex: (random) => letters(random, '0123456789abcdef', 24),
  ulid: (random) => `01K${letters(random, '0123456789ABCDEFGHJKMNPQRSTVWXYZ', 23)}`,
  slug: (random) => `${random.pick(ADJECTIVES)}-${random.pick(NOUNS)}`,
  date: (random) => `2026-${twoDigits(1 + random.int(12))}-${twoDigits(1 + random.int(28))}`,
  email: (random) => `${random.pick(NOUNS)}.${random.int(900)}%40example.com`,
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ADJECTIVES = 'blue red green small large quick quiet warm cold new old smart plain bright dark light'.split(' ')
const NOUNS =
  'chair lamp table shirt phone cable mouse bottle jacket boot clock mirror pillow spoon ladder basket ribbon'.split(
    ' ',
  )

function letters(random: Random, alphabet: string, count: number): string {
  let text = ''
  while (text.length < count) {
    let bits = random.uint32()
    for (let drawn = 0; drawn < 5 && text.length < count; drawn++) {
      text += alphabet.charAt(bits % alphabet.length)
      bits = Math.floor(bits / alphabet.length)
    }
  }
  return text
}
