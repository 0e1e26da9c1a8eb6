/** Certificates for tests, made by Node alone: an authority, and what it signs for servers and clients. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'

export interface TestCertificate {
  /** PEM. */
  readonly cert: string
  /** PEM, PKCS #8, not encrypted. */
  readonly key: string
  readonly name: string
  readonly privateKey: KeyObject
}

const DAY_MS = 86_400_000

/**
 * An X.509 v3 certificate with a P-256 key, valid from yesterday for a week. Without `issuer` it signs itself and is an
 * authority. `hosts` are names and IPv4 addresses for which a server may show it.
 */
export function createCertificate(
  name: string,
  issuer?: TestCertificate,
  hosts: readonly string[] = [],
): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const now = Date.now()
  const body = der(
    0x30,
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer?.name ?? name),
    der(0x30, utcTime(now - DAY_MS), utcTime(now + 7 * DAY_MS)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, issuer ? hostsExtension(hosts) : AUTHORITY_EXTENSION)),
  )
  const signature = sign('sha256', body, issuer?.privateKey ?? privateKey)
  const certificate = der(0x30, body, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), signature))
  return {
    cert: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    name,
    privateKey,
  }
}

/** Tag, length, contents. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const length = content.length
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content])
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content])
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes)
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

const ECDSA_WITH_SHA256 = der(0x30, objectId('2a8648ce3d040302'))
/** basicConstraints, critical: may sign others. */
const AUTHORITY_EXTENSION = der(
  0x30,
  objectId('551d13'),
  der(0x01, Buffer.from([0xff])),
  der(0x04, der(0x30, der(0x01, Buffer.from([0xff])))),
)

/** One common name. */
function distinguishedName(name: string): Buffer {
  return der(0x30, der(0x31, der(0x30, objectId('550403'), der(0x0c, Buffer.from(name)))))
}

/** subjectAltName. */
function hostsExtension(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIP(host) === 4 ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host)),
  )
  if (names.length === 0) names.push(der(0x82, Buffer.from('no-server.invalid')))
  return der(0x30, objectId('551d11'), der(0x04, der(0x30, ...names)))
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
