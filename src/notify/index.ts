/** The registry of targets. A new kind is one file and one line here. */
import { z } from 'zod'
import type { AlertKind } from '../alert/alert.ts'
import type { Severity } from '../severity.ts'
import { describeError, redactor } from '../log.ts'
import type { Log } from '../log.ts'
import { DeliveryError } from './notifier.ts'
import type { Notifier, NotifierDefinition, NotifyContext } from './notifier.ts'
import { slackNotifier } from './slack.ts'
import { terminalNotifier } from './terminal.ts'
import { webhookNotifier } from './webhook.ts'

export const NOTIFIERS = [terminalNotifier, slackNotifier, webhookNotifier] as const

type SettingsOf<D extends readonly NotifierDefinition[]> = { -readonly [K in keyof D]: D[K]['settings'] }

/** Settings of one target, told apart by `type`. */
export const targetSettings = z.discriminatedUnion(
  'type',
  NOTIFIERS.map((definition) => definition.settings) as unknown as SettingsOf<typeof NOTIFIERS>,
)
export type TargetSettings = z.infer<typeof targetSettings>

/** A target with what decides which alerts it is sent. */
export interface TargetNotifier {
  readonly notifier: Notifier
  readonly type: string
  readonly minSeverity: Severity
  /** undefined: all kinds. */
  readonly kinds: readonly AlertKind[] | undefined
}

/** One notifier for each configured target, by name. Throws DeliveryError only, whatever goes wrong inside. */
export function createNotifiers(
  settings: { readonly targets: Readonly<Record<string, TargetSettings>> },
  context: NotifyContext,
  log: Log,
): readonly TargetNotifier[] {
  return Object.entries(settings.targets).map(([name, target]) => {
    const definition = NOTIFIERS.find(({ type }) => type === target.type) as NotifierDefinition
    const redact = redactor(definition.secrets(target))
    const notifier = definition.create(name, target, context)
    const guard = async <T>(call: () => Promise<T>): Promise<T> => {
      try {
        return await call()
      } catch (error) {
        if (error instanceof DeliveryError) throw error
        log.error({ target: name, err: describeError(error, redact) }, 'an alert could not be made for its target')
        throw new DeliveryError('the message could not be made; the log says why', {
          failure: 'internal',
          retryable: false,
        })
      }
    }
    return {
      notifier: {
        name,
        notify: (alert, signal) => guard(() => notifier.notify(alert, signal)),
        notifyDigest: (digest, digestId, signal) => guard(() => notifier.notifyDigest(digest, digestId, signal)),
        notifyReview: (review, reviewId, signal) => guard(() => notifier.notifyReview(review, reviewId, signal)),
      },
      type: target.type,
      minSeverity: target.minSeverity,
      kinds: target.kinds,
    }
  })
}
