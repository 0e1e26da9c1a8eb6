/** `tokenwatch forget`: a token begins anew, or loses single habits, without a trace in the tables being touched. */
import { Command } from 'commander'
import type { MarkedValue } from '../alert/actions.ts'
import { currentProfile } from '../app/current-profile.ts'
import type { Config } from '../config.ts'
import type { TokenId } from '../event.ts'
import { looksLikeCredential, maskShapes } from '../ingest/credential.ts'
import { DIMENSIONS } from '../profile/dimension.ts'
import { type TokenProfile, hasHistory } from '../profile/profile.ts'
import { chainsOf } from '../profile/values.ts'
import { SETTLE_MS } from '../registry/history.ts'
import { HOUR_MS } from '../settings.ts'
import type { Database } from '../store/database.ts'
import { findSubjects } from '../store/explain.ts'
import { openStore } from '../store/store.ts'
import { writeTombstones } from '../store/tombstones.ts'
import { clip } from '../text.ts'
import { userName } from './actor.ts'
import { EXIT_CODES_HELP, ExitCode, UserError, configOf } from './command.ts'
import { jsonText, timeText } from './listing.ts'
import { type ValuePrefix, isAmong, mustName, valueLines, valuePrefixes } from './marked-values.ts'
import { explainFailures } from './prerequisite.ts'

interface Flags {
  readonly value?: readonly ValuePrefix[]
  readonly note: string
  readonly actor: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

export function forgetCommand(): Command {
  return new Command('forget')
    .description(
      'Makes the profile of a token forget: all of it, or single values, in quarantine or not. It is then as if they had ' +
        'never been seen before that time, now and after a restart; the calls themselves, findings and incidents stay. ' +
        'For what was learned and should not have been: a thief who was noticed late, a token that was handed on. What ' +
        'a token knows: tokenwatch explain',
    )
    .argument('<token>', "a token's id or name")
    .option(
      '--value <dimension=levels>',
      'only values that begin with these levels, such as network=DE|AS16509; may be repeated (default: the whole token)',
      valuePrefixes,
    )
    .option('--note <text>', 'why, a ticket', '')
    .option('--actor <name>', 'who says so (default: the user)', userName())
    .option('--dry-run', 'show what would be forgotten, and write nothing')
    .option('--json', 'one JSON document')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (token: string, flags: Flags, command: Command) => {
      refuseCredential(token)
      const config = configOf(command)
      await explainFailures(async () => {
        await using store = await openStore(config.clickhouse)
        const forgotten = await forget(store.db, config, token, flags)
        process.stdout.write(flags.json ? jsonText(jsonOf(forgotten)) : textOf(forgotten))
      })
    })
}

interface Forgotten {
  readonly tokenId: TokenId
  readonly isWhole: boolean
  readonly values: readonly MarkedValue[]
  /** Event time, undefined where nothing was written. */
  readonly beforeMs: number | undefined
}

async function forget(db: Database, config: Config, text: string, flags: Flags): Promise<Forgotten> {
  const tokenId = await tokenNamed(db, text)
  const profile = await currentProfile(db, config, tokenId)
  const { value: only } = flags
  const known = valuesOf(profile)
  if (!hasHistory(profile) && known.length === 0) throw nothingThere(tokenId)
  if (only !== undefined) mustName(only, known, 'a value that the token knows')
  const values = known.filter((value) => only === undefined || isAmong(value, only))
  // Ahead of all that may have come before a block sees it, at the start of an hour: the rollups count by hours.
  const beforeMs = (nowMs: number) => ceilHour(nowMs + SETTLE_MS + config.ingest.futureMaxMs)
  const tombstones = {
    tokenId,
    values: only ?? [{ dimension: '' as const, prefix: '' }],
    actor: maskShapes(flags.actor),
    note: maskShapes(flags.note),
  }
  const writtenMs = flags.dryRun ? undefined : await writeTombstones(db, tombstones, beforeMs)
  return { tokenId, isWhole: only === undefined, values, beforeMs: writtenMs }
}

function ceilHour(timeMs: number): number {
  return Math.ceil(timeMs / HOUR_MS) * HOUR_MS
}

async function tokenNamed(db: Database, text: string): Promise<TokenId> {
  const tokens = (await findSubjects(db, text)).filter(({ kind }) => kind === 'token')
  const [found, ...others] = tokens
  if (found === undefined) {
    throw new UserError(`no token has the id or the name ${clip(text, 80)}`, {
      exitCode: ExitCode.usage,
      remedy: 'look it up with: tokenwatch tokens list',
    })
  }
  if (others.length === 0) return found.id as TokenId
  throw new UserError(
    `${tokens.length} tokens are called ${clip(text, 80)}: ${tokens.map(({ id }) => clip(id, 80)).join(', ')}`,
    {
      exitCode: ExitCode.usage,
      remedy: 'give the id of one of them',
    },
  )
}

/** All that a profile holds, quarantine included, each once. */
function valuesOf({ learned, held }: TokenProfile): MarkedValue[] {
  return DIMENSIONS.flatMap((dimension) => {
    const values = new Set([...chainsOf(learned[dimension]), ...chainsOf(held[dimension])])
    return [...values].sort().map((value) => ({ dimension, value }))
  })
}

function nothingThere(tokenId: TokenId): UserError {
  return new UserError(`token ${clip(tokenId, 200)} has no profile: there is nothing to forget`, {
    exitCode: ExitCode.usage,
    remedy: 'tokenwatch explain shows what is known of a token',
  })
}

/** Arguments stay in the history of the shell; the least is not to repeat it. */
function refuseCredential(text: string): void {
  if (!looksLikeCredential(text)) return
  throw new UserError('this looks like a credential, not like the id of one', {
    exitCode: ExitCode.usage,
    remedy: 'get its id with: tokenwatch id < FILE; then clear the history of this shell',
  })
}

function textOf({ tokenId, isWhole, values, beforeMs }: Forgotten): string {
  const what = isWhole ? 'all that it does' : `${values.length} value${values.length === 1 ? '' : 's'}`
  const list = isWhole ? '' : valueLines(values, '  ')
  if (beforeMs === undefined) {
    return `${clip(tokenId, 200)} would forget ${what}.\n${list}nothing was written: this was a dry run\n`
  }
  return (
    `${clip(tokenId, 200)} forgets ${what}.\n${list}` +
    `It counts from its first call at or after ${timeText(beforeMs)}; until then it is judged as before.\n`
  )
}

function jsonOf({ tokenId, isWhole, values, beforeMs }: Forgotten): object {
  return {
    token_id: tokenId,
    is_whole: isWhole,
    values: isWhole ? [] : values,
    dry_run: beforeMs === undefined,
    before_time: beforeMs === undefined ? null : new Date(beforeMs).toISOString(),
  }
}
