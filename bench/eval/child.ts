/** Runs commands as an outsider would: as processes of their own, with what they print. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Resolves to standard output. Rejects with standard error where the command fails. */
export async function runCommand(file: string, args: readonly string[], cwd?: string): Promise<string> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject)
  child.once('close', resolve)
  const code = await promise
  if (code !== 0) throw new Error(`${[file, ...args].join(' ')} exited with ${code}:\n${errors}${output}`)
  return output
}

type Flags = Readonly<Record<string, string | number | readonly string[] | undefined>>

/** A list repeats its flag, and what is undefined is left out. */
export function runTokenwatch(command: string, flags: Flags): Promise<string> {
  const args = Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((one) => [`--${name}`, String(one)]),
  )
  return runCommand(process.execPath, [MAIN, command, ...args])
}
