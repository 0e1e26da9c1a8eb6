/** Building blocks of the rooms' settings schemas, so that secrets, times and sizes look alike everywhere. */
import { z } from 'zod'
import { Secret } from './secret.ts'

/**
 * What `config.ts` reads from a schema's metadata beside its description. `env`: the setting may also come from the
 * environment, under `TOKENWATCH_` and its key path in upper snake case (`clickhouse.password` is
 * `TOKENWATCH_CLICKHOUSE_PASSWORD`). `secret`: likewise from the file that `…_FILE` names, and never printed.
 */
declare module 'zod' {
  interface GlobalMeta {
    env?: boolean
    secret?: boolean
  }
}

/** A secret from the environment, a file or the configuration. */
export function secret(description: string) {
  return z
    .string()
    .min(1)
    .transform((text) => new Secret(text))
    .meta({ description, env: true, secret: true })
}

/** An address of another system: configurable from the environment, not secret. */
export function address(description: string) {
  return z.string().min(1).meta({ description, env: true })
}

/** A duration in milliseconds. */
export function durationMs(description: string) {
  return z.number().int().min(0).describe(description)
}

export function count(description: string, min = 1) {
  return z.number().int().min(min).describe(description)
}

export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000
