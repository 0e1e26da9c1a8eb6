/** What every command shares: exit codes, errors meant for the user, and the way to the configuration. */
import type { Command } from 'commander'
import { loadConfigFromProcess } from '../config.ts'
import type { Config } from '../config.ts'

/** Closed set; `--help` lists it. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  /** Wrong arguments or a wrong configuration: running it again does not help. */
  usage: 2,
  /** Kafka, ClickHouse or another prerequisite is missing or cannot be reached: running it again may help. */
  prerequisite: 3,
  /** The database's schema is older than this program: `tokenwatch migrate`. */
  schemaBehind: 4,
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

export const EXIT_CODES_HELP = `
Exit codes:
  0  it worked
  1  it failed
  2  wrong usage or configuration
  3  a prerequisite is missing or unreachable (Kafka, ClickHouse, Node version)
  4  the database's schema is behind; run: tokenwatch migrate`

/**
 * An error that the user can act on: printed as message and remedy, without a stack. The message holds no secret and
 * no URL with user info, path or query.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly exitCode: ExitCode
  /** What to do about it, one sentence or a command line; '' when there is nothing to say. */
  readonly remedy: string
  constructor(message: string, detail: { exitCode?: ExitCode; remedy?: string; cause?: unknown } = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.exitCode = detail.exitCode ?? ExitCode.failed
    this.remedy = detail.remedy ?? ''
  }
}

/** Configurations that a program has read, so that an error report knows which secrets to mask. */
const configs = new WeakMap<Command, readonly Config[]>()

function rootOf(command: Command): Command {
  let root = command
  while (root.parent) root = root.parent
  return root
}

/**
 * The configuration from the global options `--config` and `--set` and the environment. Throws ConfigError with all
 * problems; let it pass, it is printed with exit code 2.
 * @param set further `KEY=VALUE` overrides of the command's own, applied last.
 * @param file instead of the one that `--config` names.
 */
export function configOf(command: Command, set: readonly string[] = [], file?: string): Config {
  const root = rootOf(command)
  const options = root.opts<{ config?: string; set?: readonly string[] }>()
  const named = file ?? options.config
  const config = loadConfigFromProcess({
    ...(named === undefined ? {} : { file: named }),
    set: [...(options.set ?? []), ...set],
  })
  configs.set(root, [...loadedConfigsOf(root), config])
  return config
}

/** The configurations that a command of this program has read. */
export function loadedConfigsOf(program: Command): readonly Config[] {
  return configs.get(program) ?? []
}
