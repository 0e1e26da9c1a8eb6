/** A child process that dies with its parent, even when that is killed: no test run leaves a server behind. */
import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface GuardedProcess {
  readonly pid: number
  /** Resolves when it has ended. Rejects when it could not be started. */
  readonly exited: Promise<Exit>
  /** Sends the signal, waits for the end, and kills it after `graceMs`. Does nothing to one that has ended. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<Exit>
}

/**
 * The shell turns into the program, which so keeps its process id. Before that it leaves a watcher behind, which waits
 * on a pipe that only we hold: a line on it means that the program has ended, its end means that we have.
 */
const GUARD = `
folder=$1; shift
( if ! read -r word <&3; then kill -9 $$; [ -z "$folder" ] || { sleep 1; rm -rf "$folder"; }; fi ) >/dev/null 2>&1 &
exec "$@" 3<&-
`

/**
 * `output` is a file descriptor for both of its outputs. It gets a session of its own, so that Ctrl-C reaches only us.
 * `removeOnOrphan` is a folder that is removed when the parent died first. Neither keeps this process from ending.
 */
export function startGuarded(
  command: string,
  args: readonly string[],
  options: { output: number; removeOnOrphan?: string },
): GuardedProcess {
  const child = spawn('/bin/sh', ['-c', GUARD, 'guard', options.removeOnOrphan ?? '', command, ...args], {
    detached: true,
    stdio: ['ignore', options.output, options.output, 'pipe'],
  })
  const pipe = child.stdio[3] as Writable & Readable & { ref(): void; unref(): void }
  pipe.on('error', () => {})
  let end: Exit | undefined
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      end = { code, signal }
      pipe.end('ended\n')
      resolve(end)
    })
  })
  child.unref()
  pipe.unref()
  return {
    pid: child.pid ?? -1,
    exited,
    async stop(signal, graceMs) {
      if (end) return end
      child.ref()
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      try {
        return await exited
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
