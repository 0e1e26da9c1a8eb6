/** Where the alerts of a replay or a backtest go: lines of JSON, text for people, or nowhere. */
import { open } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { Alert } from '../alert/alert.ts'
import { renderTerminal } from '../notify/terminal.ts'
import { ExitCode, UserError } from './command.ts'
import { alertLine } from './replay-lines.ts'

export interface AlertOutput {
  /** @param configuration which one raised it, where there are two. */
  readonly write: (alert: Alert, configuration?: 'running' | 'candidate') => void
  /** Rejects when something could not be written. */
  close(): Promise<void>
}

/** A file or `-` for lines of JSON; without a target as text, or `silent` where a report is all that is wanted. */
export async function openAlertOutput(target: string | undefined, otherwise: 'text' | 'silent'): Promise<AlertOutput> {
  if (target === undefined) {
    const style = { colour: process.stdout.isTTY, widthMax: Math.min(100, process.stdout.columns ?? 100) }
    const write = (alert: Alert) => void process.stdout.write(`${renderTerminal(alert, style)}\n`)
    return { write: otherwise === 'text' ? write : () => {}, close: async () => {} }
  }
  if (target === '-') {
    return { write: (...told) => void process.stdout.write(alertLine(...told)), close: async () => {} }
  }
  // Opened before the work begins, so that a bad path does not cost a whole replay.
  const file = await open(target, 'w').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
    throw new UserError(`--alerts ${target}: cannot be written (${code})`, { exitCode: ExitCode.usage, cause: error })
  })
  const stream = file.createWriteStream()
  return {
    write: (...told) => void stream.write(alertLine(...told)),
    async close() {
      stream.end()
      await finished(stream)
    },
  }
}
