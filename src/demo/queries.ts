/** Queries for the reader to try: command lines that work as they are pasted, through the analysts' views. */
import type { Credentials } from '../store/embedded-config.ts'
import { quote } from '../alert/evidence-query.ts'

export interface DemoQuery {
  /** What it answers. */
  readonly question: string
  /** One statement on several lines. No character in it means anything within double quotes of a shell. */
  readonly sql: string
}

export interface QuerySubject {
  /** The token and the incident that the queries ask about. */
  readonly tokenId: string
  readonly tokenName: string
  readonly incidentId: string
  readonly database: string
}

/** About one token and its incident, from the whole to the detail. */
export function queriesAbout({ tokenId, tokenName, incidentId, database }: QuerySubject): readonly DemoQuery[] {
  return [
    {
      question: 'What happened, to whom, and how bad was it?',
      sql: [
        'SELECT began_at, token_name, round(surprise_bits) AS bits, findings,',
        "  left(arrayStringConcat(detectors, ' '), 60) AS by",
        `FROM ${database}.incidents ORDER BY surprise_bits DESC LIMIT 8 FORMAT PrettyCompactMonoBlock`,
      ].join('\n'),
    },
    {
      question: `What does ${tokenName} normally do?`,
      sql: [
        'SELECT first_seen, last_seen, calls, countries, networks, endpoints, agents',
        `FROM ${database}.token_baseline WHERE token_id = ${quote(tokenId)} FORMAT Vertical`,
      ].join('\n'),
    },
    {
      question: 'Why was it an incident: what was seen, what is normal, and how rare is that?',
      sql: [
        'SELECT time, detector, bits, one_in, seen, normal',
        `FROM ${database}.findings_explained WHERE incident_id = ${quote(incidentId)}`,
        'ORDER BY bits DESC LIMIT 5 FORMAT Vertical',
      ].join('\n'),
    },
  ]
}

/** A command line for any shell; its first line is kept under 96 characters so that it does not wrap. */
export function curlLine(address: string, analyst: Credentials, sql: string): string {
  const host = address.replace(/^http:\/\//, '')
  return `curl -su ${analyst.user}:${analyst.password} ${host} -d "\n${sql}"`
}
