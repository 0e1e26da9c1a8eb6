/** What is told of a source that many tokens were used from, in words; shared by the findings about tokens and sources. */
import type { Sharing, Spraying } from '../../sources/snapshot.ts'

/** `refused with 12 tokens within the hour that were never used from there, 9 of them known to nobody`. */
export function sprayingText({ tokens, unknown, admitted }: Spraying): string {
  const strangers = unknown === 0 ? '' : `, ${unknown} of them known to nobody`
  const good = admitted.length === 0 ? '' : `; let in with ${admitted.join(', ')}`
  return `refused with ${tokens} tokens within the hour that were never used from there${strangers}${good}`
}

export function usualFailuresText({ numbers }: Spraying): string {
  const { mean = 0, hours = 0, ownMean = 0, ownHours = 0 } = numbers
  const own =
    ownHours === 0 ? 'this source is new' : `this source with ${round(ownMean)}, by ${ownHours} hours of its own`
  return `In ${hours} active hours of all sources, one fails with ${round(mean)} such tokens an hour; ${own}`
}

/** `5 tokens of 3 companies came here for the first time within the hour, 4 of them by a client that is new to them`. */
export function sharingText({ tokens, companies, tenants, newClients }: Sharing): string {
  const whose = companies > 1 ? ` of ${companies} companies` : tenants[0] ? ` of ${tenants.join(', ')}` : ''
  const clients = newClients === 0 ? '' : `, ${newClients} of them by a client that is new to them`
  return `${tokens} tokens${whose} came here for the first time within the hour${clients}`
}

export function usualArrivalsText({ numbers }: Sharing): string {
  const { joined = 0, mixed = 0, changed = 0, hours = 0 } = numbers
  return (
    `In ${hours} hours in which settled tokens came to a new source, several came in ${percent(joined)}; ` +
    `of these of several companies in ${percent(mixed)}, with new clients in ${percent(changed)}`
  )
}

function round(value: number): string {
  return value.toPrecision(2)
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`
}
