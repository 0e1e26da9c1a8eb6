/** The tokens of the evaluation's estate: which kinds, whose, how large. */
import { createRandom, type Random } from '../random.ts'
import { type Client, createClient } from './client.ts'
import type { Habit, HabitContext } from './habit.ts'
import { HABITS, TOKEN_KINDS, type TokenKind } from './habits/index.ts'
import { pickWeighted } from './pick.ts'
import { createEntry, grantScopes, timeText } from './registry.ts'
import { createWorld, type World, type WorldOptions } from './world.ts'

export interface Estate {
  readonly world: World
  readonly clients: readonly Client<TokenKind>[]
}

/** Calls of an average token on an average day: 1.5 million events of 400 tokens in 35 days. */
const CALLS_PER_DAY = 107

export function createEstate(options: WorldOptions): Estate {
  const world = createWorld(options)
  const random = createRandom(options.seed, 'mix')
  const blueprints = kindsOf(random, world).map((kind, index) => createBlueprint(world, kind, index))
  const scale = scaleOf(random, blueprints)
  const clients = blueprints.map(({ kind, habit, context }, index) => {
    const random = createRandom(options.seed, 'client', index)
    const environment = random.chance(0.07) ? 'staging' : 'production'
    const token = createEntry({ ...context, random }, environment)
    const isRegistered = kind === 'rotated' || !random.chance(0.03)
    const factor = habit.traits.scales === true ? scale : 1
    const { tenant, service } = context
    const client = createClient({
      kind,
      habit,
      tenant,
      service,
      world,
      environment,
      token,
      isRegistered,
      random,
      scale: factor,
    })
    if (habit.bornMs !== undefined) token.created_at = timeText(habit.bornMs)
    grantScopes(createRandom(options.seed, 'scopes', index), client)
    return client
  })
  nameRotations(clients)
  return { world, clients }
}

interface Blueprint {
  readonly kind: TokenKind
  readonly habit: Habit
  readonly context: HabitContext
}

/** In the seed's own mix, at least one of each kind where there are enough tokens; in pairs where kinds are. */
function kindsOf(random: Random, { tokens, style }: World): readonly [TokenKind, ordinal: number][] {
  const shares = TOKEN_KINDS.map((kind) => HABITS[kind].weight * Math.exp(style.mixSpread * random.normal()))
  const total = shares.reduce((sum, share) => sum + share, 0)
  const counts = shares.map((share) => Math.max(1, Math.round((share / total) * tokens)))
  const paired = TOKEN_KINDS.indexOf('rotated')
  counts[paired] = 2 * Math.ceil((counts[paired] ?? 0) / 2)
  const kinds = TOKEN_KINDS.flatMap((kind, at) =>
    Array.from({ length: counts[at] ?? 0 }, (_, ordinal) => [kind, ordinal] as [TokenKind, number]),
  )
  while (kinds.length < tokens) kinds.push(['server', (counts[TOKEN_KINDS.indexOf('server')] ?? 0) + kinds.length])
  return kinds.sort(([, left], [, right]) => left - right).slice(0, tokens)
}

function createBlueprint(world: World, [kind, ordinal]: [TokenKind, number], index: number): Blueprint {
  const key = kind === 'rotated' ? Math.floor(ordinal / 2) : ordinal
  const random = createRandom(world.seed, 'habit', kind, key)
  const tenant = pickWeighted(
    random,
    world.tenants.map((tenant) => [tenant, tenant.weight]),
  )
  const service = random.pick(tenant.services)
  const name = `${random.pick(HABITS[kind].names)}-${1_000 + index}`
  const context: HabitContext = { random, world, tenant, service, name, ordinal }
  return { kind, habit: HABITS[kind].create(context), context }
}

/** What the large ones are multiplied by, so that the estate has about the volume that is asked for. */
function scaleOf(random: Random, blueprints: readonly Blueprint[]): number {
  const callsPerDay = (wanted: boolean) =>
    blueprints
      .filter(({ habit }) => (habit.traits.scales === true) === wanted)
      .reduce((sum, { habit }) => sum + habit.callsPerDay, 0)
  const target = CALLS_PER_DAY * blueprints.length * random.between(0.9, 1.1)
  const fixed = callsPerDay(false)
  return Math.max(0.2 * target, target - fixed) / Math.max(1, callsPerDay(true))
}

function nameRotations(clients: readonly Client<TokenKind>[]): void {
  const rotated = clients.filter(({ kind }) => kind === 'rotated')
  for (let at = 0; at + 1 < rotated.length; at += 2) {
    const [old, young] = rotated.slice(at, at + 2) as [Client, Client]
    young.token.rotated_from = old.token.token_id
    young.token.created_at = timeText(young.habit.rotation?.atMs ?? 0)
  }
}
