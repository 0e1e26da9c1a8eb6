/** `tokenwatch id`: the ids of credentials, for building a registry or looking up a leak, without showing them. */
import { createInterface } from 'node:readline'
import { Command } from 'commander'
import { createFingerprinter } from '../enrich/fingerprint.ts'
import type { Fingerprinter } from '../ingest/token-identity.ts'
import { configOf, ExitCode, UserError } from './command.ts'

/** Longer lines are no credential; nothing of them is kept or shown. */
const CREDENTIAL_CHARS_MAX = 65_536

/** One `line-number token_id kind` for each line that is not blank, in order. Credentials never come out. */
export async function* idLines(
  lines: AsyncIterable<string>,
  fingerprinter: Fingerprinter,
): AsyncGenerator<string, void, undefined> {
  let number = 0
  for await (const line of lines) {
    number++
    const credential = line.trim()
    if (credential === '') continue
    if (credential.length > CREDENTIAL_CHARS_MAX)
      throw new UserError(`line ${number}: expected one credential of at most ${CREDENTIAL_CHARS_MAX} characters`)
    const identity = fingerprinter.identify(credential)
    if (!identity) throw keyMissing()
    yield `${number} ${identity.tokenId} ${identity.tokenKind}`
  }
}

function keyMissing(): UserError {
  return new UserError('enrich.fingerprintKey is not set', {
    exitCode: ExitCode.usage,
    remedy:
      'Set TOKENWATCH_ENRICH_FINGERPRINT_KEY, or TOKENWATCH_ENRICH_FINGERPRINT_KEY_FILE, to the key of the running service.',
  })
}

/** A short option in plain words is a slip of the pen and is named; anything else may be a credential. */
function argumentsRefused(args: readonly string[]): UserError {
  const slip = args.find((arg) => /^--[a-z-]{1,16}$/.test(arg))
  return new UserError(
    slip === undefined ? 'id takes no arguments' : `unknown option '${slip}'; id takes no arguments`,
    {
      exitCode: ExitCode.usage,
      remedy: 'Give the credentials on standard input, one a line: tokenwatch id < FILE',
    },
  )
}

export function idCommand(): Command {
  return (
    new Command('id')
      .summary('read credentials from standard input, print their token ids')
      .description(
        'Reads credentials from standard input, one a line, and prints "line-number token_id kind" for each.\n' +
          'The credentials themselves are neither printed nor kept. It takes no arguments: those would stay in ' +
          'the history of the shell and be visible to every user of this machine.',
      )
      .usage('[options] < FILE')
      // A credential in the arguments must not be quoted back by an error message, so they are taken and refused here.
      .argument('[arguments...]')
      .allowUnknownOption()
      .action(async (_arguments: unknown, _options: unknown, command: Command) => {
        if (command.args.length > 0) throw argumentsRefused(command.args)
        const fingerprinter = createFingerprinter(configOf(command).enrich.fingerprintKey)
        if (fingerprinter.keyId === '') throw keyMissing()
        const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })
        for await (const line of idLines(lines, fingerprinter)) process.stdout.write(`${line}\n`)
      })
  )
}
