/** The registry of habits: every kind of token that the evaluation's estate knows. */
import type { HabitKind } from '../habit.ts'
import { administrator } from './administrator.ts'
import { brokenDeploy } from './broken-deploy.ts'
import { ci } from './ci.ts'
import { cloudShell } from './cloud-shell.ts'
import { constantErrors } from './constant-errors.ts'
import { crawler } from './crawler.ts'
import { developer } from './developer.ts'
import { deviceFleet } from './device-fleet.ts'
import { dormant } from './dormant.ts'
import { dualStack } from './dual-stack.ts'
import { eventDriven } from './event-driven.ts'
import { fleet } from './fleet.ts'
import { growth } from './growth.ts'
import { healthCheck } from './health-check.ts'
import { integration } from './integration.ts'
import { lowVolume } from './low-volume.ts'
import { mobile } from './mobile.ts'
import { monthEndBatch } from './month-end-batch.ts'
import { movingServer } from './moving-server.ts'
import { nightlyBatch } from './nightly-batch.ts'
import { onCall } from './on-call.ts'
import { onboarding } from './onboarding.ts'
import { partner } from './partner.ts'
import { person } from './person.ts'
import { poller } from './poller.ts'
import { rateLimited } from './rate-limited.ts'
import { rotated } from './rotated.ts'
import { server } from './server.ts'
import { serverless } from './serverless.ts'
import { sharedTeam } from './shared-team.ts'
import { traveller } from './traveller.ts'
import { vpnPerson } from './vpn-person.ts'
import { weeklyScript } from './weekly-script.ts'

export const HABITS = {
  administrator,
  'broken-deploy': brokenDeploy,
  ci,
  'cloud-shell': cloudShell,
  'constant-errors': constantErrors,
  crawler,
  developer,
  'device-fleet': deviceFleet,
  dormant,
  'dual-stack': dualStack,
  'event-driven': eventDriven,
  fleet,
  growth,
  'health-check': healthCheck,
  integration,
  'low-volume': lowVolume,
  mobile,
  'month-end-batch': monthEndBatch,
  'moving-server': movingServer,
  'nightly-batch': nightlyBatch,
  'on-call': onCall,
  onboarding,
  partner,
  person,
  poller,
  'rate-limited': rateLimited,
  rotated,
  server,
  serverless,
  'shared-team': sharedTeam,
  traveller,
  'vpn-person': vpnPerson,
  'weekly-script': weeklyScript,
} as const satisfies Record<string, HabitKind>

export type TokenKind = keyof typeof HABITS

export const TOKEN_KINDS = Object.keys(HABITS) as readonly TokenKind[]
