/** What the demonstration tells: headline, the attacks with their alerts, the balance, and where to go from here. */
import Table from 'cli-table3'
import type { Alert } from '../alert/alert.ts'
import { renderTerminal } from '../notify/terminal.ts'
import { durationText } from '../notify/presentation.ts'
import type { AttackName } from '../simulate/attacks/index.ts'
import type { Credentials } from '../store/embedded-config.ts'
import { clip } from '../text.ts'
import type { Month } from './month.ts'
import { curlLine, queriesAbout } from './queries.ts'
import type { Screen } from './screen.ts'
import { type HiddenAttack, type Verdict, byIncident } from './verdict.ts'

/** Name and what the simulator did, in words. */
const ATTACKS: Readonly<Record<AttackName, { readonly name: string; readonly deed: string }>> = {
  'stolen-token': { name: 'stolen token', deed: 'someone else uses it, from abroad, and looks around' },
  'stolen-same-cloud': { name: 'stolen token, same cloud', deed: 'someone else uses it, from the owner’s own cloud' },
  enumeration: { name: 'enumeration', deed: 'hundreds of paths are tried within minutes' },
  spike: { name: 'spike', deed: 'many times the usual calls within an hour, from the usual place' },
  'woken-token': { name: 'woken dormant token', deed: 'forgotten for weeks, then used again' },
}

export type NameOf = (tokenId: string) => string

export function tellHeadline({ print, paint }: Screen, { tokens }: Month, kafka: boolean): void {
  const real = kafka ? 'Kafka, the service and ClickHouse are real.' : 'the pipeline and ClickHouse are real.'
  print()
  print(`  ${paint.bold('tokenwatch')}  ${paint.dim('a month in a minute')}`)
  print()
  print(`  The calls of ${tokens} API tokens of some invented companies over one month, with attacks hidden in`)
  print('  them. tokenwatch is told of none: it learns what is normal for each token, and speaks up when')
  print(`  one is used differently. Only the calls are made up; ${real}`)
  print()
}

/** Each attack with what was done and the first alert, as a person on call gets it. Later ones in a line each. */
export function tellAttacks(screen: Screen, { attacks }: Verdict, nameOf: NameOf): void {
  for (const [at, attack] of attacks.entries()) {
    rule(screen, `Attack ${at + 1} of ${attacks.length}: ${ATTACKS[attack.name].name}`)
    tellAttack(screen, attack, nameOf)
  }
}

function tellAttack({ print, paint, colour, width }: Screen, attack: HiddenAttack, nameOf: NameOf): void {
  const { deed } = ATTACKS[attack.name]
  print(paint.dim(`  ${moment(attack.callsMs[0] ?? 0).trimStart()}, ${nameOf(attack.tokenId)}: ${deed}.`))
  print()
  const [first, ...later] = attack.alerts
  if (first === undefined) {
    print(`  ${paint.red('No alert was raised.')}`)
    return
  }
  print(renderTerminal(first, { colour, widthMax: width }).trimEnd())
  if (later.length > 0) print()
  for (const alert of later) {
    const after = durationText(alert.timeMs - first.timeMs)
    const bits = alert.detectors.map(({ name, bits }) => `${name} ${bits.toFixed(1)}`).join(', ')
    print(paint.dim(clip(`  ${after} later ${alert.severity}: ${bits}`, width)))
  }
}

function rule({ print, paint, width }: Screen, title: string): void {
  print()
  print(paint.bold(`── ${title} ${'─'.repeat(Math.max(3, width - title.length - 4))}`))
  print()
}

/** Alerts for which nothing was hidden: one line for each incident. */
export function tellFalseAlerts({ print, paint, width }: Screen, { others }: Verdict, { days }: Month): void {
  const incidents = byIncident(others)
  print()
  if (incidents.length === 0) {
    print('  Nothing else raised an alert.')
    return
  }
  const perDay = (others.length / days).toFixed(others.length < days ? 2 : 1)
  print(
    `  And ${plural(others.length, 'false alert')}, ${perDay} a day, in ${plural(incidents.length, 'incident')} where nothing was hidden:`,
  )
  for (const alerts of incidents) {
    const first = alerts[0] as Alert
    const worst = alerts.at(-1) as Alert
    print(paint.dim(clip(`  ${moment(first.timeMs)}  ${worst.severity.padEnd(8)}  ${first.title}`, width)))
  }
}

/** What was hidden, and whether and when it was found. */
export function tellBalance(screen: Screen, verdict: Verdict, nameOf: NameOf): void {
  const { print, paint } = screen
  const found = verdict.attacks.filter(({ alerts }) => alerts.length > 0)
  rule(screen, 'What was hidden, and what was found')
  const table = new Table({ head: BALANCE_HEAD.map((text) => paint.dim(text)), style: PLAIN_STYLE, chars: NO_LINES })
  for (const attack of verdict.attacks) table.push(balanceRow(attack, nameOf, paint))
  print(indent(table.toString()))
  print()
  print(`  ${found.length} of ${plural(verdict.attacks.length, 'attack')} found.`)
}

const BALANCE_HEAD = ['attack', 'token', 'began', 'found after', 'by call', 'severity']

function balanceRow(attack: HiddenAttack, nameOf: NameOf, paint: Screen['paint']): string[] {
  const [first] = attack.alerts
  const beganMs = attack.callsMs[0] ?? 0
  const row = [ATTACKS[attack.name].name, nameOf(attack.tokenId), moment(beganMs)]
  if (first === undefined) return [...row, paint.red('not found'), '', '']
  const calls = attack.callsMs.filter((callMs) => callMs <= first.timeMs).length
  const worst = attack.alerts.at(-1)?.severity ?? first.severity
  const after = first.timeMs <= beganMs ? 'at once' : durationText(first.timeMs - beganMs)
  return [...row, paint.green(after), `${calls} of ${attack.callsMs.length}`, worst]
}

export interface Place {
  readonly address: string
  readonly analyst: Credentials
  readonly database: string
}

/** The database and what to ask it. */
export function tellNext(screen: Screen, place: Place, verdict: Verdict, nameOf: NameOf): void {
  const { print, paint } = screen
  const { address, analyst, database } = place
  rule(screen, 'Look for yourself')
  print(`  ClickHouse  ${paint.cyan(address)}  database ${database}`)
  print(`  user        ${analyst.user}  (may read, nothing else)`)
  print(`  password    ${analyst.password}`)
  print(paint.dim('  A throw-away database of this demonstration, reachable from this machine only.'))
  const alert = strongest(verdict)
  if (alert === undefined) return
  const about = { tokenId: alert.subject, tokenName: nameOf(alert.subject), incidentId: alert.incidentId, database }
  for (const { question, sql } of queriesAbout(about)) {
    print()
    print(`  ${paint.dim(`# ${question}`)}`)
    print(indent(curlLine(address, analyst, sql)))
  }
}

/** The alert whose incident is worth asking about: the worst of an attack that was found, else of any. */
function strongest({ attacks, others }: Verdict): Alert | undefined {
  const found = attacks.flatMap(({ alerts }) => alerts)
  const candidates = found.length > 0 ? found : others
  return [...candidates].sort((a, b) => b.surpriseBits - a.surpriseBits)[0]
}

const PLAIN_STYLE = { head: [], border: [], 'padding-left': 0, 'padding-right': 2 }
const NO_LINES = Object.fromEntries(
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle'
    .split(' ')
    .map((name) => [name, '']),
)

/** `Oct 22 13:17`. */
function moment(timeMs: number): string {
  return `${dayText(timeMs).padEnd(6)} ${new Date(timeMs).toISOString().slice(11, 16)}`
}

/** `Oct 22`. */
export function dayText(timeMs: number): string {
  return new Date(timeMs).toLocaleDateString('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' })
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n')
}
