/**
 * A token that reaches for another tenant's resources.
 *
 * Attack: an id in the path is changed to another customer's, and an access check is missing (OWASP API1:2023, broken
 * object level authorization). Signal: the tenant named in the path is not the token's own, as the registry has it, else
 * as the producer sent it. Bits: no statistics; an accepted call is another customer's data in wrong hands, a prior of
 * one in 2^20; a refused one is an attempt. Where the path holds ids and the registry names, the two cannot be compared:
 * then nothing is said, unless the registry knows a tenant of that name.
 * Blind to: resources whose path does not name a tenant; tokens without one; events without a path.
 */
import { z } from 'zod'
import type { AccessEvent } from '../event.ts'
import { plainName } from '../registry/registered-token.ts'
import { defineDetector } from './detector.ts'
import { callOf, dayStartMs, factBits, ownerText, tellOnce } from './shared/fact.ts'
import { priorEquation } from './shared/arithmetic.ts'

const NAME = 'foreign-tenant'
const TENANT = '{tenant}'

export const foreignTenant = defineDetector({
  name: NAME,
  summary: "A token that reaches for another tenant's resources.",
  cause: 'fact',
  settings: z.strictObject({
    bits: factBits('Bits of a call that was accepted.', 20),
    refusedBits: factBits('Bits of a call that was refused (403) or not found (404).', 8),
    patterns: z
      .array(z.string().includes(TENANT))
      .default(['/tenants/{tenant}/'])
      .describe(
        'Where a path names the tenant: segments that follow each other anywhere in it, `{tenant}` one of them.',
      ),
    allTenants: z
      .array(z.string())
      .default([])
      .describe("Tenants whose tokens may use every other one's resources, such as your own company's."),
  }),
  explain: priorEquation,
  create: ({ bits, refusedBits, patterns, allTenants }) => {
    const compiled = patterns.map((pattern) => ({ parts: segmentsOf(pattern), word: longestWord(pattern) }))
    const unbound = new Set(allTenants.map(plainName))
    return {
      name: NAME,
      inspect(event, profile, { registry }) {
        if (event.path === '' || event.tokenId === '') return undefined
        const named = tenantIn(event.path, compiled)
        if (named === '') return undefined
        const token = registry.of(event.tokenId)
        const own = token?.tenant || event.tenant
        if (own === '' || own === named || plainName(own) === plainName(named)) return undefined
        if (unbound.has(plainName(own))) return undefined
        const level = levelOf(event)
        const isKnown = registry.hasTenant(named)
        if (level === 0 || (!isKnown && kindOf(own) !== kindOf(named))) return undefined
        const told = tellOnce(profile, NAME, dayStartMs(event.timeMs), level, [refusedBits, bits])
        if (told === undefined) return undefined
        const isAccepted = level === 2
        return {
          ...told,
          seen: `${isAccepted ? 'Was let at' : 'Tried for'} resources of tenant ${named}: ${callOf(event)}`,
          normal: `A token of tenant ${own}, ${ownerText(token?.owner ?? '')}`,
          numbers: { status: event.status, isRegisteredTenant: isKnown ? 1 : 0 },
          ...(isAccepted ? { severityMin: isKnown ? ('critical' as const) : ('high' as const) } : {}),
        }
      },
    }
  },
})

/** Many services hide what is not yours behind a 404. An unauthenticated call is nobody's. */
function levelOf({ status }: AccessEvent): number {
  if (status < 400) return 2
  return status === 403 || status === 404 ? 1 : 0
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '')
}

interface Pattern {
  readonly parts: readonly string[]
  /** A path without it does not fit: nearly every path is done with that. */
  readonly word: string
}

function longestWord(pattern: string): string {
  const words = segmentsOf(pattern).filter((part) => part !== TENANT)
  return words.reduce((longest, word) => (word.length > longest.length ? word : longest), '')
}

/** The tenant that a path names by one of the patterns, '' for none. */
function tenantIn(path: string, patterns: readonly Pattern[]): string {
  for (const { parts, word } of patterns) {
    if (!path.includes(word)) continue
    const segments = segmentsOf(path)
    for (let from = 0; from + parts.length <= segments.length; from++) {
      const fits = parts.every((part, at) => part === TENANT || part === segments[from + at])
      const found = fits ? segments[from + parts.indexOf(TENANT)] : undefined
      // `{id}` and `{redacted}` stand for something that is not known.
      if (found !== undefined && !found.startsWith('{')) return decoded(found)
    }
  }
  return ''
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
/** `ten_8f3k2`, `t-0042`. */
const PREFIXED = /^([a-z]{1,12})[_-](?=[a-z]*\d)[a-z0-9]+$/i

/** What kind of name it is: two of different kinds do not come from one list. */
function kindOf(tenant: string): string {
  if (/^\d+$/.test(tenant)) return 'number'
  if (UUID.test(tenant)) return 'uuid'
  if (/^(?=[a-f]*\d)[0-9a-f]{8,}$/i.test(tenant)) return 'hexadecimal'
  const prefix = PREFIXED.exec(tenant)?.[1]
  return prefix === undefined ? 'word' : `${prefix.toLowerCase()}-`
}
