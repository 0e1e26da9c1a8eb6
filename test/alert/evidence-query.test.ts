/** The evidence query: one SELECT, whatever ids it is given. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evidenceQuery, quote } from '../../src/alert/evidence-query.ts'

const HOSTILE: readonly [string, string, string][] = [
  ['a quote and a statement', "'; DROP TABLE events; --", String.raw`'\'; DROP TABLE events; --'`],
  ['a backslash at its end', 'x\\', String.raw`'x\\'`],
  ['a backslash before a quote', "\\'", String.raw`'\\\''`],
  ['newlines and NUL', 'a\n\r\0', String.raw`'a\x0A\x0D\x00'`],
  ['an override of direction', 'a\u202eb', String.raw`'a\xE2\x80\xAEb'`],
  ['backticks', '```', String.raw`'\x60\x60\x60'`],
  ['markup', '<a&b>', String.raw`'\x3Ca\x26b\x3E'`],
  ['characters beyond the basic plane', '😀', String.raw`'\xF0\x9F\x98\x80'`],
  ['half a surrogate pair', '\ud800', String.raw`'\xEF\xBF\xBD'`],
  ['an escape sequence in the clear', '\\x41', String.raw`'\\x41'`],
]

/** How ClickHouse reads a literal, from its reference: `\xNN` is a byte, `\c` any other character. */
function read(literal: string): string {
  expect(literal).toMatch(/^'(?:[^'\\]|\\.)*'$/s)
  const bytes: Buffer[] = []
  for (const [token] of literal.slice(1, -1).matchAll(/\\x[0-9A-F]{2}|\\.|[^\\]/gs))
    bytes.push(
      token.startsWith('\\x') ? Buffer.from([Number.parseInt(token.slice(2), 16)]) : Buffer.from(token.slice(-1)),
    )
  return Buffer.concat(bytes).toString('utf8')
}

describe('a quoted text', () => {
  test.each(HOSTILE)('is harmless with %s', (_, text, literal) => {
    expect(quote(text)).toBe(literal)
  })

  test('is read back as the text itself, and is plain ASCII without markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(read(quote(text))).toBe(text)
        expect(quote(text)).toMatch(/^[ -~]*$/)
        expect(quote(text)).not.toMatch(/[`<>&]/)
      }),
    )
  })
})

describe('the evidence query', () => {
  const input = {
    database: 'tokenwatch',
    subject: 'tok_x',
    detectors: ['new-country'],
    eventIds: ['e1', 'e2'],
    fromMs: Date.parse('2026-03-04T11:57:31.25Z'),
    toMs: Date.parse('2026-03-04T12:00:00Z'),
  }

  test('reads like this', () => {
    expect(evidenceQuery(input)).toBe(`\
SELECT time, event_id, ip, country, network, network_name, method, path, route, status,
       user_agent, surprise_bits, reasons
FROM "tokenwatch".events
WHERE token_id = 'tok_x'
  AND time >= toDateTime64('2026-03-04 11:57:31.250', 3, 'UTC')
  AND time <= toDateTime64('2026-03-04 12:00:00.000', 3, 'UTC')
  AND (event_id IN ('e1', 'e2')
    OR hasAny(reasons, ['new-country']))
ORDER BY time, event_id
LIMIT 200`)
  })

  test('leaves out what it has no ids for', () => {
    const query = evidenceQuery({ ...input, database: '', detectors: [], eventIds: [] })
    expect(query).toContain('FROM events\n')
    expect(query).not.toMatch(/IN \(|hasAny/)
  })

  test('stays one statement whatever the ids hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }), { minLength: 3, maxLength: 6 }),
        ([subject = '', ...rest]) => {
          const query = evidenceQuery({ ...input, subject, eventIds: rest, detectors: rest })
          const bare = query.replaceAll(/'(?:[^'\\]|\\.)*'/g, "''")
          expect(bare).not.toMatch(/[;\\]|--|\/\*/)
          expect(bare.match(/SELECT/g)).toHaveLength(1)
        },
      ),
    )
  })
})
