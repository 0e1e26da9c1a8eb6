/** What tokenwatch adds to an event: where it came from, what it called and what called it. */
import { LRUCache } from 'lru-cache'
import type { AccessEvent, DecodedEvent } from '../event.ts'
import { createAgentParser } from './agent.ts'
import type { AsnLookup } from './asn-lookup.ts'
import { createGeoLookup, UNKNOWN_PLACE } from './geo.ts'
import type { Place } from './geo.ts'
import { levelOf } from './level.ts'
import { NO_NETWORK, networkOfAddress, networkOfText } from './network.ts'
import type { Network } from './network.ts'
import { routeOf } from './route.ts'
import type { EnrichSettings } from './settings.ts'

export type Enricher = (event: DecodedEvent) => AccessEvent

interface Origin {
  readonly network: Network
  readonly place: Place
}

/** Loads geoip-lite's tables. `asn` names networks; without it their level is the prefix. */
export function createEnricher(
  settings: Pick<EnrichSettings, 'addressMemoEntriesMax' | 'agentMemoEntriesMax'>,
  asn: AsnLookup | undefined,
): Enricher {
  const agentOf = createAgentParser(settings.agentMemoEntriesMax)
  const placeOf = createGeoLookup()
  const memo = new LRUCache<string, Origin>({ max: settings.addressMemoEntriesMax })

  function originOf(ip: string): Origin {
    const known = memo.get(ip)
    if (known) return known
    const network = networkOfAddress(ip, asn)
    const origin = { network, place: network.sourceClass === 'public' ? placeOf(ip) : UNKNOWN_PLACE }
    memo.set(ip, origin)
    return origin
  }

  return function enrich(event) {
    const { network, place } = event.ip === '' ? originOfText(event.sourceText) : originOf(event.ip)
    const { agent, agentVersion } = agentOf(event.userAgent)
    return {
      ...event,
      service: levelOf(event.service),
      method: levelOf(event.method),
      sourceClass: network.sourceClass,
      country: place.country,
      geoRegion: place.region,
      city: place.city,
      place: place.place,
      network: network.network,
      networkName: network.networkName,
      prefix: network.prefix,
      address: network.address,
      route: routeOf(event.gatewayRoute, event.operation, event.path),
      agent,
      agentVersion,
    }
  }
}

function originOfText(text: string): Origin {
  return { network: text === '' ? NO_NETWORK : networkOfText(text), place: UNKNOWN_PLACE }
}
