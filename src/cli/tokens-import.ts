/** `tokenwatch tokens import`: brings the registry up to date with a list, and tells what that changes. */
import { Command } from 'commander'
import type { Config } from '../config.ts'
import { createFingerprinter } from '../enrich/fingerprint.ts'
import { type Changes, type ListedToken, compareTokens, isShrunken } from '../registry/changes.ts'
import { SETTLE_MS } from '../registry/history.ts'
import { type TokenList, problemText } from '../registry/token-file.ts'
import { checkKey, claimKey } from '../store/claims.ts'
import type { Database } from '../store/database.ts'
import { readTokensAt, writeTokens } from '../store/registry.ts'
import { openStore } from '../store/store.ts'
import { clip } from '../text.ts'
import { EXIT_CODES_HELP, UserError, configOf } from './command.ts'
import { jsonText, timeText } from './listing.ts'
import { explainFailures } from './prerequisite.ts'
import { readTokens, refuseProblems } from './token-list.ts'

interface ImportFlags {
  readonly source: string
  readonly partial?: boolean
  readonly allowRemovals?: boolean
  readonly skipInvalid?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

const HELP = `
The file is CSV with a header, a JSON array of objects, or one JSON object a line; - is standard input. Keys:
  token_id      the id that events carry; or token: the credential itself, which is replaced by its id at once and needs
                enrich.fingerprintKey
  name, owner, tenant, service, environment
  scopes        a list; in CSV with spaces, commas or semicolons between them
  created_at, expires_at, revoked_at, compromised_at
                RFC 3339, a date (its midnight, UTC) or epoch seconds
  rotated_from  the id of the token that this one replaces; beside token, its credential
Other keys are ignored and named.

The file is the whole of its source: what it held before and holds no longer is removed. A file that lost more than a
quarter of its tokens is refused. Run it from cron as often as the list changes; nothing is written where nothing did.

Examples:
  $ tokenwatch tokens import tokens.csv --dry-run
  $ vault-export | tokenwatch tokens import - --source vault
  $ tokenwatch tokens import new-tokens.json --partial`

export function tokensImportCommand(): Command {
  return new Command('import')
    .summary('bring the registry up to date with a list of tokens')
    .description('Reads a list of tokens and tells what it adds, changes and removes. Mistakes are named, all at once.')
    .argument('<file>', 'CSV, JSON or NDJSON; - is standard input')
    .option('--source <name>', 'which list this is, where there are several', 'default')
    .option('--partial', 'the file is not the whole list: remove nothing')
    .option('--allow-removals', 'remove tokens however many they are')
    .option('--skip-invalid', 'leave out entries with mistakes and import the others; then nothing is removed')
    .option('--dry-run', 'tell what would change, and change nothing')
    .option('--json', 'tell it as one JSON document')
    .addHelpText('after', HELP + EXIT_CODES_HELP)
    .action(async (file: string, flags: ImportFlags, command: Command) => {
      const config = configOf(command)
      await explainFailures(() => importTokens(file, flags, config))
    })
}

async function importTokens(file: string, flags: ImportFlags, config: Config): Promise<void> {
  const list = await readTokens(file, file, config)
  tellIgnored(list)
  if (flags.skipInvalid) for (const problem of list.problems) complain(`left out: ${problemText(problem)}`)
  else refuseProblems(file, list, 'correct them, or import the other entries with --skip-invalid; nothing was imported')
  await using store = await openStore(config.clickhouse)
  if (list.fingerprinted > 0) await checkOrClaim(store.db, config, flags.dryRun === true)
  const known = await readTokensAt(store.db, Date.now() + CLOCK_SLACK_MS)
  const isWhole = flags.partial !== true && (flags.skipInvalid !== true || list.problems.length === 0)
  const before = new Map(known.map((one) => [one.token.tokenId, one]))
  const changes = compareTokens(before, list.tokens, flags.source, isWhole)
  if (isShrunken(changes) && flags.allowRemovals !== true) throw tooManyRemovals(file, flags, changes)
  const writtenAtMs = flags.dryRun ? undefined : await write(store.db, changes)
  process.stdout.write(
    flags.json ? changesJson(changes, flags, list) : changesText(changes, endText(writtenAtMs, flags)),
  )
}

/** The latest versions are wanted, whatever the difference between the clocks. */
const CLOCK_SLACK_MS = 366 * 86_400_000

async function checkOrClaim(db: Database, config: Config, isDryRun: boolean): Promise<void> {
  const { keyId } = createFingerprinter(config.enrich.fingerprintKey)
  if (isDryRun) await checkKey(db, keyId)
  else await claimKey(db, keyId, false)
}

/** Returns when it was written, undefined where there was nothing to write. */
async function write(db: Database, { added, changed, removed }: Changes): Promise<number | undefined> {
  const present = [...added, ...changed.map(({ after }) => after)].map((one) => ({ ...one, isRemoved: false }))
  const versions = [...present, ...removed.map((one) => ({ ...one, isRemoved: true }))]
  return versions.length === 0 ? undefined : writeTokens(db, versions)
}

function complain(text: string): void {
  process.stderr.write(`${clip(text, 300)}\n`)
}

function tellIgnored({ ignoredKeys }: TokenList): void {
  for (const [key, meant] of ignoredKeys) complain(`ignored: ${key}${meant === '' ? '' : ` (did you mean ${meant}?)`}`)
}

function tooManyRemovals(file: string, { source }: ImportFlags, { removed }: Changes): UserError {
  const examples = removed.slice(0, 3).map(nameOf).join(', ')
  return new UserError(
    `${file}: ${removed.length} tokens of the source ${JSON.stringify(source)} are not in it any more, such as ${examples}; nothing was imported`,
    {
      remedy:
        'if the file is cut off, make it anew; if it is another list, give it a --source of its own; ' +
        'if it holds only a part, say --partial; if they are gone indeed, --allow-removals',
    },
  )
}

function nameOf({ token }: ListedToken): string {
  return token.name === '' ? token.tokenId : `${token.tokenId} (${token.name})`
}

const LISTED_MAX = 50
const VALUE_CHARS_MAX = 60

function changesText({ added, changed, removed, unchanged }: Changes, end: string): string {
  const block = (word: string, lines: readonly string[]) => [
    `${word.padEnd(10)}${lines.length}`,
    ...lines.slice(0, LISTED_MAX).map((line) => `  ${clip(line, 400)}`),
    ...(lines.length > LISTED_MAX ? [`  and ${lines.length - LISTED_MAX} more; --json has all`] : []),
  ]
  const lines = [
    ...block('added', added.map(nameOf)),
    ...block(
      'changed',
      changed.map((one) => `${nameOf(one.after)}: ${differencesOf(one).map(differenceText).join('; ')}`),
    ),
    ...block('removed', removed.map(nameOf)),
    `unchanged ${unchanged}`,
    end,
  ]
  return `${lines.join('\n')}\n`
}

function endText(writtenAtMs: number | undefined, { dryRun }: ImportFlags): string {
  if (writtenAtMs === undefined) return dryRun ? 'nothing was written: this was a dry run' : 'nothing to write'
  return `written; it counts for calls that arrive from ${timeText(writtenAtMs + SETTLE_MS)} on`
}

interface Difference {
  readonly field: string
  readonly before: string
  readonly after: string
}

function differenceText({ field, before, after }: Difference): string {
  const shown = (text: string) => (text === '' ? 'none' : clip(text, VALUE_CHARS_MAX))
  return `${field} ${shown(before)} -> ${shown(after)}`
}

function differencesOf({ before, after, fields }: Changes['changed'][number]): Difference[] {
  return fields.map((field) => {
    if (field === 'source') return { field, before: before.source, after: after.source }
    return { field: keyOf(field), before: valueText(before.token[field]), after: valueText(after.token[field]) }
  })
}

/** `expiresAtMs` is `expires_at` in lists. */
function keyOf(field: string): string {
  return field.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function valueText(value: string | number | readonly string[]): string {
  if (typeof value === 'number') return value === 0 ? '' : timeText(value)
  return typeof value === 'string' ? value : value.join(' ')
}

function changesJson(changes: Changes, flags: ImportFlags, list: TokenList): string {
  const plain = ({ token }: ListedToken) => ({ token_id: token.tokenId, name: token.name, owner: token.owner })
  return jsonText({
    source: flags.source,
    format: list.format,
    dry_run: flags.dryRun === true,
    added: changes.added.map(plain),
    changed: changes.changed.map((one) => ({ ...plain(one.after), fields: differencesOf(one) })),
    removed: changes.removed.map(plain),
    unchanged: changes.unchanged,
    left_out: list.problems.map(problemText),
    ignored_keys: [...list.ignoredKeys.keys()],
  })
}
