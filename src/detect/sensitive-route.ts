/**
 * A token's first use of an endpoint that gives power, secrets or data away.
 *
 * Attack: after a theft comes the harvest: exports, other people's accounts, new keys, wider rights, logging switched
 * off. Signal: an operation of a cloud API that does such a thing and that the token was never seen with; or a route with
 * such a word in it, of a token that has worked for a day on nothing of that kind. Bits: a prior, for what is rare about such a call is not how often this token makes new calls but what it is:
 * of the actions that a token takes up in ordinary work we hold one in sixteen to be of this kind, of a thief's every
 * other one, so log2(16 / 2) = 3 bits, and as much again in the settings' default for the harm that it does. It raises
 * the severity by a step.
 * Blind to: tokens whose work these endpoints are.
 */
import { z } from 'zod'
import { activeHours } from '../profile/activity.ts'
import { isUnauthenticated } from '../profile/dimension.ts'
import { isMet } from '../profile/in-hand.ts'
import { type ValueTable, nodeAt, sizeOf } from '../profile/values.ts'
import { defineDetector } from './detector.ts'
import { priorEquation } from './shared/arithmetic.ts'

/** Words of a path or route. */
const ROUTES: readonly string[] = [
  '(?:^|/)(?:data-)?(?:exports?|dumps?|backups?|downloads?|bulk)(?:/|$)',
  '(?:^|/)(?:admins?|administration|sudo|root)(?:/|$)',
  '(?:^|/)(?:users?|members?|accounts?|invitations?)(?:/|$)',
  '(?:^|/)(?:keys?|api-?keys?|ssh-?keys?|tokens?|secrets?|credentials?|passwords?|certificates?)(?:/|$)',
  '(?:^|/)(?:iam|roles?|permissions?|policies|policy|acls?|grants?)(?:/|$)',
  '(?:^|/)(?:audit-?logs?|logging|webhooks?)(?:/|$)',
]

/** Operations of cloud APIs, after the tactics of MITRE ATT&CK for cloud: each line is one way to do harm. */
const OPERATIONS: readonly string[] = [
  // Logging and watching switched off.
  '(?:Stop|Pause)Logging|(?:Delete|Update)(?:Trail|Detector|FlowLogs|LogGroup|LogStream|ConfigurationRecorder|EventDataStore)|PutEventSelectors|StopConfigurationRecorder|DeleteDeliveryChannel|DisableAlarmActions|DeleteAlarms|PutBucketLifecycle\\w*|PutBucketLogging|LeaveOrganization|Disable(?:SecurityHub|Macie\\w*)|DeleteMembers|DisassociateFrom\\w*Account',
  // Credentials made.
  'CreateAccessKey|(?:Create|Update)LoginProfile|CreateServiceSpecificCredential|UploadSSHPublicKey|SendSSHPublicKey|ImportKeyPair|GetFederationToken|DeactivateMFADevice|CreateTrustAnchor|Create(?:SAML|OpenIDConnect)Provider',
  // Rights widened.
  'Attach(?:User|Group)Policy|Put(?:User|Group)Policy|CreatePolicyVersion|SetDefaultPolicyVersion|UpdateAssumeRolePolicy|AddUserToGroup|DeleteRolePermissionsBoundary',
  // Things shared with strangers.
  'Modify(?:Snapshot|Image|DBSnapshot|DBClusterSnapshot)Attribute|Put(?:Bucket|Resource|Repository|Key)Policy|Put(?:Bucket|Object)Acl|Delete(?:Bucket)?PublicAccessBlock|AddPermission\\w*|CreateResourceShare',
  // Secrets and data read.
  '(?:Batch)?GetSecretValue|ListSecrets|GetParameters?(?:ByPath)?|GetPasswordData|DescribeInstanceAttribute|GetConsoleScreenshot|GetEbsEncryptionByDefault|ExportImage|CreateInstanceExportTask|StartExportTask|GetAuthorizationToken',
  // Foreign code run.
  'SendCommand|StartSession|ExecuteCommand|UpdateFunctionCode\\w*|ModifyInstanceAttribute|RunInstances',
  // Who am I, and what may I do.
  'GetCallerIdentity|GetAccountAuthorizationDetails|SimulatePrincipalPolicy|GetSendQuota|GetAccountSendingEnabled|UpdateAccountSendingEnabled|ListIdentities',
]

/** Before so many active hours every endpoint is new to a token. */
const SETTLED_HOURS = 24

export const sensitiveRoute = defineDetector({
  name: 'sensitive-route',
  summary: "A token's first use of an endpoint that gives power, secrets or data away.",
  cause: 'sensitive',
  settings: z.strictObject({
    bits: z.number().min(0).describe('Bits of the first use of such a route. A prior.').default(5),
    operationBits: z.number().min(0).describe('Bits of the first use of such an operation. A prior.').default(8),
    routes: patterns('route, of a token that has worked for a day, whose work is of another kind so far').default([
      ...ROUTES,
    ]),
    operations: patterns('whole name of an operation, such as DeleteTrail, of any token').default([...OPERATIONS]),
  }),
  explain: priorEquation,
  create: ({ bits: routeBits, operationBits, routes, operations }, { findingBitsMin }) => {
    const kinds = routes.map((pattern) => new RegExp(pattern, 'i'))
    const acts = operations.map((pattern) => new RegExp(`^(?:${pattern})$`))
    return {
      name: 'sensitive-route',
      inspect(event, profile) {
        if (isUnauthenticated(event) || event.route === '') return undefined
        if (isMet(profile, event, 'route') || isMet(profile, event, 'refused_route')) return undefined
        const { learned, held } = profile
        const isAct = acts.some((pattern) => pattern.test(event.route))
        const bits = isAct ? operationBits : routeBits
        if (bits < findingBitsMin) return undefined
        if (!isAct) {
          const kind = kinds.find((pattern) => pattern.test(event.route))
          if (kind === undefined || activeHours(profile.activity) < SETTLED_HOURS) return undefined
          const tables = [learned.route, held.route, learned.refused_route, held.refused_route]
          if (tables.some((table) => hasRouteLike(table, kind))) return undefined
        }
        return {
          bits,
          seen: `First use of a sensitive endpoint: ${event.method} ${event.route}`.replace('  ', ' '),
          normal: `In ${activeHours(profile.activity)} active hours none of this kind; endpoints known: ${sizeOf(learned.route)}`,
          numbers: { knownEndpoints: sizeOf(learned.route) },
          isGrave: true,
        }
      },
    }
  },
})

function hasRouteLike(table: ValueTable, kind: RegExp): boolean {
  const { ancestorAt, levelText } = table.vocabulary
  for (let row = 0; row < sizeOf(table); row++) {
    if (kind.test(levelText(ancestorAt(nodeAt(table, row), 1)))) return true
  }
  return false
}

function patterns(what: string) {
  return z
    .array(z.string().refine(isPattern, 'expected a regular expression'))
    .describe(`Regular expressions for the ${what}.`)
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}
