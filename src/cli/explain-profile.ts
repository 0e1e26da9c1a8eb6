/** `explain TOKEN`: what a token is, what it normally does, and what is in quarantine, as text or as JSON. */
import type { Dimension } from '../profile/dimension.ts'
import type { TokenProfile } from '../profile/profile.ts'
import { type ProfileSummary, type ValueSummary, summarise, valuesAt } from '../profile/summary.ts'
import type { RegisteredToken } from '../registry/registered-token.ts'
import type { IncidentRow } from '../store/explain.ts'
import { clip, countryName } from '../text.ts'
import { tableText, timeText } from './listing.ts'

export interface ExplainedToken {
  readonly tokenId: string
  readonly name: string
  readonly registered: { readonly token: RegisteredToken; readonly source: string } | undefined
  readonly profile: TokenProfile
  /** The latest. */
  readonly incidents: readonly IncidentRow[]
}

/** What is shown of a dimension: a level of its chain, and how a value of it reads. */
const SHOWN: readonly { readonly title: string; readonly dimension: Dimension; readonly level: number }[] = [
  { title: 'countries', dimension: 'network', level: 0 },
  { title: 'networks', dimension: 'network', level: 1 },
  { title: 'addresses', dimension: 'network', level: 3 },
  { title: 'endpoints', dimension: 'route', level: 2 },
  { title: 'clients', dimension: 'agent', level: 1 },
]
const VALUES_SHOWN = 10

export function tokenJson({ tokenId, name, registered, profile, incidents }: ExplainedToken): object {
  const { latestMs, firstDayMs, held, hours, ...summary } = summarise(profile)
  return {
    token_id: tokenId,
    name,
    registry: registered && { source: registered.source, ...registryJson(registered.token) },
    profile: {
      first_day: rfc3339(firstDayMs),
      latest_call: rfc3339(latestMs),
      active_hours: summary.activeHours,
      active_days: summary.activeDays,
      weeks: summary.weeks,
      active_by_hour_of_week: summary.hoursOfWeek,
      last_28_days: hours,
      truncated: summary.truncated,
      values: Object.fromEntries(
        SHOWN.map(({ title, dimension, level }) => [
          title,
          valuesAt(profile.learned[dimension], level).map((value) => valueJson(value)),
        ]),
      ),
      quarantine: held.map((value) => ({
        dimension: value.dimension,
        ...valueJson(value),
        adopted_from: rfc3339(value.adoptedFromMs),
      })),
    },
    incidents,
  }
}

function valueJson({ levels, firstMs, lastMs, days }: ValueSummary): object {
  return { value: levels.join('|'), first_seen: rfc3339(firstMs), last_seen: rfc3339(lastMs), days }
}

function registryJson(token: RegisteredToken): object {
  const { owner, tenant, service, scopes, environment, rotatedFrom } = token
  return {
    name: token.name,
    owner,
    tenant,
    service,
    scopes,
    environment,
    created_at: rfc3339(token.createdAtMs),
    expires_at: rfc3339(token.expiresAtMs),
    revoked_at: rfc3339(token.revokedAtMs),
    compromised_at: rfc3339(token.compromisedAtMs),
    rotated_from: rotatedFrom,
  }
}

/** '' for none. */
function rfc3339(timeMs: number): string {
  return timeMs === 0 ? '' : new Date(timeMs).toISOString()
}

export function tokenText(explained: ExplainedToken): string {
  const { tokenId, name, registered, profile, incidents } = explained
  const summary = summarise(profile)
  const title = name === '' ? clip(tokenId, 200) : `${clip(name, 100)}, ${clip(tokenId, 200)}`
  const parts = [`Token ${title}\n`, registryText(registered)]
  if (summary.latestMs === 0) parts.push('It has no history: nothing that it does can be a surprise yet.\n')
  else {
    parts.push(habitText(summary), truncatedText(summary, profile))
    for (const shown of SHOWN)
      parts.push(valuesText(shown.title, valuesAt(profile.learned[shown.dimension], shown.level)))
    parts.push(weekText(summary), heldText(summary, profile))
  }
  parts.push(incidentsText(incidents))
  return parts.filter((part) => part !== '').join('\n')
}

function registryText(registered: ExplainedToken['registered']): string {
  if (registered === undefined) return 'The registry does not know it.\n'
  const { token, source } = registered
  const { owner, tenant, service, environment, scopes, rotatedFrom } = token
  const facts = [
    ['owner', owner || 'nobody'],
    ['tenant', tenant],
    ['service', service],
    ['environment', environment],
    ['scopes', scopes.join(' ')],
    ['created', dateOf(token.createdAtMs, '')],
    ['expires', dateOf(token.expiresAtMs, 'never')],
    ['revoked', dateOf(token.revokedAtMs, '')],
    ['leaked', dateOf(token.compromisedAtMs, '')],
    ['rotated from', rotatedFrom],
    ['registered by', source],
  ]
  return tableText(
    ['registry', ''],
    facts.filter(([, value]) => value !== '').map(([key = '', value = '']) => [key, value]),
    200,
  )
}

function dateOf(timeMs: number, never: string): string {
  return timeMs === 0 ? never : timeText(timeMs)
}

function habitText({ hours, ...summary }: ProfileSummary): string {
  const first = new Date(summary.firstDayMs).toISOString().slice(0, 10)
  const ofTried = (calls: number) =>
    `${calls} of ${hours.tried} calls, ${(hours.tried === 0 ? 0 : (100 * calls) / hours.tried).toFixed(1)} %`
  return (
    `Active in ${summary.activeHours} hours on ${summary.activeDays} days since ${first}, ` +
    `last at ${timeText(summary.latestMs)}.\n` +
    `In the four weeks to then ${hours.calls} calls in ${hours.active} hours: a median of ${Math.round(hours.median)} an ` +
    `hour, 98 % of hours at most ${Math.round(hours.p98)}, the most ${hours.most}.\n` +
    `Refused (401, 403, 404): ${ofTried(hours.refused)}. Rate-limited (429): ${ofTried(hours.limited)}.\n`
  )
}

function truncatedText({ truncated }: ProfileSummary, { settings }: TokenProfile): string {
  if (truncated.length === 0) return ''
  return (
    `Truncated: ${truncated.join(', ')} hold the latest ${settings.valuesMax} values each (learning.valuesMax); what ` +
    `was last seen before those is forgotten.\n`
  )
}

function valuesText(title: string, values: readonly ValueSummary[]): string {
  if (values.length === 0) return ''
  const rows = values
    .slice(0, VALUES_SHOWN)
    .map((value) => [
      readable(value.levels),
      dateOf(value.firstMs, 'before'),
      timeText(value.lastMs),
      String(value.days),
    ])
  const more = values.length > VALUES_SHOWN ? `and ${values.length - VALUES_SHOWN} more, seen earlier\n` : ''
  return tableText([`${title} (${values.length})`, 'first seen', 'last seen', 'days'], rows, 100) + more
}

/** Countries by their names, the levels in between only where they say more. */
function readable(levels: readonly string[]): string {
  if (levels.length === 1) return countryName(levels[0] ?? '')
  const shown = levels.length === 4 ? [levels[3], levels[1], levels[0]] : levels
  return shown.filter((level) => level !== '').join(' ')
}

const SHADES = ['·', '░', '▒', '▓', '█']
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** A row a day, a sign an hour: in what share of the weeks it worked then. */
function weekText({ weeks, hoursOfWeek }: ProfileSummary): string {
  const rows = DAYS.map((name, day) => {
    const signs = hoursOfWeek.slice(day * 24, day * 24 + 24).map((active) => {
      const shade = active === 0 ? 0 : Math.min(4, Math.ceil((4 * active) / weeks))
      return `${SHADES[shade]}`.repeat(2)
    })
    return `  ${name}  ${signs.join('')}`
  })
  const head = `  UTC  ${Array.from({ length: 8 }, (_, at) =>
    String(at * 3)
      .padStart(2, '0')
      .padEnd(6),
  ).join('')}`
  const key = `  · never, ░ up to a quarter, ▒ half, ▓ three quarters, █ all of ${weeks} weeks`
  return `Hours of the week in which it worked:\n${[head.trimEnd(), ...rows, key].join('\n')}\n`
}

function heldText({ held }: ProfileSummary, { settings }: TokenProfile): string {
  if (held.length === 0) return 'Nothing is in quarantine.\n'
  const rows = held
    .slice(0, VALUES_SHOWN)
    .map((value) => [
      value.dimension,
      value.levels.join(' '),
      timeText(value.firstMs),
      String(value.days),
      timeText(value.adoptedFromMs),
    ])
  const hours = settings.incidentGapMs / 3_600_000
  return (
    tableText([`in quarantine (${held.length})`, 'value', 'first seen', 'days', 'known from'], rows, 100) +
    `It counts as known from then on, at a call before which nothing was found for ${hours} hours.\n`
  )
}

export function incidentsText(incidents: readonly IncidentRow[]): string {
  if (incidents.length === 0) return 'No incident is kept.\n'
  const rows = incidents.map((incident) => [
    incident.incident_id,
    timeText(incident.began_at),
    incident.surprise_bits.toFixed(1),
    incident.severity || 'no alert',
    incident.status,
    incident.detectors.join(' '),
  ])
  return tableText(['latest incidents', 'began', 'bits', 'severity', 'status', 'detectors'], rows, 80)
}
