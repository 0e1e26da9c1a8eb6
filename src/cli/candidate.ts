/** The configuration that somebody thinks of enabling, beside the running one: `--candidate`, `--candidate-set`. */
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import { ConfigError } from '../config.ts'
import { Secret } from '../secret.ts'
import { clip } from '../text.ts'
import { configOf } from './command.ts'

export interface CandidateFlags {
  readonly candidate?: string
  readonly candidateSet?: readonly string[]
}

/** Adds the options to a command. */
export function withCandidate(command: Command): Command {
  return command
    .option('--candidate <file>', 'configuration file to compare with the running one (--config)')
    .option(
      '--candidate-set <key=value>',
      'a setting of the candidate; may be repeated. Without --candidate the rest is as it runs',
      (text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text],
    )
}

/** One setting in which the two differ. */
export interface Change {
  readonly key: string
  readonly running: string
  readonly candidate: string
}

export interface Candidate {
  readonly config: Config
  /** What can show in the comparison. */
  readonly changes: readonly Change[]
  /** Settings that differ without effect on it. */
  readonly ignored: readonly string[]
}

/**
 * Undefined where none is named. Environment and `--set` apply to both. Throws ConfigError.
 * @param sections of the configuration that have an effect.
 * @param set further overrides of the command's own, for both.
 */
export function candidateOf(
  command: Command,
  running: Config,
  sections: readonly (keyof Config)[],
  set: readonly string[] = [],
): Candidate | undefined {
  const { candidate: file, candidateSet = [] } = command.opts<CandidateFlags>()
  if (file === undefined && candidateSet.length === 0) return undefined
  const config = blaming(() => configOf(command, [...set, ...candidateSet], file))
  const changes = changesOf(running, config, [])
  const isEffective = ({ key }: Change) => sections.some((section) => key.startsWith(`${section}.`))
  return {
    config,
    changes: changes.filter(isEffective),
    ignored: changes.filter((change) => !isEffective(change)).map(({ key }) => key),
  }
}

/** Says on standard error which of the candidate's settings cannot show. */
export function noteIgnored(candidate: Candidate | undefined, why: string): void {
  const { ignored = [] } = candidate ?? {}
  if (ignored.length === 0) return
  process.stderr.write(`note: of the candidate, ${ignored.join(', ')} show nothing here: ${why}\n`)
}

/** The running configuration was read without a problem, so what is wrong stands in the candidate's own options. */
function blaming<T>(read: () => T): T {
  const own: Readonly<Record<string, string>> = { '--config': '--candidate', '--set': '--candidate-set' }
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(
      error.problems.map((problem) => {
        const { key, source } = problem
        return { ...problem, key: own[key] ?? key, source: own[source] ?? source }
      }),
    )
  }
}

function changesOf(running: unknown, candidate: unknown, path: readonly string[]): Change[] {
  if (!isSection(running) || !isSection(candidate)) {
    const [was, is] = [valueText(running), valueText(candidate)]
    return was === is ? [] : [{ key: path.join('.'), running: was, candidate: is }]
  }
  const keys = new Set([...Object.keys(running), ...Object.keys(candidate)])
  return [...keys].flatMap((key) => changesOf(running[key], candidate[key], [...path, key]))
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret)
}

function valueText(value: unknown): string {
  return value === undefined ? 'unset' : clip(JSON.stringify(value), 80)
}
