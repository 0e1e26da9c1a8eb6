/** What can be set about enrichment: the key of fingerprints, the networks' names, trusted proxies, sizes of memos. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { address, count, secret } from '../settings.ts'

const KEY_CHARS_MIN = 16

function isAddressOrRange(text: string): boolean {
  const [, ip = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(ip)
  return version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128))
}

const proxy = z.string().refine(isAddressOrRange, 'expected an address or a range such as 10.0.0.0/8 or 2001:db8::/32')

export const enrichSettings = z.strictObject({
  fingerprintKey: secret('')
    .refine((key) => key.reveal().length >= KEY_CHARS_MIN, `expected at least ${KEY_CHARS_MIN} characters`)
    .meta({
      description:
        'Key under which raw tokens become ids; make one with `openssl rand -hex 32`. Without it raw tokens are refused. Another key starts every baseline anew.',
      env: true,
      secret: true,
    })
    .optional(),
  asnDatabase: address(
    'File that names the networks of addresses: MaxMind format (.mmdb), or CSV lines `start,end,asn,name`. Without it a network is the /24 or /48.',
  ).optional(),
  trustedProxies: z
    .array(proxy)
    .default([])
    .describe('Addresses or ranges of own proxies: of a comma list in `ip` the rightmost other address counts.'),
  addressMemoEntriesMax: count('Addresses whose place and network are remembered.').default(100_000),
  agentMemoEntriesMax: count('User agents whose family is remembered.').default(20_000),
  tokenMemoEntriesMax: count('Credentials whose id is remembered, in memory only.').default(20_000),
})

export type EnrichSettings = z.infer<typeof enrichSettings>
