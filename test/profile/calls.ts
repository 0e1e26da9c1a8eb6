/** Enriched events for tests of profiles and of the fold, to be varied where a test cares. */
import { type AccessEvent, type EventId, type EventTimeMs, type TokenId, hashId } from '../../src/event.ts'

/** A Thursday, in the middle of a month. */
export const NOON_MS = Date.UTC(2026, 0, 15, 12)

export type Change = Partial<Omit<AccessEvent, 'timeMs' | 'tokenId' | 'eventId'>> & {
  readonly tokenId?: string
  readonly eventId?: string
}

/** One call from an office in Berlin. Its id is made of its content, as the decoder does without a producer's id. */
export function call(timeMs: number, change: Change = {}): AccessEvent {
  const event = {
    ...OFFICE,
    ...change,
    timeMs: timeMs as EventTimeMs,
    tokenId: (change.tokenId ?? OFFICE.tokenId) as TokenId,
  }
  const { position: _position, ...content } = event
  return { ...event, eventId: (change.eventId ?? hashId(JSON.stringify(content))) as EventId }
}

const OFFICE = {
  position: { topic: 'access', partition: 0, offset: 0, index: 0 },
  eventId: '',
  producerId: '',
  tokenId: 'tok_office',
  tokenKind: 'opaque',
  tokenName: 'report writer',
  tenant: 'acme',
  service: 'reports',
  region: 'eu-central-1',
  environment: 'prod',
  ip: '93.184.216.34',
  sourceText: '',
  method: 'GET',
  path: '/v1/reports',
  gatewayRoute: '',
  operation: '',
  status: 200,
  errorCode: '',
  userAgent: 'reporter/2.1',
  bytesIn: 0,
  bytesOut: 512,
  latencyMs: 12,
  truncated: false,
  sourceClass: 'public',
  country: 'DE',
  geoRegion: 'BE',
  city: 'Berlin',
  place: 'DE|BE|Berlin|52.5,13.4',
  network: 'AS3320',
  networkName: 'Deutsche Telekom AG',
  prefix: '93.184.216.0/24',
  address: '93.184.216.34',
  route: '/v1/reports',
  agent: 'reporter',
  agentVersion: '2.1',
} as const

/** Where someone else calls from. */
export const SINGAPORE = {
  ip: '128.199.10.7',
  country: 'SG',
  geoRegion: '',
  city: 'Singapore',
  place: 'SG||Singapore|1.3,103.9',
  network: 'AS14061',
  networkName: 'DIGITALOCEAN-ASN',
  prefix: '128.199.10.0/24',
  address: '128.199.10.7',
} as const satisfies Change

/** Another client program. */
export const CURL = { userAgent: 'curl/8.5.0', agent: 'curl', agentVersion: '8.5' } as const satisfies Change
