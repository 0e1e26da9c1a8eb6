/**
 * A token's first use of an endpoint that gives power, secrets or data away.
 *
 * Attack: after a theft comes the harvest: exports, other people's accounts, new keys, wider rights, logging switched
 * off. Signal: the route or operation matches a pattern, and no endpoint that the token is known for matches the same
 * pattern. Bits: a prior, for what is rare about such a call is not how often this token makes new calls but what it is:
 * of the actions that a token takes up in ordinary work we hold one in sixteen to be of this kind, of a thief's every
 * other one, so log2(16 / 2) = 3 bits, and as much again in the settings' default for the harm that it does. It raises
 * the severity by a step.
 * Blind to: tokens whose work these endpoints are.
 */
import { z } from 'zod'
import { isUnauthenticated } from '../profile/dimension.ts'
import { defineDetector } from './detector.ts'

/** Words of a path or route, and, for logs of cloud APIs, operations. */
const DEFAULT_PATTERNS: readonly string[] = [
  '(?:^|/)(?:data-)?(?:exports?|dumps?|backups?|downloads?|bulk)(?:/|$)',
  '(?:^|/)(?:admins?|administration|sudo|root)(?:/|$)',
  '(?:^|/)(?:users?|members?|accounts?|invitations?)(?:/|$)',
  '(?:^|/)(?:keys?|api-?keys?|ssh-?keys?|tokens?|secrets?|credentials?|passwords?|certificates?)(?:/|$)',
  '(?:^|/)(?:iam|roles?|permissions?|policies|policy|acls?|grants?)(?:/|$)',
  '(?:^|/)(?:audit-?logs?|logging|webhooks?)(?:/|$)',
  '^(?:StopLogging|DeleteTrail|UpdateTrail|PutEventSelectors|DeleteFlowLogs|DeleteLogGroup|DeleteLogStream|DisableAlarmActions|DeleteDetector|UpdateDetector|StopConfigurationRecorder|DeleteConfigurationRecorder|DeleteDeliveryChannel|PutBucketLifecycle\\w*|LeaveOrganization|DisableSecurityHub|DeleteAlarms|DeleteMembers|DisassociateFromMasterAccount)$',
  '^(?:CreateAccessKey|CreateLoginProfile|UpdateLoginProfile|CreateUser|CreateServiceSpecificCredential|UploadSSHPublicKey|SendSSHPublicKey|ImportKeyPair|CreateKeyPair|GetFederationToken|GetSessionToken|UpdateAccessKey|DeactivateMFADevice|CreateVirtualMFADevice)$',
  '^(?:Attach(?:User|Role|Group)Policy|Put(?:User|Role|Group)Policy|CreatePolicyVersion|SetDefaultPolicyVersion|UpdateAssumeRolePolicy|AddUserToGroup|CreateRole|AddRoleToInstanceProfile|PassRole|PutRolePermissionsBoundary|DeleteRolePermissionsBoundary)$',
  '^(?:ModifySnapshotAttribute|ModifyImageAttribute|ModifyDBSnapshotAttribute|ModifyDBClusterSnapshotAttribute|PutBucketPolicy|PutBucketAcl|PutObjectAcl|PutBucketPublicAccessBlock|DeleteBucketPublicAccessBlock|DeletePublicAccessBlock|AddPermission\\w*|SetTopicAttributes|SharedSnapshot\\w*|CreateResourceShare|AuthorizeSecurityGroupIngress|AuthorizeSecurityGroupEgress|PutResourcePolicy|PutRepositoryPolicy|PutKeyPolicy|SharePrincipal\\w*)$',
  '^(?:GetSecretValue|BatchGetSecretValue|GetParameters?|GetParametersByPath|GetPasswordData|Decrypt|GetConsoleScreenshot|DescribeInstanceAttribute|ModifyInstanceAttribute|GetAuthorizationToken|RetrieveEnvironmentInfo\\w*)$',
  '^(?:SendCommand|StartSession|RunInstances|UpdateFunctionCode\\w*|CreateFunction\\w*|ExecuteCommand|CreateStack|ResumeSession|TerminateSession)$',
]

export const sensitiveRoute = defineDetector({
  name: 'sensitive-route',
  summary: "A token's first use of an endpoint that gives power, secrets or data away.",
  cause: 'sensitive',
  settings: z.strictObject({
    bits: z.number().min(0).describe('Bits of the first use of each pattern. A prior.').default(5),
    patterns: z
      .array(z.string().refine(isPattern, 'expected a regular expression'))
      .describe('Regular expressions over the route or operation, upper and lower case alike. Each is told once.')
      .default([...DEFAULT_PATTERNS]),
  }),
  create: ({ bits, patterns }, { findingBitsMin }) => {
    const matchers = patterns.map((pattern) => new RegExp(pattern, 'i'))
    return {
      name: 'sensitive-route',
      inspect(event, profile) {
        if (bits < findingBitsMin || isUnauthenticated(event) || event.route === '') return undefined
        const own = `${event.service}|${event.route}|${event.method}`
        if (profile.learned.route.has(own)) return undefined
        const matcher = matchers.find((pattern) => pattern.test(event.route))
        if (matcher === undefined) return undefined
        for (const table of [profile.learned.route, profile.held.route, profile.learned.refused_route]) {
          for (const chain of table.keys()) if (matcher.test(chain.split('|', 2)[1] ?? '')) return undefined
        }
        return {
          bits,
          seen: `First use of a sensitive endpoint: ${event.method} ${event.route}`.replace('  ', ' '),
          normal: `${profile.learned.route.size} other endpoints, none of this kind`,
          numbers: { knownEndpoints: profile.learned.route.size },
          isGrave: true,
        }
      },
    }
  },
})

function isPattern(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}
