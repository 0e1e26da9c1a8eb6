/** The fast way to read a line of a table of networks agrees with the parser that knows every form. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { wordsOf } from '../../src/enrich/address-words.ts'
import { parseAsnLine } from '../../src/enrich/asn-csv.ts'
import { createPlainLineReader } from '../../src/enrich/asn-lines.ts'

/** What the fast way makes of the lines, each with the name that its owner stands for. */
function readAll(lines: readonly string[]) {
  const bytes = Buffer.from(lines.join('\n'))
  const owners: { readonly asn: number; readonly name: string }[] = []
  const read = createPlainLineReader(bytes, (asn, name) => owners.push({ asn, name }) - 1)
  let from = 0
  return lines.map((line) => {
    const plain = read(from)
    from += Buffer.byteLength(line) + 1
    if (plain === undefined) return undefined
    expect(plain.next).toBe(from)
    return { start: [...plain.start], end: [...plain.end], ...owners[plain.owner] }
  })
}

function readSlowly(line: string) {
  const parsed = parseAsnLine(line, false)
  if (typeof parsed !== 'object') return undefined
  const { isV6, start, end, asn, name } = parsed
  return { start: [...wordsOf(start, isV6)], end: [...wordsOf(end, isV6)], asn, name }
}

test('Lines as published tables have them are read the fast way.', () => {
  const lines = [
    '1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."',
    '1.0.4.0,1.0.7.255,38803,Gtelecom Pty Ltd',
    '2.26.200.0,2.26.215.255,201907,"LLC ""SPUTNIK"""\r',
    '2001::,2001::ffff:ffff:ffff:ffff:ffff:ffff,6939,Hurricane Electric LLC',
    '2a00:1450::,2A00:1450:ffff:ffff:ffff:ffff:ffff:ffff,15169,Google',
    '::,::1,4294967295,',
    '1.0.8.0,1.0.8.255,13335,"Cloudflare, Inc."',
  ]
  const read = readAll(lines)
  expect(read).toEqual(lines.map(readSlowly))
  expect(read).not.toContain(undefined)
})

const column = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('::', '1::', '::1', '1:2:3:4:5:6:7:8', '1::2:', ':1::', '1:::2', '1::2::3', '01.2.3.4', '1.2.3.256'),
  fc.constantFrom('1.2.3', '12345::', '1:2:3:4:5:6:7::', '1:2:3:4:5:6:7', '16777216', '', ' 1.2.3.4'),
)
const asn = fc.oneof(fc.nat(6).map(String), fc.constantFrom('AS7', '4294967296', '00000000001', '', ' 5', 'x'))
const name = fc.oneof(
  fc.constantFrom('A', '"A"', '"A, B"', 'A, B', '"A ""B"""', '"A', 'A"', ' A ', '" A "', 'Ä', '\u00a0Ä\u2003', 'A\r'),
  fc.string({ unit: fc.constantFrom('A', 'b', '"', ',', ' ', '\r', 'é') }),
)
const lines = fc.array(
  fc
    .tuple(column, column, asn, name, fc.boolean())
    .map(([start, end, number, name, isNamed]) => [start, end, number, ...(isNamed ? [name] : [])].join(',')),
  { minLength: 1, maxLength: 20 },
)

test('Whatever is read the fast way reads alike the slow way.', () => {
  fc.assert(
    fc.property(lines, (lines) => {
      for (const [index, read] of readAll(lines).entries()) {
        if (read !== undefined) expect(read).toEqual(readSlowly(lines[index] as string))
      }
    }),
    { numRuns: 2_000 },
  )
})
