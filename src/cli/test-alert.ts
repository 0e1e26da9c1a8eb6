/** `tokenwatch test-alert`: sends a sample to every target and says what each answered. */
import Table from 'cli-table3'
import { Command } from 'commander'
import pc from 'picocolors'
import { systemClock } from '../clock.ts'
import type { Clock } from '../clock.ts'
import { silentLog } from '../log.ts'
import { createNotifiers } from '../notify/index.ts'
import type { TargetNotifier } from '../notify/index.ts'
import { DeliveryError } from '../notify/notifier.ts'
import { sampleAlert } from '../notify/sample-alert.ts'
import type { NotifySettings } from '../notify/settings.ts'
import { clip } from '../text.ts'
import { EXIT_CODES_HELP, ExitCode, UserError, configOf } from './command.ts'

export interface TestAlertOptions {
  /** undefined: every target. */
  readonly target: string | undefined
  readonly clock: Clock
  readonly print: (text: string) => void
  readonly colour: boolean
}

/** How one target took the sample. */
interface Outcome {
  readonly target: TargetNotifier
  readonly ok: boolean
  readonly status: number
  readonly text: string
}

const ANSWER_CHARS_MAX = 200

export function testAlertCommand(): Command {
  return new Command('test-alert')
    .description('send a sample alert, marked as a test, to every target and print what each answered')
    .option('--target <name>', 'only this target')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (options: { target?: string }, command: Command) => {
      process.exitCode = await testTargets(configOf(command).notify, {
        target: options.target,
        clock: systemClock,
        print: (text) => process.stdout.write(text),
        colour: process.stdout.isTTY && pc.isColorSupported,
      })
    })
}

/** Sends one sample to each target at once. Throws UserError when there is no such target. */
export async function testTargets(settings: NotifySettings, options: TestAlertOptions): Promise<ExitCode> {
  const { target, clock, print, colour } = options
  const context = { timeoutMs: settings.timeoutMs, clock, print, colour }
  const all = createNotifiers(settings, context, silentLog)
  const chosen = all.filter(({ notifier }) => target === undefined || notifier.name === target)
  if (chosen.length === 0)
    throw new UserError(
      target === undefined ? 'no target is configured' : `there is no target "${clip(target, 100)}"`,
      {
        exitCode: ExitCode.usage,
        remedy: all.length === 0 ? 'Add one under notify.targets.' : `Targets: ${namesOf(all)}.`,
      },
    )
  const alert = sampleAlert(clock.now())
  const outcomes = await Promise.all(chosen.map(async (each) => trySample(each, alert)))
  print(`${tableOf(outcomes, colour)}\n`)
  return outcomes.every(({ ok }) => ok) ? ExitCode.ok : ExitCode.failed
}

async function trySample(target: TargetNotifier, alert: ReturnType<typeof sampleAlert>): Promise<Outcome> {
  try {
    const { status, text } = await target.notifier.notify(alert, new AbortController().signal)
    return { target, ok: true, status, text }
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    return { target, ok: false, status: error.status, text: error.message }
  }
}

function tableOf(outcomes: readonly Outcome[], colour: boolean): string {
  const c = pc.createColors(colour)
  const table = new Table({
    head: ['target', 'type', 'result', 'status', 'answer'],
    style: { head: colour ? ['bold'] : [], border: colour ? ['dim'] : [] },
    colWidths: [null, null, null, null, 60],
    wordWrap: true,
  })
  for (const { target, ok, status, text } of outcomes)
    table.push([
      target.notifier.name,
      target.type,
      ok ? c.green('delivered') : c.red('failed'),
      status === 0 ? '-' : String(status),
      clip(text, ANSWER_CHARS_MAX),
    ])
  return table.toString()
}

function namesOf(targets: readonly TargetNotifier[]): string {
  return targets.map(({ notifier }) => notifier.name).join(', ')
}
