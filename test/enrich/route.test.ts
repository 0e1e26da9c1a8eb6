/** Templates of paths. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { routeOf, templateOf } from '../../src/enrich/route.ts'

test.each([
  { it: 'Words stay.', path: '/v1/orders/search', route: '/v1/orders/search' },
  { it: 'The root stays.', path: '/', route: '/' },
  { it: 'No path is the root.', path: '', route: '/' },
  { it: 'Empty segments and a last slash make no difference.', path: '//v1///orders/', route: '/v1/orders' },
  { it: 'Numbers are ids.', path: '/orders/12345/items/7', route: '/orders/{id}/items/{id}' },
  {
    it: 'A number with an extension keeps the extension.',
    path: '/reports/2024-01-31.csv',
    route: '/reports/{id}.csv',
  },
  { it: 'Versions of an API are no ids.', path: '/api/2.1/v3/orders', route: '/api/2.1/v3/orders' },
  { it: 'UUIDs are ids.', path: '/users/0b0e8a4c-1f2d-4e3b-9c4d-5a6b7c8d9e0f', route: '/users/{id}' },
  { it: 'Hashes are ids.', path: '/commits/da39a3ee5e6b4b0d3255bfef95601890afd80709', route: '/commits/{id}' },
  {
    it: 'Short hex with a digit is an id, a word of hex letters is not.',
    path: '/c/deadbee1/facade',
    route: '/c/{id}/facade',
  },
  { it: 'ULIDs are ids.', path: '/e/01ARZ3NDEKTSV4RRFFQ69G5FAV', route: '/e/{id}' },
  { it: 'Prefixed ids are ids.', path: '/cus_9s6XKzkNRiz8i3/i-0abc1234/usr-123456', route: '/{id}/{id}/{id}' },
  {
    it: 'Words with a prefix or a version are not.',
    path: '/user_profile/oauth2_callback/order-items-v2/api_v2',
    route: '/user_profile/oauth2_callback/order-items-v2/api_v2',
  },
  { it: 'E-mail addresses are ids.', path: '/u/ann@example.com/x', route: '/u/{id}/x' },
  { it: 'Encoded segments are ids.', path: '/search/caf%C3%A9', route: '/search/{id}' },
  {
    it: 'Long opaque segments are ids.',
    path: '/s/Xa9Kq2Lm7Zp4Rt8V/how-to-write-a-title-that-is-longer-than-forty',
    route: '/s/{id}/{id}',
  },
  { it: 'Long words are none.', path: '/getUserProfileInformation', route: '/getUserProfileInformation' },
  { it: 'Redacted segments are ids, templates stay.', path: '/x/{redacted}/{order}', route: '/x/{id}/{order}' },
  { it: 'The ninth segment and what follows is a star.', path: '/a/b/c/d/e/f/g/h/i/j', route: '/a/b/c/d/e/f/g/h/*' },
  { it: 'Eight segments stay.', path: '/a/b/c/d/e/f/g/h/', route: '/a/b/c/d/e/f/g/h' },
  { it: 'What separates levels becomes a broken bar.', path: '/a|b', route: '/a¦b' },
])('$it', ({ path, route }) => {
  expect(routeOf('', '', path)).toBe(route)
})

test('The gateway’s route wins over the operation, and that over the path.', () => {
  expect(routeOf('/orders/:id', 'GetOrder', '/orders/7')).toBe('/orders/:id')
  expect(routeOf('', 'Get|Order', '/orders/7')).toBe('Get¦Order')
})

test('Any path gives a bounded template that starts with a slash and is its own template.', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.webPath(),
        fc.array(fc.oneof(fc.uuid(), fc.ulid(), fc.nat().map(String))).map((ids) => ids.join('/')),
      ),
      (path) => {
        const template = templateOf(path)
        expect(template.length).toBeLessThanOrEqual(512)
        expect(template.startsWith('/')).toBe(true)
        expect(template.split('/').length).toBeLessThanOrEqual(10)
        if (!template.endsWith('/*')) expect(templateOf(template)).toBe(template)
      },
    ),
  )
})
