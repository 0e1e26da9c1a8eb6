/** `tokenwatch alerts`: what was raised, and whether it reached anybody. */
import { Command } from 'commander'
import { listAlerts, undeliverable } from '../store/outbox.ts'
import type { ListedAlert } from '../store/outbox.ts'
import { openStore } from '../store/store.ts'
import { EXIT_CODES_HELP, configOf } from './command.ts'
import { jsonText, listLimit, tableText, timeText } from './listing.ts'
import { explainFailures } from './prerequisite.ts'

interface Flags {
  readonly undeliverable?: boolean
  readonly limit: number
  readonly json?: boolean
}

export function alertsCommand(): Command {
  return new Command('alerts')
    .description(
      'Lists alerts, the latest first, with what became of each at every target that was tried, and counts those that ' +
        'were given up. An alert without a target still waits, or no target is configured.',
    )
    .option('--undeliverable', 'only alerts that a target never got: given up after the last try, or refused for good')
    .option('--limit <count>', 'how many to list', listLimit, 20)
    .option('--json', 'one JSON document, with whole alerts')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (flags: Flags, command: Command) => {
      const { clickhouse } = configOf(command)
      await explainFailures(async () => {
        await using store = await openStore(clickhouse)
        const alerts = await listAlerts(store.db, {
          limit: flags.limit,
          undeliverable: flags.undeliverable === true,
        })
        const lost = await undeliverable(store.db)
        process.stdout.write(flags.json ? jsonOf(alerts, lost) : textOf(alerts, lost))
      })
    })
}

function jsonOf(alerts: readonly ListedAlert[], lost: ReadonlyMap<string, number>): string {
  return jsonText({
    undeliverable: Object.fromEntries(lost),
    alerts: alerts.map(({ alert, ingestedAtMs, targets }) => ({
      alert_id: alert.alertId,
      incident_id: alert.incidentId,
      kind: alert.kind,
      severity: alert.severity,
      subject: alert.subject,
      token_name: alert.tokenName,
      tenant: alert.tenant,
      title: alert.title,
      time: new Date(alert.timeMs).toISOString(),
      written_at: new Date(ingestedAtMs).toISOString(),
      surprise_bits: alert.surpriseBits,
      detectors: alert.detectors,
      event_ids: alert.eventIds,
      targets: targets.map(({ attemptedAtMs, ...target }) => ({
        ...target,
        attempted_at: new Date(attemptedAtMs).toISOString(),
      })),
    })),
  })
}

function textOf(alerts: readonly ListedAlert[], lost: ReadonlyMap<string, number>): string {
  const rows = alerts.map(({ alert, targets }) => [
    timeText(alert.timeMs),
    alert.severity,
    alert.kind,
    alert.tokenName || alert.subject,
    alert.title,
    alert.surpriseBits.toFixed(1),
    targets.map(({ target, outcome, attempts }) => `${target}: ${outcome} (${attempts})`).join(', ') || 'waiting',
    alert.alertId,
  ])
  const head = ['time', 'severity', 'kind', 'about', 'title', 'bits', 'delivery (attempts)', 'alert id']
  const given = [...lost].map(([target, count]) => `${target}: ${count}`).join(', ')
  const list = rows.length === 0 ? 'no alerts\n' : tableText(head, rows)
  return `${list}${given === '' ? '' : tableText(['given up'], [[given]], 500)}`
}
