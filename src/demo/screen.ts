/** Standard output of the demonstration: colours and a bar on a terminal, plain lines elsewhere. */
import { SingleBar } from 'cli-progress'
import pc from 'picocolors'
import { clip } from '../text.ts'

const WIDTH_MAX = 100
const WIDTH_MIN = 60
/** Without a terminal, a line each time the bar has come so far. */
const PLAIN_STEP = 0.25

export interface Screen {
  readonly colour: boolean
  readonly width: number
  readonly paint: ReturnType<typeof pc.createColors>
  readonly print: (text?: string) => void
  /** A dim line beneath what is going on. */
  readonly note: (text: string) => void
  bar(): Bar
}

export interface Bar {
  /** `share` is 0 to 1. */
  update(share: number, text: string): void
  /** The bar goes, with what it said. */
  stop(): void
}

export function createScreen(out: NodeJS.WriteStream): Screen {
  const colour = out.isTTY && pc.isColorSupported
  const paint = pc.createColors(colour)
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, out.isTTY ? out.columns : WIDTH_MAX))
  const print = (text = '') => void out.write(`${text}\n`)
  return {
    colour,
    width,
    paint,
    print,
    note: (text) => print(paint.dim(clip(`  ${text}`, width))),
    bar: () => (out.isTTY ? terminalBar(out, paint) : plainBar(print)),
  }
}

function terminalBar(out: NodeJS.WriteStream, paint: Screen['paint']): Bar {
  const bar = new SingleBar({
    stream: out,
    format: `  ${paint.cyan('{bar}')}  {text}`,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 40,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  })
  let isShown = false
  return {
    update(share, text) {
      if (!isShown) bar.start(1000, 0, { text })
      isShown = true
      bar.update(Math.round(share * 1000), { text })
    },
    stop() {
      if (isShown) bar.stop()
      isShown = false
    },
  }
}

function plainBar(print: (text: string) => void): Bar {
  let next = PLAIN_STEP
  return {
    update(share, text) {
      if (share < next) return
      next = (Math.floor(share / PLAIN_STEP) + 1) * PLAIN_STEP
      print(`  ${text}`)
    },
    stop() {},
  }
}
