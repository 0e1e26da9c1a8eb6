/** Slack by incoming webhook: what happened, to which token, seen and normal, within the limits of Block Kit. */
import { z } from 'zod'
import type { Alert } from '../alert/alert.ts'
import type { Severity } from '../severity.ts'
import { clip, printable } from '../text.ts'
import { defineNotifier } from './notifier.ts'
import type { Digest, Review, ReviewGroup } from './notifier.ts'
import {
  KIND_WORDS,
  bitsText,
  detectorLines,
  durationText,
  reviewTitle,
  sourceText,
  subjectText,
  timeText,
} from './presentation.ts'
import type { DetectorLine } from './presentation.ts'
import { SCHEME_NOT_ALLOWED, httpTargetShape, isSchemeAllowed, targetUrl } from './target-settings.ts'
import { createPost } from './transport.ts'

/** Limits from docs.slack.dev, Block Kit reference: header, section and text object. */
const HEADER_CHARS_MAX = 150
const TEXT_CHARS_MAX = 3000
/** Slack allows 2,000 a field and 3,000 a section; longer sentences than these are not read in a minute. */
const FIELD_CHARS_MAX = 600
const LINES_CHARS_MAX = 2000
const FALLBACK_CHARS_MAX = 300
const DETECTORS_MAX = 12
const DIGEST_LINES_MAX = 20
/** Of each detector in a review. */
const REVIEW_LINES_MAX = 10

const MARKS: Readonly<Record<Severity, string>> = { low: '🔵', medium: '🟡', high: '🔴', critical: '🚨' }

type PlainText = { readonly type: 'plain_text'; readonly text: string; readonly emoji: false }
type Mrkdwn = { readonly type: 'mrkdwn'; readonly text: string; readonly verbatim: true }
type TextObject = PlainText | Mrkdwn
type Block =
  | { readonly type: 'header'; readonly text: PlainText }
  | { readonly type: 'section'; readonly text?: TextObject; readonly fields?: readonly TextObject[] }
  | { readonly type: 'context'; readonly elements: readonly TextObject[] }
  | { readonly type: 'divider' }

export interface SlackMessage {
  /** Shown in notifications and where blocks are not. */
  readonly text: string
  readonly blocks: readonly Block[]
  readonly unfurl_links: false
  readonly unfurl_media: false
}

/** For text that Slack parses. Escape after cutting: a cut entity would be shown as text. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Slack parses nothing in plain text, so values of events stand here. Lines are cleaned one by one. */
function plain(text: string, charsMax: number): PlainText {
  const lines = text.split('\n').map(printable).join('\n')
  const cut = lines.length <= charsMax ? lines : `${lines.slice(0, charsMax - 1).toWellFormed()}…`
  return { type: 'plain_text', text: cut.trim() === '' ? '-' : cut, emoji: false }
}

/** For words of ours. Escaped all the same. */
function bold(label: string, rest = ''): Mrkdwn {
  return { type: 'mrkdwn', text: `*${escapeMrkdwn(clip(label, 60))}*${escapeMrkdwn(rest)}`, verbatim: true }
}

/** Not one line of a value may look like a further one. */
function labelled(label: string, value: string): PlainText {
  return plain(`${label}\n${clip(value, FIELD_CHARS_MAX)}`, FIELD_CHARS_MAX + label.length + 1)
}

function lines(label: string, values: readonly string[]): Block[] {
  if (values.length === 0) return []
  const each = Math.floor(LINES_CHARS_MAX / values.length) - 1
  return [
    {
      type: 'section',
      text: bold(label),
      fields: [plain(values.map((value) => clip(value, each)).join('\n'), LINES_CHARS_MAX)],
    },
  ]
}

export function slackMessage(alert: Alert): SlackMessage {
  const head = `${MARKS[alert.severity]} ${alert.severity.toUpperCase()}: `
  const shown = detectorLines(alert).slice(0, DETECTORS_MAX)
  const summary = clip(`${alert.severity.toUpperCase()}: ${alert.title}`, FALLBACK_CHARS_MAX)
  return {
    text: escapeMrkdwn(summary),
    blocks: [
      { type: 'header', text: plain(head + clip(alert.title, HEADER_CHARS_MAX - head.length), HEADER_CHARS_MAX) },
      { type: 'section', fields: factFields(alert) },
      ...shown.map(detectorBlock),
      ...lines('From', alert.sources.map(sourceText)),
      ...lines('Events', alert.eventIds),
      ...queryBlocks('Evidence, in ClickHouse', alert.evidenceQuery, '; tokenwatch alerts prints it'),
      {
        type: 'context',
        elements: [plain(`alert ${alert.alertId} · incident ${alert.incidentId} · tokenwatch`, 300)],
      },
    ],
    unfurl_links: false,
    unfurl_media: false,
  }
}

function factFields(alert: Alert): readonly TextObject[] {
  const began = labelled('Began', timeText(alert.beganAtMs))
  const kind = labelled('Alert', `${KIND_WORDS[alert.kind]}, ${timeText(alert.timeMs)}`)
  if (alert.subjectKind === 'pipeline') return [began, kind]
  return [
    labelled(alert.subjectKind === 'token' ? 'Token' : 'Network', subjectText(alert)),
    labelled('Tenant', alert.tenant || '-'),
    began,
    kind,
    labelled('Surprise', bitsText(alert.surpriseBits)),
  ]
}

function detectorBlock(line: DetectorLine): Block {
  const further = line.further > 0 ? `, and ${line.further} more of this kind` : ''
  const text = bold(line.name, ` · ${bitsText(line.bits)}${further}`)
  if (!line.strongest) return { type: 'section', text }
  return {
    type: 'section',
    text,
    fields: [labelled('Seen', line.strongest.seen), labelled('Normal', line.strongest.normal)],
  }
}

/** In a code block, whole or not at all: half a query is a wrong one. Backticks would close the block. */
function queryBlocks(label: string, sql: string, remedy = ''): Block[] {
  if (sql === '') return []
  const query = escapeMrkdwn(sql.split('\n').map(printable).join('\n'))
  const text = `*${escapeMrkdwn(label)}*\n\`\`\`\n${query}\n\`\`\``
  const fits = text.length <= TEXT_CHARS_MAX && !query.includes('`')
  return [
    fits
      ? { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }
      : {
          type: 'section',
          text: bold(label, `: the query does not fit here${remedy}.`),
        },
  ]
}

export function slackDigest(digest: Digest): SlackMessage {
  const count = digest.alerts.length
  const summary = `${count} late ${count === 1 ? 'alert' : 'alerts'}, the oldest ${durationText(digest.lateMs)} late`
  const shown = digest.alerts.slice(0, DIGEST_LINES_MAX).map((alert): Block => {
    const facts = `${MARKS[alert.severity]} ${alert.severity} · ${timeText(alert.timeMs)} · ${bitsText(alert.surpriseBits)}`
    return {
      type: 'section',
      text: plain(`${facts}\n${clip(alert.title, 300)}\n${clip(subjectText(alert), 200)}`, FIELD_CHARS_MAX),
    }
  })
  const hidden = count - shown.length
  return {
    text: escapeMrkdwn(summary),
    blocks: [
      { type: 'header', text: plain(`⏰ ${summary}`, HEADER_CHARS_MAX) },
      ...shown,
      {
        type: 'context',
        elements: [
          plain(hidden > 0 ? `and ${hidden} more; tokenwatch alerts lists them` : 'tokenwatch alerts shows each', 300),
        ],
      },
    ],
    unfurl_links: false,
    unfurl_media: false,
  }
}

export function slackReview(review: Review): SlackMessage {
  const title = reviewTitle(review)
  return {
    text: escapeMrkdwn(title),
    blocks: [
      { type: 'header', text: plain(`📋 ${title}`, HEADER_CHARS_MAX) },
      ...review.groups.slice(0, DETECTORS_MAX).map(reviewBlock),
      ...queryBlocks('All of them, in ClickHouse', review.query),
      { type: 'context', elements: [plain('once a day, for whoever looks after tokens · tokenwatch', 300)] },
    ],
    unfurl_links: false,
    unfurl_media: false,
  }
}

function reviewBlock({ detector, notes }: ReviewGroup): Block {
  const shown = notes.slice(0, REVIEW_LINES_MAX)
  const each = Math.floor(LINES_CHARS_MAX / (shown.length + 1)) - 1
  const told = shown.map((note) => {
    const tenant = note.tenant === '' ? '' : ` · ${clip(note.tenant, 40)}`
    return clip(`${clip(subjectText(note), 80)}${tenant}: ${note.seen}`, each)
  })
  const hidden = notes.length - shown.length
  const rest = hidden > 0 ? [`and ${hidden} more, which the query lists`] : []
  return {
    type: 'section',
    text: bold(detector, ` · ${notes.length}`),
    fields: [plain([...told, ...rest].join('\n'), LINES_CHARS_MAX)],
  }
}

export const slackNotifier = defineNotifier({
  type: 'slack',
  summary: 'Posts alerts to a Slack channel through an incoming webhook.',
  settings: z
    .strictObject({
      type: z.literal('slack'),
      ...httpTargetShape,
      url: targetUrl('The incoming webhook of the channel, `https://hooks.slack.com/services/…`.'),
    })
    .refine(isSchemeAllowed, SCHEME_NOT_ALLOWED),
  create(name, settings, context) {
    const post = createPost(settings, [], context)
    const send = (message: SlackMessage, signal: AbortSignal) =>
      post({ headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(message) }, signal)
    return {
      name,
      notify: async (alert, signal) => send(slackMessage(alert), signal),
      notifyDigest: async (digest, _digestId, signal) => send(slackDigest(digest), signal),
      notifyReview: async (review, _reviewId, signal) => send(slackReview(review), signal),
    }
  },
  secrets: (settings) => [settings.url],
})
