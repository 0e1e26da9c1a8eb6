/** What the demonstration tells: headline, the attacks with their alerts, the balance, and where to go from here. */
import Table from 'cli-table3'
import type { Alert } from '../alert/alert.ts'
import { renderTerminal } from '../notify/terminal.ts'
import { bitsText, durationText } from '../notify/presentation.ts'
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

export function tellHeadline({ print, paint }: Screen, month: Month, way: 'direct' | 'kafka'): void {
  const path = way === 'kafka' ? 'a real Kafka, the service, a real ClickHouse' : 'the real pipeline, a real ClickHouse'
  print()
  print(`  ${paint.bold('tokenwatch')}  ${paint.dim('a demonstration')}`)
  print()
  print(`  A month of API calls by ${month.tokens} tokens of invented companies, with attacks hidden in it.`)
  print('  tokenwatch is told nothing: it learns what is normal for each token and speaks up when one is')
  print(`  used differently. The calls are made up; all else is the product: ${path}.`)
  print()
}

/** One attack: what was done, and the first alert as a person on call gets it. Later ones in a line each. */
export function tellAttack(screen: Screen, attack: HiddenAttack, number: number, of: number, nameOf: NameOf): void {
  const { print, paint, colour, width } = screen
  const { name, deed } = ATTACKS[attack.name]
  const head = `${number} of ${of}  ${name}`
  print()
  print(paint.bold(`── ${head} ${'─'.repeat(Math.max(3, width - head.length - 4))}`))
  print(paint.dim(`   Hidden: ${nameOf(attack.tokenId)}, ${moment(attack.callsMs[0] ?? 0)}: ${deed}.`))
  print()
  const [first, ...later] = attack.alerts
  if (first === undefined) {
    print('   No alert was raised.')
    return
  }
  print(renderTerminal(first, { colour, widthMax: width }).trimEnd())
  for (const alert of later) {
    const after = durationText(alert.timeMs - first.timeMs)
    print()
    print(
      paint.dim(clip(`   ${after} later: ${alert.severity}, ${bitsText(alert.surpriseBits)}. ${told(alert)}`, width)),
    )
  }
}

/** Alerts for which nothing was hidden: one line for each incident. */
export function tellOthers({ print, paint, width }: Screen, verdict: Verdict, month: Month): void {
  const incidents = byIncident(verdict.others)
  print()
  if (incidents.length === 0) {
    print(`  ${paint.bold('False alerts: none.')}`)
    return
  }
  const perDay = (verdict.others.length / month.days).toFixed(1)
  const count = `${plural(verdict.others.length, 'alert')} in ${plural(incidents.length, 'incident')}, ${perDay} a day`
  print(`  ${paint.bold('False alerts')}  ${count}: nothing was hidden here`)
  for (const alerts of incidents) {
    const first = alerts[0] as Alert
    const worst = alerts.at(-1) as Alert
    const line = `${moment(first.timeMs)}  ${worst.severity.padEnd(8)}  ${first.title}`
    print(paint.dim(clip(`    ${line}`, width)))
  }
}

/** What was hidden, and whether and when it was found. */
export function tellBalance(screen: Screen, verdict: Verdict, nameOf: NameOf): void {
  const { print, paint } = screen
  const found = verdict.attacks.filter(({ alerts }) => alerts.length > 0)
  print()
  print(paint.bold(`── What was hidden, and what was found ${'─'.repeat(Math.max(3, screen.width - 39))}`))
  print()
  const table = new Table({ head: BALANCE_HEAD.map((text) => paint.dim(text)), style: PLAIN_STYLE, chars: NO_LINES })
  for (const attack of verdict.attacks) table.push(balanceRow(attack, nameOf, paint))
  print(indent(table.toString()))
  print()
  print(`  ${found.length} of ${plural(verdict.attacks.length, 'attack')} found.`)
}

const BALANCE_HEAD = ['attack', 'token', 'began', 'found after', 'by its', 'severity']

function balanceRow(attack: HiddenAttack, nameOf: NameOf, paint: Screen['paint']): string[] {
  const [first] = attack.alerts
  const beganMs = attack.callsMs[0] ?? 0
  const row = [ATTACKS[attack.name].name, nameOf(attack.tokenId), moment(beganMs)]
  if (first === undefined) return [...row, paint.red('not found'), '', '']
  const calls = attack.callsMs.filter((callMs) => callMs <= first.timeMs).length
  const severities = [...new Set(attack.alerts.map(({ severity }) => severity))]
  const after = first.timeMs <= beganMs ? 'at once' : durationText(first.timeMs - beganMs)
  return [...row, paint.green(after), `${ordinal(calls)} call of ${attack.callsMs.length}`, severities.join(', then ')]
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
  print()
  print(paint.bold(`── Look for yourself ${'─'.repeat(Math.max(3, screen.width - 21))}`))
  print()
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

const PLAIN_STYLE = { head: [], border: [], 'padding-left': 0, 'padding-right': 3 }
const NO_LINES = Object.fromEntries(
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle'
    .split(' ')
    .map((name) => [name, '']),
)

/** The title without the token's name, which stands before it. */
function told({ title, tokenName }: Alert): string {
  return title.startsWith(`${tokenName}: `) ? title.slice(tokenName.length + 2) : title
}

/** `Oct 22 13:17`. */
function moment(timeMs: number): string {
  const date = new Date(timeMs)
  return `${dayText(timeMs)} ${date.toISOString().slice(11, 16)}`
}

/** `Oct 22`. */
export function dayText(timeMs: number): string {
  return new Date(timeMs).toLocaleDateString('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' })
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

function ordinal(count: number): string {
  const rest = count % 100 > 10 && count % 100 < 14 ? 0 : count % 10
  return `${count}${{ 1: 'st', 2: 'nd', 3: 'rd' }[rest] ?? 'th'}`
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n')
}
