/** The registry of habits: every kind of client that the simulator knows. */
import type { Habit, HabitContext } from '../client.ts'
import { createBatchHabit } from './batch.ts'
import { createCiHabit } from './ci.ts'
import { createDormantHabit } from './dormant.ts'
import { createDualStackHabit } from './dual-stack.ts'
import { createFleetHabit } from './fleet.ts'
import { createLowVolumeHabit } from './low-volume.ts'
import { createMobileHabit } from './mobile.ts'
import { createPartnerHabit } from './partner.ts'
import { createPersonHabit } from './person.ts'
import { createServerHabit } from './server.ts'

export type ClientKind = keyof typeof HABITS

export const HABITS = {
  server: createServerHabit,
  fleet: createFleetHabit,
  ci: createCiHabit,
  mobile: createMobileHabit,
  person: createPersonHabit,
  partner: createPartnerHabit,
  batch: createBatchHabit,
  'dual-stack': createDualStackHabit,
  'low-volume': createLowVolumeHabit,
  dormant: createDormantHabit,
} as const satisfies Record<string, (context: HabitContext) => Habit>

export const CLIENT_KINDS = Object.keys(HABITS) as readonly ClientKind[]
