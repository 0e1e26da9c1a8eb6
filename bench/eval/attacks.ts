/** What the labels of simulated traffic say: which attack took place on which tokens, when, and from which addresses. */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'

/** Times of the first and the last labelled event, or begin and end of an absence. */
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

/** A line of the simulator's labels: one for each event of an attack, or one for the whole of an absence. */
export interface Label {
  readonly attack: string
  readonly instance?: string
  readonly token_id: string
  readonly event_id?: string
  readonly time: string
  /** Until when calls are missing. */
  readonly end?: string
}

/** In the order of their beginnings. Labels without an instance are one attack per kind and token. */
export function attacksOf(labels: readonly Label[]): readonly Attack[] {
  const attacks = new Map<string, Attack>()
  for (const label of labels) {
    const { attack: kind, token_id: tokenId } = label
    const instance = `${kind} ${label.instance ?? tokenId}`
    const attack = attacks.get(instance) ?? newAttack(kind, instance)
    attacks.set(instance, attack)
    const span = attack.spans.get(tokenId) ?? { firstMs: Infinity, lastMs: -Infinity }
    attack.spans.set(tokenId, span)
    for (const timeMs of [Date.parse(label.time), Date.parse(label.end ?? label.time)]) {
      widen(attack, timeMs)
      widen(span, timeMs)
    }
    if (label.event_id !== undefined) attack.eventIds.add(label.event_id)
  }
  return [...attacks.values()].sort((left, right) => left.firstMs - right.firstMs)
}

export interface Truth {
  readonly attacks: readonly Attack[]
  readonly events: number
}

/** Reads the labels, and the addresses of the labelled events out of the traffic itself. */
export async function readTruth(labelsFile: string, eventsFile: string): Promise<Truth> {
  const labels = (await readFile(labelsFile, 'utf8')).split('\n').filter((line) => line !== '')
  const attacks = attacksOf(labels.map((line) => JSON.parse(line) as Label))
  const attackOf = new Map(attacks.flatMap((attack) => [...attack.eventIds].map((id) => [id, attack] as const)))
  let events = 0
  for await (const line of createInterface({ input: createReadStream(eventsFile) })) {
    events++
    const id = /"id":"([^"]+)"/.exec(line)?.[1]
    const attack = id === undefined ? undefined : attackOf.get(id)
    if (attack === undefined) continue
    const { ip } = JSON.parse(line) as { readonly ip?: string }
    if (ip !== undefined) attack.ips.add(ip)
  }
  return { attacks, events }
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
