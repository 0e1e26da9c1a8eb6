/** `tokenwatch tokens`: what is known of the tokens, from lists that their owners keep and from people who mark them. */
import { Command, InvalidArgumentError, Option } from 'commander'
import type { TokenId } from '../event.ts'
import { looksLikeCredential, maskShapes } from '../ingest/credential.ts'
import { SETTLE_MS } from '../registry/history.ts'
import {
  type InventoryRow,
  TOKEN_FLAGS,
  type TokenFlag,
  type TokenUse,
  isKnownToken,
  listInventory,
  useSince,
} from '../store/inventory.ts'
import { writeMark } from '../store/registry.ts'
import { openStore } from '../store/store.ts'
import { clip } from '../text.ts'
import { userName } from './actor.ts'
import { EXIT_CODES_HELP, ExitCode, UserError, configOf } from './command.ts'
import { jsonText, listLimit, tableText, timeText } from './listing.ts'
import { explainFailures } from './prerequisite.ts'
import { durationArgument, timeArgument } from './times.ts'
import { tokensImportCommand } from './tokens-import.ts'

export function tokensCommand(): Command {
  return new Command('tokens')
    .description('The registry of tokens: who owns each, what it may do and until when, and which are in wrong hands.')
    .addCommand(tokensImportCommand())
    .addCommand(listCommand())
    .addCommand(markLeakedCommand())
}

interface ListFlags {
  readonly flag: readonly TokenFlag[]
  readonly unowned?: boolean
  readonly expired?: boolean
  readonly unused?: number
  readonly expiring?: number
  readonly limit: number
  readonly json?: boolean
}

function listCommand(): Command {
  const flag = new Option('--flag <name>', 'tokens that carry this flag; may be repeated, then all of them')
    .choices(TOKEN_FLAGS)
    .default([], 'any')
    .argParser((value: string, earlier: readonly TokenFlag[]) => [...earlier, flagNamed(value)])
  return new Command('list')
    .summary('list tokens with their use, and which need a look')
    .description(
      'Lists tokens that are registered or were used lately, the longest unused first. The flags of each say what needs ' +
        'a look; docs/schema.md has their meaning. Several filters are all to hold.',
    )
    .addOption(flag)
    .option('--unowned', 'registered, and belongs to nobody')
    .option('--expired', 'past its expiry')
    .option('--unused <duration>', 'not used for so long, such as 30d', durationArgument)
    .option('--expiring <duration>', 'expires within so long, such as 14d', durationArgument)
    .option('--limit <count>', 'how many to list', listLimit, 100)
    .option('--json', 'one JSON document, with all that is known')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (flags: ListFlags, command: Command) => {
      const { clickhouse } = configOf(command)
      await explainFailures(async () => {
        await using store = await openStore(clickhouse)
        const tokens = await listInventory(store.db, {
          flags: [
            ...flags.flag,
            ...(flags.unowned ? (['ownerless'] as const) : []),
            ...(flags.expired ? (['expired'] as const) : []),
          ],
          unusedMs: flags.unused ?? 0,
          expiringMs: flags.expiring ?? 0,
          limit: flags.limit,
        })
        process.stdout.write(flags.json ? jsonText({ tokens }) : listText(tokens))
      })
    })
}

function flagNamed(text: string): TokenFlag {
  const flag = TOKEN_FLAGS.find((each) => each === text)
  if (flag === undefined) throw new InvalidArgumentError(`expected one of ${TOKEN_FLAGS.join(', ')}`)
  return flag
}

function listText(tokens: readonly InventoryRow[]): string {
  if (tokens.length === 0) return 'no tokens\n'
  const head = [
    'token',
    'name',
    'owner',
    'tenant',
    'last used',
    'calls 30d',
    'services',
    'networks',
    'expires',
    'flags',
  ]
  const rows = tokens.map((token) => [
    token.token_id,
    token.name,
    token.owner,
    token.tenant,
    token.last_used === '' ? 'never' : timeText(Date.parse(token.last_used)),
    String(token.calls_30d),
    token.services.join(' '),
    String(token.networks.length),
    token.expires_at === '' ? (token.is_registered ? 'never' : '') : token.expires_at.slice(0, 10),
    token.flags.join(' '),
  ])
  return tableText(head, rows)
}

interface MarkFlags {
  readonly at?: number
  readonly note?: string
  readonly undo?: boolean
  readonly force?: boolean
}

function markLeakedCommand(): Command {
  return new Command('mark-leaked')
    .summary('say that a token is in wrong hands, or take that back')
    .description(
      'Marks a token as leaked: from then on each day on which it is used raises an alert. The token need not be ' +
        'registered, and imports leave the mark as it is. Shows what the token was used for since it leaked. For the id ' +
        'of a credential that was found somewhere: tokenwatch id',
    )
    .argument('<token-id>', 'the id that events and alerts name')
    .option('--at <time>', 'since when it is in wrong hands, RFC 3339 or a date (default: now)', timeArgument)
    .option('--note <text>', 'where it was found, a ticket', '')
    .option('--undo', 'take the mark back')
    .option('--force', 'also for a token that is neither registered nor was ever used')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (tokenId: string, flags: MarkFlags, command: Command) => {
      refuseCredential(tokenId)
      const { clickhouse } = configOf(command)
      await explainFailures(async () => {
        await using store = await openStore(clickhouse)
        if (flags.force !== true && !(await isKnownToken(store.db, tokenId))) throw unknownToken()
        const sinceMs = flags.at ?? Date.now()
        const compromisedAtMs = flags.undo ? 0 : sinceMs
        const note = maskShapes(flags.note ?? '')
        const mark = { tokenId: tokenId as TokenId, compromisedAtMs, actor: userName(), note }
        const writtenAtMs = await writeMark(store.db, mark)
        const counts = `It counts for calls that arrive from ${timeText(writtenAtMs + SETTLE_MS)} on.\n`
        if (flags.undo) process.stdout.write(`${clip(tokenId, 200)} is no longer marked as leaked. ${counts}`)
        else {
          process.stdout.write(`${clip(tokenId, 200)} is marked as leaked since ${timeText(sinceMs)}. ${counts}`)
          process.stdout.write(useText(await useSince(store.db, tokenId, sinceMs)))
        }
      })
    })
}

/** Arguments stay in the history of the shell; the least is not to store it and not to repeat it. */
function refuseCredential(tokenId: string): void {
  if (!looksLikeCredential(tokenId)) return
  throw new UserError('this looks like a credential, not like the id of one', {
    exitCode: ExitCode.usage,
    remedy: 'get its id with: tokenwatch id < FILE; then clear the history of this shell',
  })
}

function unknownToken(): UserError {
  return new UserError('no token of this id is registered or was ever used', {
    exitCode: ExitCode.usage,
    remedy: 'check the id with tokenwatch tokens list, or mark it all the same with --force',
  })
}

function useText({ calls, accepted, first_at, last_at, sources }: TokenUse): string {
  if (calls === 0) return 'No call of it since then is stored.\n'
  const from = sources.length === 0 ? '' : `, from ${sources.map((source) => clip(source, 60)).join(', ')}`
  const first = timeText(Date.parse(first_at))
  return `Since then it made ${calls} calls, ${accepted} of them accepted, between ${first} and ${timeText(Date.parse(last_at))}${from}.\n`
}
