/** `tokenwatch explain`: why did this alert, what is normal for this token, and where does the threshold lie? */
import { Command } from 'commander'
import { budgetOf, takeThreshold } from '../alert/budget.ts'
import { currentProfile } from '../app/current-profile.ts'
import type { Config } from '../config.ts'
import type { TokenId } from '../event.ts'
import { looksLikeCredential } from '../ingest/credential.ts'
import { dayOf } from '../profile/calendar.ts'
import { isPowerful } from '../registry/registered-token.ts'
import type { Database } from '../store/database.ts'
import {
  type Subject,
  findSubjects,
  incidentFate,
  incidentFindings,
  latestIncidents,
  readIncident,
  readRegistered,
} from '../store/explain.ts'
import { findIncidents } from '../store/incident-lookup.ts'
import { openStore } from '../store/store.ts'
import { latestDay, latestThresholds, readThresholds, scoresBefore } from '../store/thresholds.ts'
import { clip } from '../text.ts'
import { EXIT_CODES_HELP, ExitCode, UserError, configOf } from './command.ts'
import { type ExplainedIncident, incidentJson, incidentText } from './explain-incident.ts'
import { type ExplainedToken, incidentsText, tokenJson, tokenText } from './explain-profile.ts'
import { type ExplainedThreshold, thresholdJson, thresholdText } from './explain-threshold.ts'
import { jsonText, timeText } from './listing.ts'
import { explainFailures } from './prerequisite.ts'

interface Flags {
  readonly threshold?: boolean
  readonly json?: boolean
}

/** More is no reading for a person. */
const FINDINGS_MAX = 500
const INCIDENTS_MAX = 10
const THRESHOLD_DAYS = 28

export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'Explains an incident (by its id or that of one of its alerts): each finding with the arithmetic of its bits, how ' +
        'they add up, severity, and the query that shows the calls. Explains a token (by its id or its name): what it ' +
        'normally does, what is in quarantine, what the registry says. With --threshold: from how many bits on incidents ' +
        'alert, and how that came about.',
    )
    .argument('[subject]', "an incident's, an alert's or a token's id, a token's name, or a source")
    .option('--threshold', 'explain the threshold instead')
    .option('--json', 'one JSON document, with all that is known')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (subject: string | undefined, flags: Flags, command: Command) => {
      if ((subject === undefined) !== (flags.threshold === true)) throw wrongUse()
      if (subject !== undefined) refuseCredential(subject)
      const config = configOf(command)
      await explainFailures(async () => {
        await using store = await openStore(config.clickhouse)
        const { text, json } =
          subject === undefined
            ? await explainThreshold(store.db, config)
            : await explainSubject(store.db, config, subject)
        process.stdout.write(flags.json ? jsonText(json()) : text())
      })
    })
}

/** What is to be said, in both forms. */
interface Explanation {
  readonly text: () => string
  readonly json: () => object
}

async function explainThreshold(db: Database, { alerting }: Config): Promise<Explanation> {
  const { budgetPerDay, thresholdBits } = alerting
  const budget = budgetOf(alerting)
  const days = budget === undefined ? [] : await latestThresholds(db, budget, THRESHOLD_DAYS)
  const nextDay = Math.max(days[0]?.day ?? 0, await latestDay(db)) + 1
  const next = takeThreshold(await scoresBefore(db, nextDay), budget ?? { budgetPerDay: 1, thresholdBits })
  const explained: ExplainedThreshold = { budgetPerDay, thresholdBits, days, next }
  return { text: () => thresholdText(explained), json: () => thresholdJson(explained) }
}

async function explainSubject(db: Database, config: Config, text: string): Promise<Explanation> {
  const [subject, ...others] = await findSubjects(db, text)
  if (subject === undefined) {
    const incidents = /^[0-9a-f]{4,32}$/.test(text) ? await findIncidents(db, text) : []
    if (incidents.length !== 1) throw unknownSubject()
    return explainIncident(db, config, incidents[0] as string)
  }
  if (others.length > 0) throw ambiguous(text, [subject, ...others])
  if (subject.kind === 'incident') return explainIncident(db, config, subject.id)
  if (subject.kind === 'token') return explainToken(db, config, subject)
  return explainSource(db, subject)
}

async function explainIncident(db: Database, config: Config, id: string): Promise<Explanation> {
  const incident = await readIncident(db, id)
  if (incident === undefined) throw unknownSubject()
  const isToken = incident.subject_kind === 'token'
  const [findings, fate, registered, thresholdBits] = await Promise.all([
    incidentFindings(db, id, FINDINGS_MAX),
    incidentFate(db, id),
    isToken ? readRegistered(db, incident.subject) : undefined,
    thresholdAt(db, config, incident.began_at),
  ])
  const explained: ExplainedIncident = {
    incident,
    findings,
    fate,
    isPowerful: registered !== undefined && isPowerful(registered.token),
    thresholdBits,
    settings: config.alerting.evidence,
    database: config.clickhouse.database,
  }
  if (!isToken) return { text: () => incidentText(explained), json: () => ({ incident: incidentJson(explained) }) }
  const token = await explainedToken(db, config, incident.subject, incident.token_name)
  return {
    text: () => `${incidentText(explained)}\n${tokenText(token)}`,
    json: () => ({ incident: incidentJson(explained), token: tokenJson(token) }),
  }
}

async function thresholdAt(db: Database, { alerting }: Config, beganAtMs: number): Promise<number> {
  const budget = budgetOf(alerting)
  const day = dayOf(beganAtMs)
  const taken = budget === undefined ? undefined : (await readThresholds(db, budget, [day])).get(day)
  return taken ?? alerting.thresholdBits
}

async function explainToken(db: Database, config: Config, { id, name }: Subject): Promise<Explanation> {
  const token = await explainedToken(db, config, id, name)
  return { text: () => tokenText(token), json: () => ({ token: tokenJson(token) }) }
}

async function explainedToken(db: Database, config: Config, id: string, name: string): Promise<ExplainedToken> {
  const profile = await currentProfile(db, config, id as TokenId)
  const [registered, incidents] = await Promise.all([readRegistered(db, id), latestIncidents(db, id, INCIDENTS_MAX)])
  return {
    tokenId: id,
    name: registered?.token.name || name || (incidents[0]?.token_name ?? ''),
    registered,
    profile,
    incidents,
  }
}

async function explainSource(db: Database, { id }: Subject): Promise<Explanation> {
  const incidents = await latestIncidents(db, id, INCIDENTS_MAX)
  return {
    text: () => `Source ${clip(id, 200)}\n\n${incidentsText(incidents)}`,
    json: () => ({ source: { source: id, incidents } }),
  }
}

function wrongUse(): UserError {
  return new UserError('explain takes either a subject or --threshold', {
    exitCode: ExitCode.usage,
    remedy: 'tokenwatch explain SUBJECT, or: tokenwatch explain --threshold',
  })
}

/** Arguments stay in the history of the shell; the least is not to repeat it. */
function refuseCredential(text: string): void {
  if (!looksLikeCredential(text)) return
  throw new UserError('this looks like a credential, not like the id of one', {
    exitCode: ExitCode.usage,
    remedy: 'get its id with: tokenwatch id < FILE; then clear the history of this shell',
  })
}

function unknownSubject(): UserError {
  return new UserError('no incident, alert, token or source of this id or name is known', {
    exitCode: ExitCode.usage,
    remedy: 'ids stand in alerts, in tokenwatch alerts and in tokenwatch tokens list',
  })
}

function ambiguous(text: string, subjects: readonly Subject[]): UserError {
  const rows = subjects.map(({ id, lastMs }) => [id, lastMs === 0 ? 'never' : timeText(lastMs)])
  const shown = rows.map(([id, last]) => `${clip(id ?? '', 80)} (last seen ${last})`).join(', ')
  return new UserError(`${subjects.length} tokens are called ${clip(text, 80)}: ${shown}`, {
    exitCode: ExitCode.usage,
    remedy: 'give the id of one of them',
  })
}
