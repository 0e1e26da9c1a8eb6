/** CloudTrail records made for tests: the shape of real ones, with invented accounts and keys. */

export const ACCOUNT = '111122223333'

/** A call by a user with a long-lived key. */
export function trailRecord(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    eventVersion: '1.08',
    userIdentity: {
      type: 'IAMUser',
      principalId: 'AIDAEXAMPLEPRINCIPAL',
      arn: `arn:aws:iam::${ACCOUNT}:user/ci/deployer`,
      accountId: ACCOUNT,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      userName: 'deployer',
    },
    eventTime: '2026-03-01T11:00:00Z',
    eventSource: 's3.amazonaws.com',
    eventName: 'ListBuckets',
    awsRegion: 'eu-central-1',
    sourceIPAddress: '52.95.110.1',
    userAgent: '[Boto3/1.26.165 Python/3.10.6]',
    requestParameters: null,
    responseElements: null,
    eventID: '3f7e0a4c-0000-4000-8000-000000000001',
    readOnly: true,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    ...changes,
  }
}

/** The identity of a session under a role. */
export function roleSession(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    type: 'AssumedRole',
    principalId: 'AROAEXAMPLEROLE:session-1',
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/batch/session-1`,
    accountId: ACCOUNT,
    accessKeyId: 'ASIAEXAMPLESESSION01',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: 'AROAEXAMPLEROLE',
        arn: `arn:aws:iam::${ACCOUNT}:role/batch`,
        userName: 'batch',
      },
    },
    ...changes,
  }
}
