/** The registry of the evaluation's attacks. */
import { agentOnly } from './agent-only.ts'
import { bulkTransfer } from './bulk-transfer.ts'
import { concurrentUse } from './concurrent-use.ts'
import { credentialSpraying } from './credential-spraying.ts'
import { dormantWoken } from './dormant-woken.ts'
import { enumeration } from './enumeration.ts'
import { errorBurst } from './error-burst.ts'
import { expiredUsed } from './expired-used.ts'
import { firstWrite } from './first-write.ts'
import { foreignTenant } from './foreign-tenant.ts'
import { frequencyDrop } from './frequency-drop.ts'
import { frequencySpike } from './frequency-spike.ts'
import { impossibleTravel } from './impossible-travel.ts'
import { leakedTokenUsed } from './leaked-token-used.ts'
import { lowAndSlow } from './low-and-slow.ts'
import { revokedUsed } from './revoked-used.ts'
import { rotatedOldTokenUsed } from './rotated-old-token-used.ts'
import { scopeExceeded } from './scope-exceeded.ts'
import { sensitiveRoute } from './sensitive-route.ts'
import { sharedSource } from './shared-source.ts'
import { slowRamp } from './slow-ramp.ts'
import { theftChain } from './theft-chain.ts'
import { theftHosting } from './theft-hosting.ts'
import { theftResidential } from './theft-residential.ts'
import { theftSameCloud } from './theft-same-cloud.ts'
import { unusualHour } from './unusual-hour.ts'
import { wentSilent } from './went-silent.ts'
import { wrongEnvironment } from './wrong-environment.ts'
import type { Scenario } from './scenario.ts'

/** Those that few tokens suit come first, so that they still find a victim of their own. */
export const SCENARIOS = {
  'rotated-old-token-used': rotatedOldTokenUsed,
  'dormant-woken': dormantWoken,
  'first-write': firstWrite,
  'unusual-hour': unusualHour,
  'went-silent': wentSilent,
  'frequency-drop': frequencyDrop,
  'slow-ramp': slowRamp,
  'theft-same-cloud': theftSameCloud,
  'concurrent-use': concurrentUse,
  'impossible-travel': impossibleTravel,
  'scope-exceeded': scopeExceeded,
  'expired-used': expiredUsed,
  'revoked-used': revokedUsed,
  'leaked-token-used': leakedTokenUsed,
  'sensitive-route': sensitiveRoute,
  'bulk-transfer': bulkTransfer,
  'frequency-spike': frequencySpike,
  'low-and-slow': lowAndSlow,
  'theft-residential': theftResidential,
  'theft-hosting': theftHosting,
  'theft-chain': theftChain,
  'agent-only': agentOnly,
  enumeration,
  'error-burst': errorBurst,
  'foreign-tenant': foreignTenant,
  'wrong-environment': wrongEnvironment,
  'credential-spraying': credentialSpraying,
  'shared-source': sharedSource,
} as const satisfies Record<string, Scenario>

export type AttackKind = keyof typeof SCENARIOS

export const ATTACK_KINDS = Object.keys(SCENARIOS) as readonly AttackKind[]
