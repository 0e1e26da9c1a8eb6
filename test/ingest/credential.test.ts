/** What has the shape of a credential is found wherever it may stand in a text. */
import { describe, expect, test } from 'vitest'
import { holdsCredential, maskShapes } from '../../src/ingest/credential.ts'

const X16 = 'a1B2c3D4e5F6g7H8'
const SHAPED = [
  `eyJ${X16}.${X16}.${X16}`,
  `eyA${X16}.${X16}.`,
  `ghp_${X16}`,
  `ghs_${X16}`,
  `github_pat_${X16}`,
  `glpat-${X16}`,
  `gldt_${X16}`,
  'xoxb-12345678',
  'xapp-12345678',
  'rk_live_12345678',
  'sk_test_12345678',
  `sk-${X16}`,
  'whsec_12345678',
  'ya29.12345678',
  `AIza${X16}${X16}`,
  `npm_${X16}`,
  `pypi-${X16}`,
  `SG.${X16}.${X16}`,
  `dop_v1_${X16}`,
  `dckr_pat_${X16}`,
  `hf_${X16}`,
  `hvs.${X16}`,
  `shpat_${X16}`,
  `sq0atp-${X16}`,
  `lin_api_${X16}`,
  `figd_${X16}`,
  'tskey-12345678',
  `PMAK-${X16}`,
  `dapi${'0f'.repeat(16)}`,
  `pul-${'0f'.repeat(16)}`,
  `sbp_${X16}`,
]
const AROUND = ['', ' ', '/', '_', '-', '"', '=', '\n', 'é', '😀']

describe.each(SHAPED)('%s', (credential) => {
  test.each(AROUND)('is masked behind %j.', (before) => {
    expect(holdsCredential(`x${before}${before === '' ? ' ' : ''}${credential}`)).toBe(true)
    expect(maskShapes(`${before}${credential}`)).toBe(`${before}[masked]`)
  })

  test.each(['x', 'X', '7'])('is no word of its own behind %j.', (before) => {
    expect(holdsCredential(`${before}${credential}`)).toBe(false)
  })
})

test.each([
  'Bearer abcdef123456',
  'bearer  abcdef123456',
  'xBEARER abcdef123456',
  'Basic dXNlcjpwYXNz1234',
  'see https://user:secret@example.com/',
  '-----BEGIN RSA PRIVATE KEY-----MIIE',
])('%s holds one.', (text) => {
  expect(holdsCredential(text)).toBe(true)
  expect(maskShapes(text)).toContain('[masked]')
})

test.each([
  'curl/8.5.0',
  'northwind/2.7 (+https://northwind.example/bots)',
  'a bearer of news',
  'basic auth',
  'AKIAIOSFODNN7EXAMPLE',
  '0b0e8a4c-1f2d-4e3b-9c4d-5a6b7c8d9e0f',
  'sk-short',
])('%s holds none.', (text) => {
  expect(holdsCredential(text)).toBe(false)
  expect(maskShapes(text)).toBe(text)
})
