/** `tokenwatch ack`: what somebody says of an incident, and what that means from then on. */
import { Command } from 'commander'
import type { ActionName, MarkedValue } from '../alert/actions.ts'
import { currentProfile } from '../app/current-profile.ts'
import { chainsOf } from '../profile/values.ts'
import type { Config } from '../config.ts'
import type { IncidentId, TokenId } from '../event.ts'
import { maskShapes } from '../ingest/credential.ts'
import { type TakenAction, actionsOf, writeActions } from '../store/actions.ts'
import type { Database } from '../store/database.ts'
import { type IncidentRow, readIncident } from '../store/explain.ts'
import { broughtValues, findIncidents, nearIncidents } from '../store/incident-lookup.ts'
import { openStore } from '../store/store.ts'
import { clip } from '../text.ts'
import { type Acted, actedJson, actedText } from './ack-text.ts'
import { userName } from './actor.ts'
import { EXIT_CODES_HELP, ExitCode, UserError, configOf } from './command.ts'
import { jsonText } from './listing.ts'
import { type ValuePrefix, isAmong, mustName, valuePrefixes } from './marked-values.ts'
import { explainFailures } from './prerequisite.ts'

interface Flags {
  readonly benign?: boolean
  readonly malicious?: boolean
  readonly resolve?: boolean
  readonly value?: readonly ValuePrefix[]
  readonly note: string
  readonly actor: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

const PREFIX_CHARS_MIN = 4

export function ackCommand(): Command {
  return new Command('ack')
    .description(
      'Says what an incident was. Without a verdict it is acknowledged: somebody looks at it, and detection goes on as ' +
        'before. --benign: what it brought is known from then on, and nothing joins it any more. --malicious: what it ' +
        'brought is never adopted and found in full each day. --resolve: done; what is found in it later opens it again.',
    )
    .argument('<incident>', 'the id of an incident or of an alert, or the first characters of one')
    .option('--benign', 'it was legitimate')
    .option('--malicious', 'it was not')
    .option('--resolve', 'it is dealt with, also beside a verdict')
    .option(
      '--value <dimension=levels>',
      'the verdict is about these values only, such as network=SG|AS14061; may be repeated',
      valuePrefixes,
    )
    .option('--note <text>', 'why, a ticket', '')
    .option('--actor <name>', 'who says so (default: the user)', userName())
    .option('--dry-run', 'show what it would mean, and write nothing')
    .option('--json', 'one JSON document')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (incident: string, flags: Flags, command: Command) => {
      mustMakeSense(incident, flags)
      const config = configOf(command)
      await explainFailures(async () => {
        await using store = await openStore(config.clickhouse)
        const acted = await act(store.db, config, incident, flags)
        process.stdout.write(flags.json ? jsonText(actedJson(acted)) : actedText(acted))
      })
    })
}

function mustMakeSense(incident: string, { benign, malicious, value }: Flags): void {
  if (benign && malicious) throw wrong('--benign and --malicious', 'at most one of them', 'say one, or none of them')
  if (value !== undefined && !benign && !malicious)
    throw wrong('--value', 'a verdict that it narrows', 'add --benign or --malicious')
  if (!/^[0-9a-f]{4,32}$/.test(incident))
    throw wrong(
      `incident ${clip(incident, 80)}`,
      `${PREFIX_CHARS_MIN} to 32 characters of its id, 0-9 and a-f`,
      'ids stand in alerts and in: tokenwatch alerts',
    )
}

function wrong(what: string, expected: string, remedy: string): UserError {
  return new UserError(`${what}: expected ${expected}`, { exitCode: ExitCode.usage, remedy })
}

async function act(db: Database, config: Config, text: string, flags: Flags): Promise<Acted> {
  const incident = await incidentNamed(db, text)
  const verdict = flags.benign ? 'benign' : flags.malicious ? 'malicious' : undefined
  const { values, habits } =
    verdict === undefined || incident.subject_kind !== 'token'
      ? { values: [], habits: [] }
      : await judged(db, config, incident, verdict, flags.value)
  const said = { actor: maskShapes(flags.actor), note: maskShapes(flags.note) }
  const head = { incidentId: incident.incident_id as IncidentId, subject: incident.subject, ...said }
  const taken: ActionName[] = []
  if (verdict !== undefined) taken.push(verdict)
  if (flags.resolve === true) taken.push('resolve')
  if (taken.length === 0) taken.push('acknowledge')
  const actions = taken.map((action): Omit<TakenAction, 'atMs'> => {
    if (action !== verdict) return { ...head, action, values: [], fromMs: 0, untilMs: 0 }
    return { ...head, action, values, fromMs: incident.began_at, untilMs: untilOf(incident, config) }
  })
  const actedAtMs = flags.dryRun ? undefined : await writeActions(db, actions)
  return { incident, actions: actions.map(({ action }) => action), values, habits, actedAtMs }
}

async function incidentNamed(db: Database, text: string): Promise<IncidentRow> {
  const [id, ...others] = await findIncidents(db, text)
  if (others.length > 0) {
    throw new UserError(`several incidents begin with ${text}: ${[id, ...others].join(', ')}`, {
      exitCode: ExitCode.usage,
      remedy: 'give more of its id',
    })
  }
  const found = id === undefined ? undefined : await readIncident(db, id)
  if (found !== undefined) return found
  const near = await nearIncidents(db, text)
  const remedy = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'ids stand in alerts and in: tokenwatch alerts'
  throw new UserError(`no incident and no alert has an id that begins with ${text}`, {
    exitCode: ExitCode.usage,
    remedy,
  })
}

/** Quarantine lasts as long as findings may join. */
function untilOf(incident: IncidentRow, { alerting }: Config): number {
  return incident.last_at + alerting.incidentGapMs
}

/**
 * The values that a verdict is about: of a benign incident all that it put into quarantine, of a malicious one those of
 * the events in which something was found; both with what an earlier verdict on it named. And what of those events the
 * token is known for, which no verdict touches.
 */
async function judged(
  db: Database,
  config: Config,
  incident: IncidentRow,
  verdict: 'benign' | 'malicious',
  only: readonly ValuePrefix[] | undefined,
): Promise<Pick<Acted, 'values' | 'habits'>> {
  const tokenId = incident.subject as TokenId
  const incidentId = incident.incident_id as IncidentId
  const span = { incidentId, tokenId, fromMs: incident.began_at, untilMs: untilOf(incident, config) }
  const [brought, { learned }, earlier] = await Promise.all([
    broughtValues(db, span),
    currentProfile(db, config, tokenId),
    actionsOf(db, incidentId),
  ])
  const named = new Map<string, MarkedValue>()
  for (const { values } of earlier) for (const value of values) named.set(`${value.dimension} ${value.value}`, value)
  const isKnown = ({ dimension, value }: MarkedValue) => chainsOf(learned[dimension]).includes(value)
  for (const { isFound, isHeld, ...value } of brought) {
    if (isHeld && !isKnown(value) && (isFound || verdict === 'benign'))
      named.set(`${value.dimension} ${value.value}`, value)
  }
  if (only !== undefined) mustName(only, [...named.values()], 'a value that the incident put into quarantine')
  const values = [...named.values()].filter((value) => only === undefined || isAmong(value, only))
  const habits = brought
    .filter((value) => value.isFound && isKnown(value))
    .map(({ dimension, value }) => ({ dimension, value }))
  return { values, habits }
}
