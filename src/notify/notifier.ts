/** What a target of alerts is: it delivers once, or says why not. Retrying is one stage for all of them. */
import type { LookupFunction } from 'node:net'
import type { z } from 'zod'
import type { Alert } from '../alert/alert.ts'
import type { Clock } from '../clock.ts'
import type { Secret } from '../secret.ts'
import type { DeliveryFailure } from '../store/delivery.ts'

/** A failed delivery. Its message holds no URL and no secret: at most the host. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
  readonly failure: DeliveryFailure
  readonly retryable: boolean
  /** What the target asked for, if it did. */
  readonly retryAfterMs: number | undefined
  /** HTTP status, 0 when there was no answer. */
  readonly status: number
  constructor(
    message: string,
    detail: { failure: DeliveryFailure; retryable: boolean; retryAfterMs?: number | undefined; status?: number },
  ) {
    super(message)
    this.failure = detail.failure
    this.retryable = detail.retryable
    this.retryAfterMs = detail.retryAfterMs
    this.status = detail.status ?? 0
  }
}

/** Several late alerts in one message. */
export interface Digest {
  readonly alerts: readonly Alert[]
  /** How late the oldest of them is, at the time of sending. */
  readonly lateMs: number
}

/** What was written about the governance of tokens, for whoever looks after them: one message a day that pages nobody. */
export interface Review {
  /** When the first and the last of it was written. */
  readonly fromMs: number
  readonly toMs: number
  /** Tokens, and networks, that it is about. */
  readonly subjects: number
  /** By the detector's name. */
  readonly groups: readonly ReviewGroup[]
  /** One SELECT that lists all of it in ClickHouse. */
  readonly query: string
}

export interface ReviewGroup {
  readonly detector: string
  /** All of them, by tenant and name: targets show the first. */
  readonly notes: readonly ReviewNote[]
}

export interface ReviewNote {
  readonly subject: string
  /** Of the token, '' for other subjects. */
  readonly tokenName: string
  readonly tenant: string
  readonly seen: string
}

export interface DeliveryAnswer {
  /** HTTP status, 0 for a target that is no HTTP server. */
  readonly status: number
  /** What the target answered, at most 4 KiB, made printable. */
  readonly text: string
}

/** Delivers once, or throws DeliveryError. Never retries by itself. */
export interface Notifier {
  /** The target's name in the configuration. */
  readonly name: string
  notify(alert: Alert, signal: AbortSignal): Promise<DeliveryAnswer>
  notifyDigest(digest: Digest, digestId: string, signal: AbortSignal): Promise<DeliveryAnswer>
  notifyReview(review: Review, reviewId: string, signal: AbortSignal): Promise<DeliveryAnswer>
}

/** What every target is given beside its own settings. */
export interface NotifyContext {
  /** Limit of one call, from the first packet to the last byte that is read. */
  readonly timeoutMs: number
  readonly clock: Clock
  /** Writes finished text for people to standard output. */
  readonly print: (text: string) => void
  /** `print` ends at a terminal that shows colours. */
  readonly colour: boolean
  /** Resolves names, for tests; the system's resolver when it is left out. */
  readonly lookup?: LookupFunction
}

/** How a kind of target is registered in `index.ts`: its settings and how to make one. */
export interface NotifierDefinition<S extends z.ZodObject = z.ZodObject> {
  readonly type: string
  readonly summary: string
  readonly settings: S
  create(name: string, settings: z.infer<S>, context: NotifyContext): Notifier
  /** Secrets among the settings, for redaction of foreign error texts. */
  secrets(settings: z.infer<S>): readonly Secret[]
}

export function defineNotifier<S extends z.ZodObject>(definition: NotifierDefinition<S>): NotifierDefinition<S> {
  return definition
}
