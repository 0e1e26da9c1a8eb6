/** The program as a child process against a database of a test. */
import { execFile } from 'node:child_process'
import { testSettings } from './clickhouse.ts'

/** Variables that lead the program to the database. */
export function databaseEnvironment(database: string): Record<string, string> {
  const { url, user, password } = testSettings(database)
  return {
    TOKENWATCH_CLICKHOUSE_URL: url!.reveal(),
    TOKENWATCH_CLICKHOUSE_USER: user!,
    TOKENWATCH_CLICKHOUSE_PASSWORD: password!.reveal(),
    TOKENWATCH_CLICKHOUSE_DATABASE: database,
  }
}

/** Runs it to its end. Never rejects. */
export function runOn(
  database: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const env = { PATH: process.env['PATH'], ...databaseEnvironment(database) }
  return new Promise((done) => {
    execFile(process.execPath, ['src/main.ts', ...args], { env }, (error, out, err) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}
