/** What the evaluation is asked for on the command line. */
import { parseArgs } from 'node:util'

export interface EvalOptions {
  /** As `simulate --estate` names it. */
  readonly estate: string
  readonly seeds: readonly number[]
  readonly tokens: number
  readonly days: number
  /** Traffic stays here and is used again; a temporary folder when absent. */
  readonly keep: string | undefined
  /** Uses kept traffic although the simulator has changed since. */
  readonly frozen: boolean
  /** Seeds at a time. */
  readonly jobs: number
  /** Takes all from the registry that says more than who holds a token, its scopes and its expiry. */
  readonly plainRegistry: boolean
  /** `key=value` settings of the candidate configuration. */
  readonly set: readonly string[]
  /** Compares with the reference rules. */
  readonly rules: boolean
  /** Tells what was false and what was missed, with so many examples of each. */
  readonly why: boolean
  readonly examples: number
  /** Folders with known truth, brought by whoever has them. */
  readonly cloudtrail: string | undefined
  readonly nab: string | undefined
  readonly json: string | undefined
  /** Puts the tables into docs/detection.md. */
  readonly write: boolean
}

/** Detection is tuned on the first and reported on the second. */
export const TUNING_SEEDS = '1-4'
export const REPORTING_SEEDS = '11-13'

/** Throws TypeError for an unknown option and RangeError for a value that makes no sense. */
export function parseOptions(args: readonly string[]): EvalOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      estate: { type: 'string', default: 'evaluation' },
      seeds: { type: 'string' },
      tokens: { type: 'string', default: '400' },
      days: { type: 'string', default: '35' },
      keep: { type: 'string' },
      frozen: { type: 'boolean', default: false },
      jobs: { type: 'string', default: '1' },
      'plain-registry': { type: 'boolean', default: false },
      set: { type: 'string', multiple: true, default: [] },
      rules: { type: 'boolean', default: false },
      why: { type: 'boolean', default: false },
      examples: { type: 'string', default: '25' },
      cloudtrail: { type: 'string' },
      nab: { type: 'string' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  })
  return {
    estate: values.estate,
    seeds: seedsIn(values.seeds ?? (values.write ? REPORTING_SEEDS : '1')),
    tokens: wholeNumber('tokens', values.tokens),
    days: wholeNumber('days', values.days),
    keep: values.keep,
    frozen: values.frozen,
    jobs: wholeNumber('jobs', values.jobs),
    plainRegistry: values['plain-registry'],
    set: values.set,
    rules: values.rules || values.write,
    why: values.why,
    examples: wholeNumber('examples', values.examples),
    cloudtrail: values.cloudtrail,
    nab: values.nab,
    json: values.json,
    write: values.write,
  }
}

/** `1-3,7` is 1, 2, 3 and 7. */
function seedsIn(text: string): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [first, last] = part.split('-').map((seed) => wholeNumber('seeds', seed))
    if (first === undefined) return []
    return Array.from({ length: (last ?? first) - first + 1 }, (_, index) => first + index)
  })
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new RangeError(`--${name} is ${JSON.stringify(text)}, expected a whole number`)
  return Number(text)
}
