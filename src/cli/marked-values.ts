/** `--value DIMENSION=LEVELS`, for the commands that speak of single values of a token. */
import { InvalidArgumentError } from 'commander'
import type { MarkedValue } from '../alert/actions.ts'
import { nearest } from '../config/spelling.ts'
import { DIMENSIONS, type Dimension } from '../profile/dimension.ts'
import { hasLevels } from '../profile/marks.ts'
import { clip } from '../text.ts'
import { ExitCode, UserError } from './command.ts'

/** A dimension and the topmost levels of its values; '' means all of them. */
export interface ValuePrefix {
  readonly dimension: Dimension
  readonly prefix: string
}

/** For `.argParser`: collects the option's values. */
export function valuePrefixes(text: string, earlier: readonly ValuePrefix[] = []): readonly ValuePrefix[] {
  const at = text.indexOf('=')
  const name = at < 0 ? text : text.slice(0, at)
  const dimension = DIMENSIONS.find((each) => each === name.trim())
  if (dimension === undefined) {
    const meant = nearest(name.trim(), DIMENSIONS)
    const hint = meant === '' ? '' : `; did you mean ${meant}?`
    throw new InvalidArgumentError(`expected DIMENSION=LEVELS with one of ${DIMENSIONS.join(', ')}${hint}`)
  }
  const prefix = at < 0 ? '' : text.slice(at + 1).replace(/\|+$/, '')
  return [...earlier, { dimension, prefix }]
}

export function isAmong(value: MarkedValue, prefixes: readonly ValuePrefix[]): boolean {
  return prefixes.some(({ dimension, prefix }) => dimension === value.dimension && hasLevels(value.value, prefix))
}

/** Refuses what names nothing: it would look as if it had been taken care of. */
export function mustName(prefixes: readonly ValuePrefix[], values: readonly MarkedValue[], what: string): void {
  const lost = prefixes.find((each) => !values.some((value) => isAmong(value, [each])))
  if (lost === undefined) return
  const known = values.filter(({ dimension }) => dimension === lost.dimension)
  const shown = known.length > 0 ? known : values
  throw new UserError(`--value ${lost.dimension}=${clip(lost.prefix, 200)}: expected the first levels of ${what}`, {
    exitCode: ExitCode.usage,
    remedy:
      shown.length === 0 ? 'there is none: leave it out' : `these are there:\n${valueLines(shown, '  ').trimEnd()}`,
  })
}

/** One line for each, the first so many of them, as `--value` takes them. */
export function valueLines(values: readonly MarkedValue[], indent: string, shownMax = 20): string {
  const lines = values.slice(0, shownMax).map(({ dimension, value }) => `${indent}${dimension}=${clip(value, 200)}\n`)
  if (values.length > shownMax) lines.push(`${indent}and ${values.length - shownMax} more\n`)
  return lines.join('')
}
