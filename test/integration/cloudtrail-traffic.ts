/** CloudTrail-like traffic out of a seed: invented accounts, keys and roles in the shape of real records. */
import { createRandom } from '../../src/simulate/random.ts'
import { ACCOUNT, roleSession, trailRecord } from '../ingest/cloudtrail-record.ts'

export interface TrailTraffic {
  /** In the order in which they happened. */
  readonly records: readonly Readonly<Record<string, unknown>>[]
  /** eventID of each. */
  readonly ids: readonly string[]
}

const CALLS = [
  ['s3.amazonaws.com', 'GetObject', true],
  ['s3.amazonaws.com', 'PutObject', false],
  ['ec2.amazonaws.com', 'DescribeInstances', true],
  ['sts.amazonaws.com', 'AssumeRole', true],
  ['kms.amazonaws.com', 'Decrypt', true],
] as const

/** What someone does with a stolen key: other calls, another client, another country. One theft a day. */
const STOLEN_CALLS = [
  ['iam.amazonaws.com', 'ListUsers', true],
  ['iam.amazonaws.com', 'CreateAccessKey', false],
  ['secretsmanager.amazonaws.com', 'ListSecrets', true],
  ['ec2.amazonaws.com', 'RunInstances', false],
] as const

const THIEVES = [
  ['128.199.10.7', 'aws-cli/2.9.0 Python/3.11.2'],
  ['200.147.3.157', 'Boto3/1.18 md/Botocore'],
  ['203.0.113.9', 'curl/8.5.0'],
  ['41.60.232.1', 'aws-sdk-nodejs/2.1'],
] as const

interface Principal {
  readonly identity: Readonly<Record<string, unknown>>
  readonly ip: string
  readonly agent: string
  readonly callsByHour: number
}

/** Some three records an hour: two users with keys, a role with changing session keys, and a service's own calls. */
export function trailTraffic(seed: number, hours: number): TrailTraffic {
  const random = createRandom(seed, 'cloudtrail')
  const records: Record<string, unknown>[] = []
  const startMs = Date.UTC(2024, 1, 5)
  const add = (principal: Principal, atMs: number, [source, name, readOnly]: readonly [string, string, boolean]) =>
    records.push(
      trailRecord({
        userIdentity: principal.identity,
        eventTime: new Date(atMs).toISOString(),
        eventSource: source,
        eventName: name,
        readOnly,
        sourceIPAddress: principal.ip,
        userAgent: principal.agent,
        eventID: [8, 4, 4, 4, 12].map((length) => hex(() => random.uint32(), length)).join('-'),
        ...(random.chance(0.02) ? { errorCode: 'AccessDenied', errorMessage: 'not authorized' } : {}),
        additionalEventData: { bytesTransferredIn: random.int(2_000), bytesTransferredOut: random.int(50_000) },
      }),
    )
  for (let hour = 0; hour < hours; hour++) {
    const hourMs = startMs + hour * 3_600_000
    const at = () => hourMs + random.int(3_600) * 1_000
    for (const principal of principals(hour)) {
      for (let calls = random.poisson(principal.callsByHour); calls > 0; calls--) {
        add(principal, at(), random.pick(CALLS))
      }
    }
    if (hour % 24 === 23) {
      const victim = principals(hour)[Math.floor(hour / 24) % 3] as Principal
      const [ip, agent] = THIEVES[Math.floor(hour / 24) % THIEVES.length] as (typeof THIEVES)[number]
      for (const call of STOLEN_CALLS) add({ ...victim, ip, agent }, at(), call)
    }
  }
  records.sort((a, b) => (String(a['eventTime']) < String(b['eventTime']) ? -1 : 1))
  return { records, ids: records.map((record) => String(record['eventID'])) }
}

function principals(hour: number): readonly Principal[] {
  const key = (accessKeyId: string, userName: string) => ({
    type: 'IAMUser',
    principalId: `AIDAEXAMPLE${userName.toUpperCase()}`,
    arn: `arn:aws:iam::${ACCOUNT}:user/${userName}`,
    accountId: ACCOUNT,
    accessKeyId,
    userName,
  })
  return [
    { identity: key('AKIAEXAMPLEDEPLOYER1', 'deployer'), ip: '52.95.110.1', agent: '[Boto3/1.26.165]', callsByHour: 1 },
    {
      identity: key('AKIAEXAMPLEREPORTER1', 'reporter'),
      ip: '81.2.69.142',
      agent: 'aws-sdk-java/2.20',
      callsByHour: 0.5,
    },
    {
      identity: roleSession({ accessKeyId: `ASIAEXAMPLE${String(hour).padStart(9, '0')}` }),
      ip: '10.0.3.17',
      agent: 'aws-sdk-go/1.44',
      callsByHour: 1,
    },
    {
      identity: { type: 'AWSService', invokedBy: 'cloudtrail.amazonaws.com' },
      ip: 'AWS Internal',
      agent: 'cloudtrail.amazonaws.com',
      callsByHour: 0.3,
    },
  ]
}

function hex(uint32: () => number, length: number): string {
  let text = ''
  while (text.length < length) text += uint32().toString(16).padStart(8, '0')
  return text.slice(0, length)
}
