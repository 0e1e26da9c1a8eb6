/** The registry of detectors: the order in which they inspect an event, and that in which their findings stand. */
import type { DetectorDefinition } from './detector.ts'
import { bulkTransfer } from './bulk-transfer.ts'
import { concurrentUse } from './concurrent-use.ts'
import { credentialSpraying } from './credential-spraying.ts'
import { dailyVolume } from './daily-volume.ts'
import { dormantToken } from './dormant-token.ts'
import { enumeration } from './enumeration.ts'
import { errorBurst } from './error-burst.ts'
import { firstWrite } from './first-write.ts'
import { expiredTokenUsed } from './expired-token-used.ts'
import { expiringSoon } from './expiring-soon.ts'
import { foreignTenant } from './foreign-tenant.ts'
import { frequencyDrop } from './frequency-drop.ts'
import { frequencySpike } from './frequency-spike.ts'
import { impossibleTravel } from './impossible-travel.ts'
import { leakedTokenUsed } from './leaked-token-used.ts'
import { newAddress } from './new-address.ts'
import { newCountry } from './new-country.ts'
import { newEndpoint } from './new-endpoint.ts'
import { newNetwork } from './new-network.ts'
import { newToken } from './new-token.ts'
import { newUserAgent } from './new-user-agent.ts'
import { sensitiveRoute } from './sensitive-route.ts'
import { sharedSource } from './shared-source.ts'
import { wentSilent } from './went-silent.ts'
import { unusualHour } from './unusual-hour.ts'
import { ownerlessToken } from './ownerless-token.ts'
import { permanentBroadToken } from './permanent-broad-token.ts'
import { rateLimited } from './rate-limited.ts'
import { revokedTokenUsed } from './revoked-token-used.ts'
import { scopeExceeded } from './scope-exceeded.ts'
import { supersededTokenUsed } from './superseded-token-used.ts'
import { unregisteredToken } from './unregistered-token.ts'
import { wrongEnvironment } from './wrong-environment.ts'

export const detectorDefinitions = [
  newCountry,
  newNetwork,
  newAddress,
  newEndpoint,
  newUserAgent,
  concurrentUse,
  credentialSpraying,
  sharedSource,
  firstWrite,
  sensitiveRoute,
  enumeration,
  unusualHour,
  frequencySpike,
  dailyVolume,
  bulkTransfer,
  wentSilent,
  frequencyDrop,
  errorBurst,
  rateLimited,
  impossibleTravel,
  dormantToken,
  leakedTokenUsed,
  revokedTokenUsed,
  expiredTokenUsed,
  foreignTenant,
  scopeExceeded,
  wrongEnvironment,
  supersededTokenUsed,
  unregisteredToken,
  ownerlessToken,
  permanentBroadToken,
  newToken,
  expiringSoon,
] as const satisfies readonly DetectorDefinition[]
