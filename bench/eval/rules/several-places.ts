/** One token from several addresses and networks within half an hour. */
import { address, network, perToken, type Rule } from './rule.ts'

export interface SeveralPlacesOptions {
  readonly withinMs: number
  readonly addressesMin: number
  readonly networksMin: number
}

/** Fires with each event that meets the condition while it brings another address than the one before. */
export function createSeveralPlaces({ withinMs, addressesMin, networksMin }: SeveralPlacesOptions): Rule {
  const recentOf = perToken(() => new Map<string, { readonly network: string; readonly timeMs: number }>())
  const lastOf = perToken(() => ({ address: '' }))
  return {
    name: 'several places',
    inspect(event) {
      if (address(event) === '') return []
      const recent = recentOf(event)
      const last = lastOf(event)
      recent.set(address(event), { network: network(event), timeMs: event.timeMs })
      for (const [ip, { timeMs }] of recent) if (event.timeMs - timeMs > withinMs) recent.delete(ip)
      const isAnother = last.address !== address(event)
      last.address = address(event)
      const networks = new Set([...recent.values()].map((place) => place.network))
      return isAnother && recent.size >= addressesMin && networks.size >= networksMin
        ? ['several addresses and networks']
        : []
    },
  }
}
