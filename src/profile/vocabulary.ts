/**
 * The chains that profiles know, each once for all tokens, under a number: a tree whose nodes are levels. Whether two
 * values are the same, or share a parent, is then a comparison of numbers, and a value costs each token one of them.
 *
 * A node lives for as long as a table or another node needs it: these are counted, and its number is used again.
 */
import type { Dimension } from './dimension.ts'

export interface Vocabulary {
  /** The node of a level below another one, 0 where no profile knows it. There is none below 0. */
  readonly childOf: (parent: number, level: string) => number
  /** The node of a chain, its levels joined by `|`, below a root; 0 where no profile knows it. */
  readonly find: (root: number, chain: string) => number
  /** The same, made where it is missing. Needed once more from now on, until it is released. */
  readonly intern: (root: number, chain: string) => number
  readonly keep: (node: number) => void
  readonly release: (node: number) => void
  /** A node's own level, and all levels down to it, joined by `|`. */
  readonly levelText: (node: number) => string
  readonly chainText: (node: number) => string
  /** The node itself, or the one above it, that stands at this level of the chain, 0 being the topmost. */
  readonly ancestorAt: (node: number, level: number) => number
  /** Nodes in use. */
  readonly size: number
}

/** Where the chains of a dimension begin. What is refused is the same kind of value as what is not. */
export const ROOT: Readonly<Record<Dimension, number>> = { network: 1, route: 2, refused_route: 2, agent: 3, place: 4 }
const ROOTS = 4
const NODES_START = 64

/** The nodes in arrays by their numbers, with a hash table of buckets over them. */
interface Tree {
  /** A node's own level, the node above it, how often it is needed, and its depth. */
  readonly texts: string[]
  parents: Int32Array
  needs: Int32Array
  depths: Uint8Array
  /** The first node of each bucket, and after each node the next one of its bucket. */
  buckets: Int32Array
  nexts: Int32Array
  /** The first free node, 0 for none; the others follow by `nexts`. */
  free: number
  size: number
}

export function createVocabulary(): Vocabulary {
  const tree: Tree = {
    texts: Array.from({ length: ROOTS + 1 }, () => ''),
    parents: new Int32Array(NODES_START),
    needs: new Int32Array(NODES_START),
    depths: new Uint8Array(NODES_START),
    buckets: new Int32Array(NODES_START),
    nexts: new Int32Array(NODES_START),
    free: 0,
    size: 0,
  }
  return {
    childOf: (parent, level) => (parent === 0 ? 0 : childIn(tree, parent, level, 0, level.length)),
    find: (root, chain) => findIn(tree, root, chain),
    intern: (root, chain) => internIn(tree, root, chain),
    keep: (node) => keepIn(tree, node),
    release: (node) => releaseIn(tree, node),
    levelText: (node) => tree.texts[node] as string,
    chainText: (node) => chainIn(tree, node),
    ancestorAt(node, level) {
      let at = node
      for (let up = (tree.depths[node] as number) - 1 - level; up > 0; up--) at = tree.parents[at] as number
      return at
    },
    get size() {
      return tree.size
    },
  }
}

/** The level is what stands in the text from one place to another. */
function childIn({ texts, parents, buckets, nexts }: Tree, parent: number, text: string, from: number, to: number) {
  let node = buckets[hashOf(parent, text, from, to) & (buckets.length - 1)] as number
  while (node !== 0 && !(parents[node] === parent && isLevel(texts[node] as string, text, from, to))) {
    node = nexts[node] as number
  }
  return node
}

function findIn(tree: Tree, root: number, chain: string): number {
  let node = root
  let from = 0
  while (node !== 0 && from <= chain.length) {
    const end = chain.indexOf('|', from)
    const to = end < 0 ? chain.length : end
    node = childIn(tree, node, chain, from, to)
    from = to + 1
  }
  return node
}

function internIn(tree: Tree, root: number, chain: string): number {
  let node = root
  for (const level of chain.split('|')) node = childIn(tree, node, level, 0, level.length) || add(tree, node, level)
  keepIn(tree, node)
  return node
}

function chainIn({ texts, parents }: Tree, node: number): string {
  let text = texts[node] as string
  for (let at = parents[node] as number; at > ROOTS; at = parents[at] as number) text = `${texts[at]}|${text}`
  return text
}

function add(tree: Tree, parent: number, level: string): number {
  const node = tree.free === 0 ? tree.texts.length : tree.free
  if (tree.free === 0) {
    if (node === tree.parents.length) grow(tree)
    tree.texts.push(ownText(level))
  } else {
    tree.free = tree.nexts[node] as number
    tree.texts[node] = ownText(level)
  }
  tree.parents[node] = parent
  tree.depths[node] = (tree.depths[parent] as number) + 1
  tree.needs[node] = 0
  keepIn(tree, parent)
  link(tree, node)
  tree.size++
  return node
}

/** A part of a text holds the whole of it in memory: a copy does not. Half characters, which UTF-8 does not have, stay. */
function ownText(level: string): string {
  const copy = Buffer.from(level).toString()
  return copy === level ? copy : level
}

function keepIn({ needs }: Tree, node: number): void {
  needs[node] = (needs[node] as number) + 1
}

/** What nobody needs any more goes, and with it its need of the node above. */
function releaseIn(tree: Tree, node: number): void {
  let at = node
  while (at > ROOTS) {
    const left = (tree.needs[at] as number) - 1
    tree.needs[at] = left
    if (left > 0) return
    const parent = tree.parents[at] as number
    remove(tree, at)
    at = parent
  }
}

function remove(tree: Tree, node: number): void {
  const { buckets, nexts } = tree
  const bucket = bucketOf(tree, node)
  const after = nexts[node] as number
  let before = buckets[bucket] as number
  if (before === node) buckets[bucket] = after
  else {
    while (nexts[before] !== node) before = nexts[before] as number
    nexts[before] = after
  }
  tree.texts[node] = ''
  tree.parents[node] = 0
  nexts[node] = tree.free
  tree.free = node
  tree.size--
}

/** Called only when no node is free. */
function grow(tree: Tree): void {
  const length = tree.parents.length * 2
  tree.parents = copied(tree.parents, new Int32Array(length))
  tree.needs = copied(tree.needs, new Int32Array(length))
  tree.depths = copied(tree.depths, new Uint8Array(length))
  tree.nexts = new Int32Array(length)
  tree.buckets = new Int32Array(length)
  for (let node = ROOTS + 1; node < tree.texts.length; node++) link(tree, node)
}

function link(tree: Tree, node: number): void {
  const bucket = bucketOf(tree, node)
  tree.nexts[node] = tree.buckets[bucket] as number
  tree.buckets[bucket] = node
}

function bucketOf({ texts, parents, buckets }: Tree, node: number): number {
  const text = texts[node] as string
  return hashOf(parents[node] as number, text, 0, text.length) & (buckets.length - 1)
}

/**
 * FNV-1a over the characters of a level, begun with its parent. Who sends texts that collide gains little: a token keeps
 * so many values at most, and what no table keeps is gone.
 */
function hashOf(parent: number, text: string, from: number, to: number): number {
  let hash = Math.imul(parent, 0x9e3779b1)
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash ^ (hash >>> 15)
}

function isLevel(level: string, text: string, from: number, to: number): boolean {
  return level === text || (level.length === to - from && text.startsWith(level, from))
}

function copied<A extends Int32Array | Uint8Array>(from: A, to: A): A {
  to.set(from)
  return to
}
