/** The registry of detectors: the order in which they inspect an event, and that in which their findings stand. */
import type { DetectorDefinition } from './detector.ts'
import { dormantToken } from './dormant-token.ts'
import { errorBurst } from './error-burst.ts'
import { frequencySpike } from './frequency-spike.ts'
import { impossibleTravel } from './impossible-travel.ts'
import { newAddress } from './new-address.ts'
import { newCountry } from './new-country.ts'
import { newEndpoint } from './new-endpoint.ts'
import { newNetwork } from './new-network.ts'
import { newUserAgent } from './new-user-agent.ts'

export const detectorDefinitions = [
  newCountry,
  newNetwork,
  newAddress,
  newEndpoint,
  newUserAgent,
  frequencySpike,
  errorBurst,
  impossibleTravel,
  dormantToken,
] as const satisfies readonly DetectorDefinition[]
