/** The registry of log formats: one line for each file in this folder. */
import { canonical } from './canonical.ts'
import { cloudtrail } from './cloudtrail.ts'
import type { Format } from './format.ts'

const FORMATS = { canonical, cloudtrail } as const satisfies Readonly<Record<string, Format>>

export type FormatName = keyof typeof FORMATS

export const FORMAT_NAMES = Object.keys(FORMATS) as readonly FormatName[] as [FormatName, ...FormatName[]]

export const formats: readonly Format[] = Object.values(FORMATS)

export function formatNamed(name: FormatName): Format {
  return FORMATS[name]
}
