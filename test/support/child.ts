/** Runs the program as people do: as a child process, through its command line. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface ChildExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Child {
  readonly pid: number
  /** Standard input; it is closed at once unless `input: 'open'` was asked for. */
  write(text: string): void
  endInput(): void
  /** The first line of either output, past or to come, that matches. Rejects with all output if the child ends first. */
  waitForLine(pattern: RegExp): Promise<string>
  /** Sends the signal (SIGTERM unless told otherwise) and resolves when the child has ended. */
  stop(signal?: NodeJS.Signals): Promise<ChildExit>
  /** Resolves when the child has ended, however it did. */
  readonly exit: Promise<ChildExit>
}

export interface ChildOptions {
  /** Added to a bare environment: of ours it gets PATH and HOME only, so that no setting of the machine leaks in. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: 'closed' | 'open'
}

const MAIN_FILE = join(import.meta.dirname, '../../src/main.ts')

/** Starts `node src/main.ts ...args`. A child that is still there when this process ends is killed. */
export function spawnTokenwatch(args: readonly string[], options: ChildOptions = {}): Child {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [MAIN_FILE, ...args], {
    cwd: options.cwd,
    env: { PATH, HOME, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  child.stdin.on('error', () => {})
  if (options.input !== 'open') child.stdin.end()

  const output = { stdout: '', stderr: '' }
  const waiting = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
      for (const look of waiting) look()
    })
  }
  const exit = new Promise<ChildExit>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      process.removeListener('exit', killWithUs)
      resolve({ code, signal, ...output })
    })
  })
  // A failed start is for whoever awaits it.
  exit.catch(() => {})

  return {
    pid: child.pid ?? -1,
    write: (text) => void child.stdin.write(text),
    endInput: () => void child.stdin.end(),
    async waitForLine(pattern) {
      const found = Promise.withResolvers<string>()
      const look = (): void => {
        const line = firstMatch(output.stdout, pattern) ?? firstMatch(output.stderr, pattern)
        if (line !== undefined) found.resolve(line)
      }
      waiting.add(look)
      look()
      const ended = exit.then(({ code, signal, stdout, stderr }) => {
        look()
        throw new Error(`ended (${signal ?? code}) without a line ${pattern}\n${stdout}\n${stderr}`)
      })
      ended.catch(() => {})
      try {
        return await Promise.race([found.promise, ended])
      } finally {
        waiting.delete(look)
      }
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return exit
    },
    exit,
  }
}

/** Only whole lines count, so that a match never stops in the middle of one. */
function firstMatch(text: string, pattern: RegExp): string | undefined {
  const lines = text.split('\n').slice(0, -1)
  return lines.find((line) => line.search(pattern) >= 0)
}
