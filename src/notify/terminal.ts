/** Alerts as readable blocks on a terminal: the first thing that a new user sees of tokenwatch. */
import pc from 'picocolors'
import { z } from 'zod'
import type { Alert } from '../alert/alert.ts'
import type { Severity } from '../severity.ts'
import { clip, countryName, printable } from '../text.ts'
import { defineNotifier } from './notifier.ts'
import type { Digest, Review } from './notifier.ts'
import {
  KIND_WORDS,
  bitsText,
  detectorLines,
  durationText,
  reviewTitle,
  subjectText,
  timeText,
} from './presentation.ts'
import type { DetectorLine } from './presentation.ts'
import { targetShape } from './target-settings.ts'

export interface TerminalStyle {
  readonly colour: boolean
  /** Columns; the evidence query alone may be wider, so that it can be copied as it stands. */
  readonly widthMax: number
}

const WIDTH = 100
const LABEL_WIDTH = 10
const NAME_WIDTH = 20
const BAR_WIDTH = 24
const SENTENCE_CHARS_MAX = 400
const DIGEST_LINES_MAX = 20
/** Of each detector in a review. */
const REVIEW_LINES_MAX = 10

type Palette = ReturnType<typeof pc.createColors>
type Paint = (text: string) => string

/** A block that ends with a newline. Every value is stripped of what could steer the terminal. */
export function renderTerminal(alert: Alert, style: TerminalStyle = { colour: false, widthMax: WIDTH }): string {
  const c = pc.createColors(style.colour)
  const paint = severityPaint(alert.severity, c)
  const width = Math.max(40, style.widthMax) - 2
  const body = [
    ...headLines(alert, c, paint, width),
    '',
    ...factLines(alert, c, width),
    ...detectorLines(alert).flatMap((line) => ['', ...findingLines(line, alert.surpriseBits, c, paint, width)]),
    '',
    ...idLines(alert, c, width),
  ]
  const block = body.map((line) => (line === '' ? paint('▌') : `${paint('▌')} ${line}`))
  return [...block, ...queryLines(alert, c), ''].join('\n')
}

export function renderTerminalDigest(digest: Digest, style: TerminalStyle): string {
  const c = pc.createColors(style.colour)
  const lines = digest.alerts.slice(0, DIGEST_LINES_MAX).map((alert) => {
    const severity = severityPaint(alert.severity, c)(alert.severity.padEnd(8))
    return `${severity}  ${c.dim(timeText(alert.timeMs))}  ${clip(alert.title, Math.max(20, style.widthMax - 40))}`
  })
  const hidden = digest.alerts.length - lines.length
  return [
    c.bold(`${digest.alerts.length} late alerts, the oldest ${durationText(digest.lateMs)} late`),
    ...lines,
    ...(hidden > 0 ? [c.dim(`and ${hidden} more; tokenwatch alerts lists them`)] : []),
    '',
  ]
    .map((line) => (line === '' ? '' : `${c.yellow('▌')} ${line}`))
    .join('\n')
}

/** The query stands outside of the bar, as an alert's does. */
export function renderTerminalReview(review: Review, style: TerminalStyle): string {
  const c = pc.createColors(style.colour)
  const width = Math.max(40, style.widthMax) - 2
  const lines = review.groups.flatMap(({ detector, notes }) => {
    const hidden = notes.length - REVIEW_LINES_MAX
    return [
      '',
      c.bold(`${clip(detector, width - 10)} · ${notes.length}`),
      ...notes
        .slice(0, REVIEW_LINES_MAX)
        .map((note) => `  ${clip(`${clip(subjectText(note), 50)}: ${note.seen}`, width - 2)}`),
      ...(hidden > 0 ? [c.dim(`  and ${hidden} more, which the query lists`)] : []),
    ]
  })
  const bar = c.cyan('▌')
  return [
    ...[c.bold(clip(reviewTitle(review), width)), ...lines].map((line) => (line === '' ? bar : `${bar} ${line}`)),
    '',
    c.dim('-- all of them, in ClickHouse'),
    review.query,
    '',
  ].join('\n')
}

function severityPaint(severity: Severity, c: Palette): Paint {
  const paints: Record<Severity, Paint> = { low: c.cyan, medium: c.yellow, high: c.red, critical: c.magenta }
  return paints[severity]
}

function headLines(alert: Alert, c: Palette, paint: Paint, width: number): string[] {
  const severity = alert.severity.toUpperCase()
  const [first = '', ...rest] = wrap(alert.title, width - severity.length - 2, SENTENCE_CHARS_MAX)
  const indent = ' '.repeat(severity.length + 2)
  const bits = alert.subjectKind === 'pipeline' ? [] : [`${bitsText(alert.surpriseBits)} of surprise`]
  const facts = [KIND_WORDS[alert.kind], ...bits, timeText(alert.timeMs)].join(' · ')
  return [
    `${paint(c.bold(severity))}  ${c.bold(first)}`,
    ...rest.map((line) => indent + c.bold(line)),
    ...wrap(facts, width - indent.length, SENTENCE_CHARS_MAX).map((line) => indent + c.dim(line)),
  ]
}

function factLines(alert: Alert, c: Palette, width: number): string[] {
  const raisedAfterMs = alert.timeMs - alert.beganAtMs
  const began =
    timeText(alert.beganAtMs) + (raisedAfterMs >= 1000 ? `, ${durationText(raisedAfterMs)} before this alert` : '')
  if (alert.subjectKind === 'pipeline') return labelled('began', [began], c, width)
  const addressWidth = Math.max(0, ...alert.sources.map((source) => Math.min(39, printable(source.ip).length)))
  const sources = alert.sources.map((source) =>
    [clip(source.ip || '-', 39).padEnd(addressWidth), countryName(source.country), source.network]
      .filter((part) => part !== '')
      .join('  '),
  )
  return [
    ...labelled(alert.subjectKind, alert.tokenName ? [alert.tokenName, alert.subject] : [alert.subject], c, width),
    ...labelled('tenant', [alert.tenant], c, width),
    ...labelled('began', [began], c, width),
    ...labelled('from', sources, c, width),
  ]
}

function findingLines(line: DetectorLine, totalBits: number, c: Palette, paint: Paint, width: number): string[] {
  const share = totalBits > 0 ? Math.min(1, line.bits / totalBits) : 0
  const barWidth = Math.max(4, Math.min(BAR_WIDTH, width - NAME_WIDTH - 16))
  const filled = Math.max(1, Math.round(share * barWidth))
  const bar = paint('━'.repeat(filled)) + c.dim('─'.repeat(barWidth - filled))
  const head = `${c.bold(clip(line.name, NAME_WIDTH).padEnd(NAME_WIDTH))}  ${bar}  ${bitsText(line.bits)}`
  if (!line.strongest) return [head]
  const further = line.further > 0 ? [`and ${line.further} more of this kind`] : []
  return [
    head,
    ...labelled('  seen', wrap(line.strongest.seen, width - LABEL_WIDTH, SENTENCE_CHARS_MAX), c, width),
    ...labelled('  normal', wrap(line.strongest.normal, width - LABEL_WIDTH, SENTENCE_CHARS_MAX), c, width),
    ...labelled('', further, c, width).map(c.dim),
  ]
}

function idLines(alert: Alert, c: Palette, width: number): string[] {
  return [
    ...labelled('events', alert.eventIds, c, width),
    ...labelled('incident', [alert.incidentId], c, width),
    ...labelled('alert', [alert.alertId], c, width),
  ]
}

/** Outside the block's bar and never cut or wrapped: it is there to be copied. */
function queryLines(alert: Alert, c: Palette): string[] {
  if (alert.evidenceQuery === '') return []
  return ['', c.dim('-- the evidence, in ClickHouse'), ...alert.evidenceQuery.split('\n').map(printable)]
}

/** Lines under one label, each made printable and cut to the width; empty values are left out. */
function labelled(label: string, values: readonly string[], c: Palette, width: number): string[] {
  return values
    .filter((value) => value !== '')
    .map((value, index) => c.dim((index === 0 ? label : '').padEnd(LABEL_WIDTH)) + clip(value, width - LABEL_WIDTH))
}

/** Words to lines of at most `width` characters; a longer word is cut in pieces. */
function wrap(text: string, width: number, charsMax: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of clip(text, charsMax)
    .split(/\s+/)
    .flatMap((long) => pieces(long, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}

function pieces(word: string, width: number): string[] {
  const cut: string[] = []
  for (let at = 0; at < word.length; at += width) cut.push(word.slice(at, at + width).toWellFormed())
  return cut
}

export const terminalNotifier = defineNotifier({
  type: 'terminal',
  summary: 'Prints alerts on standard output, in colours on a terminal.',
  settings: z.strictObject({ type: z.literal('terminal'), ...targetShape }),
  create(name, _settings, context) {
    const style = { colour: context.colour, widthMax: WIDTH }
    const answer = { status: 0, text: 'printed' }
    return {
      name,
      async notifyReview(review) {
        context.print(`${renderTerminalReview(review, style)}\n`)
        return answer
      },
      async notify(alert) {
        context.print(`${renderTerminal(alert, style)}\n`)
        return answer
      },
      async notifyDigest(digest) {
        context.print(`${renderTerminalDigest(digest, style)}\n`)
        return answer
      },
    }
  },
  secrets: () => [],
})
