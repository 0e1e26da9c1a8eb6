/** A generic webhook: JSON, signed by Standard Webhooks, so that a receiver can tell who sent it and what it has. */
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import type { Alert } from '../alert/alert.ts'
import type { Secret } from '../secret.ts'
import { secret } from '../settings.ts'
import { clip, printable } from '../text.ts'
import { defineNotifier } from './notifier.ts'
import type { Digest, Review } from './notifier.ts'
import { reviewTitle, rfc3339 } from './presentation.ts'
import { SCHEME_NOT_ALLOWED, httpTargetShape, isSchemeAllowed, targetUrl } from './target-settings.ts'
import { createPost } from './transport.ts'
import type { Post } from './transport.ts'

const EVIDENCE_MAX = 20
const TEXT_CHARS_MAX = 4096
/** Of each detector in a review, and the length of its texts. */
const REVIEW_NOTES_MAX = 100
const REVIEW_CHARS_MAX = 512
/** The specification asks for 24 to 64 random bytes. */
const KEY_BYTES = { min: 24, max: 64 }

const webhookSettings = z
  .strictObject({
    type: z.literal('webhook'),
    ...httpTargetShape,
    url: targetUrl('Where alerts are posted.'),
    signingSecret: secret(
      'Key that signs each message: `whsec_` and 24 to 64 random bytes in base64 (Standard Webhooks).',
    ).refine(isSigningSecret, { error: 'expected whsec_ followed by 24 to 64 bytes in base64' }),
  })
  .refine(isSchemeAllowed, SCHEME_NOT_ALLOWED)

function isSigningSecret(key: Secret): boolean {
  const text = key.reveal().replace(/^whsec_/, '')
  const { length } = Buffer.from(text, 'base64')
  return length >= KEY_BYTES.min && length <= KEY_BYTES.max && Buffer.from(text, 'base64').toString('base64') === text
}

/** The alert as a receiver gets it: snake_case, RFC 3339, printable text. Evidence is cut to the strongest findings. */
export function webhookBody(alert: Alert): string {
  return JSON.stringify({
    type: `tokenwatch.alert.${alert.kind}`,
    timestamp: rfc3339(alert.timeMs),
    data: {
      ...summaryOf(alert),
      reopening: alert.reopening,
      began_at: rfc3339(alert.beganAtMs),
      evidence: alert.evidence.slice(0, EVIDENCE_MAX).map((each) => ({
        detector: text(each.detector),
        surprise_bits: each.bits,
        time: rfc3339(each.timeMs),
        seen: text(each.seen),
        normal: text(each.normal),
        event_id: text(each.eventId),
        ...sourceOf(each),
      })),
      evidence_total: alert.evidence.length,
      sources: alert.sources.map(sourceOf),
      event_ids: alert.eventIds.map(text),
      evidence_query: alert.evidenceQuery.split('\n').map(printable).join('\n'),
    },
  })
}

/** Each alert of a digest comes without its evidence; `tokenwatch alerts` and ClickHouse have it. */
export function webhookDigestBody(digest: Digest, nowMs: number): string {
  return JSON.stringify({
    type: 'tokenwatch.alert.digest',
    timestamp: rfc3339(nowMs),
    data: { late_ms: digest.lateMs, alerts: digest.alerts.map(summaryOf) },
  })
}

/** The first notes of each detector with the count of all; `query` lists the rest. */
export function webhookReviewBody(review: Review, nowMs: number): string {
  return JSON.stringify({
    type: 'tokenwatch.review',
    timestamp: rfc3339(nowMs),
    data: {
      title: reviewTitle(review),
      written_from: rfc3339(review.fromMs),
      written_to: rfc3339(review.toMs),
      subjects: review.subjects,
      groups: review.groups.map(({ detector, notes }) => ({
        detector,
        notes_total: notes.length,
        notes: notes.slice(0, REVIEW_NOTES_MAX).map((note) => ({
          subject: clip(note.subject, REVIEW_CHARS_MAX),
          token_name: clip(note.tokenName, REVIEW_CHARS_MAX),
          tenant: clip(note.tenant, REVIEW_CHARS_MAX),
          seen: clip(note.seen, REVIEW_CHARS_MAX),
        })),
      })),
      query: review.query,
    },
  })
}

function summaryOf(alert: Alert) {
  return {
    alert_id: alert.alertId,
    incident_id: alert.incidentId,
    kind: alert.kind,
    concern: alert.concern,
    severity: alert.severity,
    subject_kind: alert.subjectKind,
    subject: text(alert.subject),
    ...(alert.subjectKind === 'token' ? { token_id: text(alert.subject), token_name: text(alert.tokenName) } : {}),
    tenant: text(alert.tenant),
    title: text(alert.title),
    time: rfc3339(alert.timeMs),
    surprise_bits: alert.surpriseBits,
    detectors: alert.detectors.map(({ name, bits }) => ({ name: text(name), surprise_bits: bits })),
  }
}

function sourceOf(source: { readonly ip: string; readonly country: string; readonly network: string }) {
  return { ip: text(source.ip), country: text(source.country), network: text(source.network) }
}

function text(value: string): string {
  return clip(value, TEXT_CHARS_MAX)
}

/**
 * Signs at the time of sending. `id` stays the same over all attempts: receivers drop what they have by it.
 * Source: the Standard Webhooks specification, headers webhook-id, webhook-timestamp and webhook-signature.
 */
async function send(
  post: Post,
  key: Secret,
  nowMs: number,
  message: { readonly id: string; readonly body: string },
  signal: AbortSignal,
) {
  const sentAtSeconds = Math.floor(nowMs / 1000)
  const headers = {
    'content-type': 'application/json',
    'webhook-id': message.id,
    'webhook-timestamp': String(sentAtSeconds),
    'webhook-signature': new Webhook(key.reveal()).sign(message.id, new Date(sentAtSeconds * 1000), message.body),
  }
  return post({ headers, body: message.body }, signal)
}

export const webhookNotifier = defineNotifier({
  type: 'webhook',
  summary: 'Posts alerts as JSON, signed by Standard Webhooks.',
  settings: webhookSettings,
  create(name, settings, context) {
    const post = createPost(settings, [settings.signingSecret], context)
    const now = () => context.clock.now()
    const hand = (id: string, body: string, signal: AbortSignal) =>
      send(post, settings.signingSecret, now(), { id, body }, signal)
    return {
      name,
      notify: (alert, signal) => hand(alert.alertId, webhookBody(alert), signal),
      notifyDigest: (digest, digestId, signal) => hand(digestId, webhookDigestBody(digest, now()), signal),
      notifyReview: (review, reviewId, signal) => hand(reviewId, webhookReviewBody(review, now()), signal),
    }
  },
  secrets: (settings) => [settings.url, settings.signingSecret],
})
