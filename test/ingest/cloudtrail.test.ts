/** CloudTrail records as events. */
import { describe, expect, test } from 'vitest'
import { createFingerprinter } from '../../src/enrich/fingerprint.ts'
import { cloudtrail } from '../../src/ingest/formats/cloudtrail.ts'
import { formatContract } from '../contract/format.ts'
import { ACCOUNT, roleSession, trailRecord } from './cloudtrail-record.ts'
import { testDecoder } from './decoding.ts'

/** Without a key: none of these identities is secret. */
const decoder = () => testDecoder({ format: cloudtrail, fingerprinter: createFingerprinter(undefined) })

formatContract({ format: cloudtrail, record: trailRecord() })

test('A record is one event.', () => {
  expect(decoder().event(trailRecord())).toMatchObject({
    eventId: '3f7e0a4c-0000-4000-8000-000000000001',
    producerId: '3f7e0a4c-0000-4000-8000-000000000001',
    timeMs: Date.UTC(2026, 2, 1, 11),
    tokenId: 'AKIAIOSFODNN7EXAMPLE',
    tokenKind: 'cloudtrail',
    tokenName: 'deployer',
    tenant: ACCOUNT,
    service: 's3',
    region: 'eu-central-1',
    ip: '52.95.110.1',
    operation: 'ListBuckets',
    method: 'READ',
    status: 200,
    userAgent: 'Boto3/1.26.165 Python/3.10.6',
  })
})

describe('identity', () => {
  const identityOf = (userIdentity: unknown) => {
    const { tokenId, tokenKind, tokenName } = decoder().event(trailRecord({ userIdentity }))
    return { tokenId, tokenKind, tokenName }
  }

  test('A session belongs to the role that issued it.', () => {
    const role = { tokenId: `arn:aws:iam::${ACCOUNT}:role/batch`, tokenKind: 'cloudtrail', tokenName: 'batch' }
    expect(identityOf(roleSession())).toEqual(role)
    expect(
      identityOf(roleSession({ accessKeyId: 'ASIAEXAMPLESESSION02', arn: 'arn:aws:sts::1:assumed-role/batch/2' })),
    ).toEqual(role)
  })

  test('A session without an issuer belongs to its principal, else to its arn.', () => {
    const user = {
      accessKeyId: 'ASIAEXAMPLESESSION01',
      sessionContext: { sessionIssuer: {} },
      arn: `arn:aws:iam::${ACCOUNT}:user/ann`,
    }
    expect(identityOf({ ...user, principalId: 'AIDAANN' })).toEqual({
      tokenId: 'AIDAANN',
      tokenKind: 'cloudtrail',
      tokenName: 'ann',
    })
    expect(identityOf(user).tokenId).toBe(`arn:aws:iam::${ACCOUNT}:user/ann`)
  })

  test('A console login has no key and belongs to its principal.', () => {
    expect(identityOf({ type: 'IAMUser', principalId: 'AIDAANN', accessKeyId: '', userName: 'ann' }).tokenId).toBe(
      'AIDAANN',
    )
  })

  test.each([
    { type: 'AWSService', invokedBy: 'ec2.amazonaws.com' },
    { accountId: ACCOUNT, invokedBy: 'ec2.amazonaws.com' },
    {},
    null,
    undefined,
  ])('A service’s own call (%j) is kept without an identity.', (userIdentity) => {
    expect(identityOf(userIdentity)).toEqual({ tokenId: '', tokenKind: 'none', tokenName: '' })
  })

  test('An identity that is no object is refused.', () => {
    expect(decoder().deadLetter(trailRecord({ userIdentity: 'root' }))).toMatchObject({
      reason: 'wrong-type',
      detail: expect.stringContaining('userIdentity') as string,
    })
  })
})

describe('status', () => {
  test.each([
    [undefined, 200],
    ['AccessDenied', 403],
    ['AccessDeniedException', 403],
    ['Client.UnauthorizedOperation', 403],
    ['Forbidden', 403],
    ['ThrottlingException', 429],
    ['Throttling', 429],
    ['RequestLimitExceeded', 429],
    ['TooManyRequestsException', 429],
    ['NoSuchBucketPolicy', 404],
    ['NoSuchEntityException', 404],
    ['Client.InvalidVpcID.NotFound', 404],
    ['TrailNotFoundException', 404],
    ['InvalidClientTokenId', 401],
    ['SignatureDoesNotMatch', 401],
    ['AuthFailure', 401],
    ['ExpiredToken', 401],
    ['ExpiredTokenException', 401],
    ['UnrecognizedClientException', 401],
    ['InternalError', 500],
    ['InternalFailure', 500],
    ['ServiceUnavailable', 503],
    ['ServiceUnavailableException', 503],
    ['BucketNotEmpty', 400],
    ['Client.InvalidParameterValue', 400],
    ['constructor', 400],
  ])('%s is %i.', (errorCode, status) => {
    const event = decoder().event(trailRecord({ errorCode }))
    expect(event.status).toBe(status)
    expect(event.errorCode).toBe(errorCode ?? '')
  })

  test.each([
    ['Failure', 401],
    ['Success', 200],
  ])('A console login with %s is %i.', (ConsoleLogin, status) => {
    expect(decoder().event(trailRecord({ eventName: 'ConsoleLogin', responseElements: { ConsoleLogin } })).status).toBe(
      status,
    )
  })
})

test.each([
  [true, 'READ'],
  [false, 'WRITE'],
  [undefined, ''],
  ['true', ''],
])('readOnly %j is method %j.', (readOnly, method) => {
  expect(decoder().event(trailRecord({ readOnly })).method).toBe(method)
})

test.each(['AWS Internal', 'health.amazonaws.com'])('%s in place of an address is kept as text.', (sourceIPAddress) => {
  expect(decoder().event(trailRecord({ sourceIPAddress }))).toMatchObject({ ip: '', sourceText: sourceIPAddress })
})

describe('a Records array', () => {
  test('gives one event for each record, at its index.', () => {
    const { events } = decoder().decode({ Records: [trailRecord({ eventID: 'a' }), trailRecord({ eventID: 'b' })] })
    expect(events.map(({ eventId, position }) => [eventId, position.index])).toEqual([
      ['a', 0],
      ['b', 1],
    ])
  })

  test('loses only the bad ones.', () => {
    const records = [
      trailRecord(),
      trailRecord({ eventTime: 'noon' }),
      7,
      trailRecord({ eventName: null }),
      trailRecord(),
    ]
    const { events, deadLetters } = decoder().decode({ Records: records })
    expect(events.map(({ position }) => position.index)).toEqual([0, 4])
    expect(deadLetters.map(({ position, reason }) => [position.index, reason])).toEqual([
      [1, 'impossible-time'],
      [2, 'not-an-object'],
      [3, 'missing-field'],
    ])
    expect(deadLetters[0]?.excerpt).toContain('"eventTime":"noon"')
    expect(deadLetters[0]?.excerpt).not.toContain('Records')
    expect(new Set(deadLetters.map(({ sha256 }) => sha256)).size).toBe(1)
  })

  test('may exceed one event’s limit, each record of it may not.', () => {
    const good = trailRecord({ requestParameters: 'x '.repeat(10_000) })
    const large = trailRecord({ requestParameters: 'x '.repeat(40_000) })
    const { events, deadLetters } = decoder().decode({ Records: [good, large, good, good] })
    expect(events.map(({ position }) => position.index)).toEqual([0, 2, 3])
    expect(deadLetters).toMatchObject([{ reason: 'too-large', position: { index: 1 } }])
  })

  test('that is empty is a dead letter, for nothing is lost in silence.', () => {
    expect(decoder().deadLetter({ Records: [] }).reason).toBe('empty')
  })

  test('of a hundred thousand bad records is answered, record by record.', () => {
    const { deadLetters } = decoder().decode(`{"Records":[${'{},'.repeat(99_999)}{}]}`)
    expect(deadLetters).toHaveLength(100_000)
  })
})

test('The excerpt of a refused record shows no session token.', () => {
  const letter = decoder().deadLetter(
    trailRecord({ eventTime: null, responseElements: { credentials: { sessionToken: 'FwoGZXIvYXdzEXAMPLE' } } }),
  )
  expect(letter.excerpt).toContain('AKIAIOSFODNN7EXAMPLE')
  expect(letter.excerpt).not.toContain('FwoGZXIvYXdzEXAMPLE')
})
