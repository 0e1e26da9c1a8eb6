/** How far a long command is: a bar on a terminal's standard error, nothing elsewhere. */
import { SingleBar } from 'cli-progress'

export interface Progress {
  update(done: number, total: number): void
  stop(): void
}

/** @param unit of what is counted, such as `MiB`. */
export function createProgress(name: string, unit: string): Progress {
  const bar = new SingleBar({
    format: `${name} [{bar}] {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`,
    hideCursor: true,
    clearOnComplete: true,
  })
  let isShown = false
  return {
    update(done, total) {
      if (!process.stderr.isTTY) return
      if (!isShown) bar.start(total, 0)
      isShown = true
      bar.update(done)
    },
    stop() {
      if (isShown) bar.stop()
    },
  }
}
