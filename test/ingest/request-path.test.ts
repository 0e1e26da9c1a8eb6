/** Paths fit to be stored. */
import { expect, test } from 'vitest'
import { normalisePath } from '../../src/ingest/request-path.ts'

test.each([
  { it: 'A query is cut.', raw: '/v1/orders?api_key=abc', path: '/v1/orders' },
  { it: 'A fragment is cut.', raw: '/v1/orders#access_token=abc', path: '/v1/orders' },
  { it: 'A query alone leaves the root.', raw: '?token=abc', path: '/' },
  { it: 'An origin with user info is cut.', raw: 'https://user:pass@api.example.com/v1?x=1', path: '/v1' },
  {
    it: 'A session in a matrix parameter is replaced.',
    raw: '/shop;jsessionid=A1B2C3/cart',
    path: '/shop;jsessionid={redacted}/cart',
  },
  {
    it: 'A token with a known prefix is replaced.',
    raw: '/hook/ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    path: '/hook/{redacted}',
  },
  { it: 'A JWT is replaced.', raw: '/s/eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.', path: '/s/{redacted}' },
  { it: 'An encoded token is replaced.', raw: '/s/%67hp_16C7e42F292c6912E7710c838347Ae178B4a', path: '/s/{redacted}' },
  {
    it: 'Random text is replaced.',
    raw: '/services/T024BE7LD/B01/Xa9Kq2Lm7Zp4Rt8Vw1Yc6Bn3',
    path: '/services/T024BE7LD/B01/{redacted}',
  },
  {
    it: 'What follows a reset link is replaced.',
    raw: '/password/reset/5f4dcc3b5aa765d61d8327deb882cf99',
    path: '/password/reset/{redacted}',
  },
  {
    it: 'A UUID after a word of that kind is an id.',
    raw: '/sessions/0b0e8a4c-1f2d-4e3b-9c4d-5a6b7c8d9e0f',
    path: '/sessions/0b0e8a4c-1f2d-4e3b-9c4d-5a6b7c8d9e0f',
  },
  {
    it: 'Words in camel case stay.',
    raw: '/api/getUserProfileInformationV2ByRegion',
    path: '/api/getUserProfileInformationV2ByRegion',
  },
  {
    it: 'Ids and hashes stay.',
    raw: '/commits/da39a3ee5e6b4b0d3255bfef95601890afd80709/123456789012345',
    path: '/commits/da39a3ee5e6b4b0d3255bfef95601890afd80709/123456789012345',
  },
  {
    it: 'A percent sign that encodes nothing is no error.',
    raw: '/100%-of-everything-there-is',
    path: '/100%-of-everything-there-is',
  },
])('$it', ({ raw, path }) => {
  expect(normalisePath(raw)).toBe(path)
})
