/** Reads a list of tokens for the commands that take one, and says what is wrong with it. */
import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import type { Config } from '../config.ts'
import { createFingerprinter } from '../enrich/fingerprint.ts'
import { type TokenList, problemText, readTokenList } from '../registry/token-file.ts'
import { clip } from '../text.ts'
import { ExitCode, UserError } from './command.ts'

const PROBLEMS_SHOWN_MAX = 20
const LINE_CHARS_MAX = 300

/**
 * @param option what the file is called in errors, such as `--tokens registry.json`.
 * @param path `-` is standard input.
 */
export async function readTokens(option: string, path: string, config: Config): Promise<TokenList> {
  const text = path === '-' ? await textOf(process.stdin) : await readText(option, path)
  return readTokenList(text, createFingerprinter(config.enrich.fingerprintKey))
}

async function readText(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new UserError(`${option}: cannot be read (${code})`, { exitCode: ExitCode.usage, cause: error })
  }
}

/** Writes up to twenty mistakes to standard error, a line each, and throws where there is one. */
export function refuseProblems(option: string, { problems }: TokenList, remedy: string): void {
  if (problems.length === 0) return
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX)
  for (const problem of shown) process.stderr.write(`${clip(problemText(problem), LINE_CHARS_MAX)}\n`)
  if (problems.length > shown.length) process.stderr.write(`and ${problems.length - shown.length} more\n`)
  const count = `${problems.length} mistake${problems.length === 1 ? '' : 's'}`
  throw new UserError(`${option}: ${count}`, { exitCode: ExitCode.usage, remedy })
}
