/** Settings that targets share, so that every notifier spells them alike. */
import { z } from 'zod'
import { ALERT_KINDS } from '../alert/alert.ts'
import { SEVERITIES } from '../severity.ts'
import type { Secret } from '../secret.ts'
import { secret } from '../settings.ts'

/** Of every target. */
export const targetShape = {
  minSeverity: z
    .enum(SEVERITIES)
    .default('low')
    .describe(
      'Alerts below this severity are recorded as suppressed for this target. What goes into the daily review is low: above that, the target gets none.',
    ),
  kinds: z
    .array(z.enum(ALERT_KINDS).exclude(['bits']))
    .min(1)
    .optional()
    .describe('Only these kinds of alert are sent to this target. Left out: all kinds.'),
}

/** Of targets that are called over HTTP. */
export const httpTargetShape = {
  ...targetShape,
  allowHttp: z.boolean().default(false).describe('Also call a plain http address. Alerts then travel unencrypted.'),
  allowPrivateAddresses: z
    .boolean()
    .default(false)
    .describe('Also connect to private, loopback and other non-public addresses. Checked on the address connected to.'),
}

/** What the HTTP transport needs to know of a target. */
export interface HttpTargetSettings {
  readonly url: Secret
  readonly allowHttp: boolean
  readonly allowPrivateAddresses: boolean
}

/** An http(s) URL, secret as a whole: Slack's webhook URLs are credentials. */
export function targetUrl(description: string) {
  return secret(description).refine(isHttpUrl, { error: 'expected an http(s) URL' })
}

/** For `.refine` of an HTTP target's schema, so that `check-config` finds what would be refused at each call. */
export function isSchemeAllowed(target: HttpTargetSettings): boolean {
  return target.allowHttp || URL.parse(target.url.reveal())?.protocol !== 'http:'
}
export const SCHEME_NOT_ALLOWED = { error: 'expected an https URL, or allowHttp: true', path: ['url'] }

function isHttpUrl(url: Secret): boolean {
  return ['http:', 'https:'].includes(URL.parse(url.reveal())?.protocol ?? '')
}
