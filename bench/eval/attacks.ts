/** What the labels of simulated traffic say: which attack took place on which tokens, when, and from which addresses. */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'

/** Times of the first and the last labelled event of an attack on one subject. */
export interface Span {
  firstMs: number
  lastMs: number
}

/** One played attack: all labels of one instance. */
export interface Attack extends Span {
  readonly kind: string
  readonly instance: string
  readonly spans: Map<string, Span>
  readonly eventIds: Set<string>
  /** Addresses of its events, for what is told about a source and not about a token. */
  readonly ips: Set<string>
}

/** A line of the simulator's labels. An absence has no event: its id is '' or missing. */
export interface Label {
  readonly attack: string
  readonly instance?: string
  readonly token_id: string
  readonly event_id?: string
  readonly time: string
}

/** In the order of their first events. Labels without an instance are one attack per kind and token. */
export function attacksOf(labels: readonly Label[]): readonly Attack[] {
  const attacks = new Map<string, Attack>()
  for (const label of labels) {
    const { attack: kind, token_id: tokenId } = label
    const instance = label.instance ?? `${kind} ${tokenId}`
    const timeMs = Date.parse(label.time)
    const attack = attacks.get(instance) ?? newAttack(kind, instance)
    attacks.set(instance, attack)
    const span = attack.spans.get(tokenId) ?? { firstMs: Infinity, lastMs: -Infinity }
    attack.spans.set(tokenId, span)
    widen(attack, timeMs)
    widen(span, timeMs)
    if (label.event_id) attack.eventIds.add(label.event_id)
  }
  return [...attacks.values()].sort((left, right) => left.firstMs - right.firstMs)
}

/** Reads the labels, and the addresses of the labelled events out of the traffic itself. */
export async function readAttacks(labelsFile: string, eventsFile: string): Promise<readonly Attack[]> {
  const labels = (await readFile(labelsFile, 'utf8')).split('\n').filter((line) => line !== '')
  const attacks = attacksOf(labels.map((line) => JSON.parse(line) as Label))
  const attackOf = new Map(attacks.flatMap((attack) => [...attack.eventIds].map((id) => [id, attack] as const)))
  for await (const line of createInterface({ input: createReadStream(eventsFile) })) {
    const id = /"id":"([^"]+)"/.exec(line)?.[1]
    const attack = id === undefined ? undefined : attackOf.get(id)
    if (attack === undefined) continue
    const { ip } = JSON.parse(line) as { readonly ip?: string }
    if (ip !== undefined) attack.ips.add(ip)
  }
  return attacks
}

function newAttack(kind: string, instance: string): Attack {
  return {
    kind,
    instance,
    firstMs: Infinity,
    lastMs: -Infinity,
    spans: new Map(),
    eventIds: new Set(),
    ips: new Set(),
  }
}

function widen(span: Span, timeMs: number): void {
  span.firstMs = Math.min(span.firstMs, timeMs)
  span.lastMs = Math.max(span.lastMs, timeMs)
}
