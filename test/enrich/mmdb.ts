/**
 * Writes small databases in MaxMind's format 2.0 (IPv4, 24-bit records), so that tests need no licensed file.
 * Specification: https://maxmind.github.io/MaxMind-DB/
 */
type Value = string | number | { readonly [key: string]: Value }

/** @param networks first address, prefix length and record of each. */
export function mmdb(databaseType: string, networks: readonly (readonly [string, number, Value])[]): Uint8Array {
  const nodes: [number, number][] = [[-1, -1]]
  const data: Buffer[] = []
  let dataBytes = 0
  /** -1 is nothing; -2 and below are offsets into the data; 0 and above are nodes. */
  for (const [address, bits, value] of networks) {
    const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    let node = 0
    for (let depth = 0; depth < bits; depth++) {
      const side = Math.floor(number / 2 ** (31 - depth)) % 2 === 0 ? 0 : 1
      const pair = nodes[node] ?? [-1, -1]
      if (depth === bits - 1) pair[side] = -2 - dataBytes
      else if (pair[side] === -1) pair[side] = nodes.push([-1, -1]) - 1
      node = pair[side] ?? 0
    }
    const bytes = encode(value)
    data.push(bytes)
    dataBytes += bytes.length
  }
  const record = (target: number) =>
    target === -1 ? nodes.length : target >= 0 ? target : nodes.length + 16 + (-2 - target)
  const tree = Buffer.alloc(nodes.length * 6)
  for (const [index, [left, right]] of nodes.entries()) {
    tree.writeUIntBE(record(left), index * 6, 3)
    tree.writeUIntBE(record(right), index * 6 + 3, 3)
  }
  const metadata = encode({
    node_count: nodes.length,
    record_size: 24,
    ip_version: 4,
    database_type: databaseType,
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
  })
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    ...data,
    Buffer.from('abcdef', 'hex'),
    Buffer.from('MaxMind.com'),
    metadata,
  ])
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([control(6, 4), bytes])
  }
  const entries = Object.entries(value)
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, each]) => [encode(key), encode(each)])])
}

function control(type: number, size: number): Buffer {
  if (size >= 29 + 256) throw new Error('the test database holds short values only')
  return size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29])
}
