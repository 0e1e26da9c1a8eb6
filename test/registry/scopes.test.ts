/** Which calls scopes cover: by the convention, by rules, and where nothing can be said. */
import { describe, expect, test } from 'vitest'
import type { RegisteredToken } from '../../src/registry/registered-token.ts'
import { type ScopeRule, createScopeCheck, parseScope, resourcesOf } from '../../src/registry/scopes.ts'

const tokenWith = (scopes: readonly string[]) => ({ scopes }) as RegisteredToken
function covered(
  scopes: string,
  call: string,
  convention: 'route' | 'service' = 'route',
  rules: readonly ScopeRule[] = [],
) {
  const [method = '', route = ''] = call.split(' ')
  const check = createScopeCheck(rules)
  return check.coveragesOf(tokenWith(scopes.split(' ')), { service: 'billing-api', method, route })[convention]
}

describe('by the convention', () => {
  test.each([
    ['invoices:read', 'GET /v1/invoices', 'inside'],
    ['invoices:read', 'HEAD /v1/invoices/{id}/lines', 'inside'],
    ['invoices:read', 'OPTIONS /invoices', 'inside'],
    ['invoices:read', 'POST /v1/invoices', 'outside'],
    ['invoices:read', 'GET /v1/users', 'outside'],
    ['invoices:write', 'GET /v1/invoices', 'inside'],
    ['invoices:write', 'DELETE /v1/invoices/{id}', 'inside'],
    ['users:read invoices:write', 'PUT /v1/users/{id}', 'outside'],
    ['invoice:read', 'GET /v1/invoices', 'inside'],
    ['Invoices.Read', 'GET /api/v2.1/invoice', 'inside'],
    ['read:tax_rates', 'GET /v1beta2/tax-rates', 'inside'],
    ['categories:read', 'GET /v1/category/{id}', 'inside'],
    ['addresses:read', 'GET /v1/address', 'inside'],
    ['invoices:*', 'POST /v1/invoices', 'inside'],
    ['invoices:admin', 'POST /v1/users', 'outside'],
    ['admin:read', 'GET /v1/users', 'outside'],
    ['admin:read', 'GET /v1/admin/settings', 'inside'],
    ['admin:users', 'DELETE /v1/users/{id}', 'inside'],
    ['all:read', 'GET /v1/users', 'inside'],
    ['*', 'DELETE /v1/users', 'inside'],
    ['admin', 'DELETE /v1/users', 'inside'],
    ['*:read', 'GET /v1/users', 'inside'],
    ['*:read', 'POST /v1/users', 'outside'],
    ['read', 'GET /v1/users', 'inside'],
    ['read', 'PATCH /v1/users', 'outside'],
    ['members:read', 'GET /v1/tenants/{tenant_id}/members', 'inside'],
    ['tenants:read', 'GET /v1/tenants/{tenant_id}/members', 'inside'],
    ['tenants:read', 'GET /v1/tenants/{tenant_id}', 'inside'],
    ['invoices:read', 'GET /v1/tenants/acme/members', 'outside'],
    ['invoices:read', 'GET /', 'unknown'],
    ['invoices:read', 'GET /v1/{id}', 'unknown'],
    ['invoices:read', 'GET GetInvoice', 'unknown'],
    ['invoices:read', ' /v1/users', 'unknown'],
    ['openid', 'GET /v1/users', 'unknown'],
    ['invoices:read repo', 'GET /v1/users', 'unknown'],
    ['api:invoices:read', 'GET /v1/users', 'unknown'],
  ])('%s and %s: %s', (scopes, call, coverage) => {
    expect(covered(scopes, call)).toBe(coverage)
  })

  test.each([
    ['billing:read', 'GET /v1/users', 'inside'],
    ['billing:read', 'POST /v1/users', 'outside'],
    ['orders:read', 'GET /v1/orders', 'outside'],
  ])('where scopes name the service: %s and %s: %s', (scopes, call, coverage) => {
    expect(covered(scopes, call, 'service')).toBe(coverage)
  })

  test('a token without scopes is never judged', () => {
    expect(createScopeCheck([]).isKnown(tokenWith([]))).toBe(false)
  })

  test('a scope that names an access only, or none, is told apart from one of a resource', () => {
    expect(parseScope('write')).toEqual({ resource: '*', access: 'write' })
    expect(parseScope('profile')).toBeUndefined()
    expect(resourcesOf('/api/v1/tenants/{tenant}/api-keys')).toEqual(['api-key', 'tenant'])
  })
})

describe('by rules', () => {
  const rules: readonly ScopeRule[] = [
    { scope: 'reports', methods: ['get'], routes: ['/v*/reports/**', '/v1/tax.rates'] },
    { scope: 'reports', methods: [], routes: ['/v1/tenants/*/exports/{id}'] },
    { scope: 'storage', methods: [], routes: ['Get*', 'ListBuckets'] },
  ]
  test.each([
    ['reports', 'GET /v2/reports/{id}/pages', 'inside'],
    ['reports', 'GET /v1/reports', 'inside'],
    ['reports', 'POST /v1/reports', 'outside'],
    ['reports', 'GET /v1/reports-old', 'outside'],
    ['reports', 'GET /v1/tax.rates', 'inside'],
    ['reports', 'GET /v1/tax-rates', 'outside'],
    ['reports', 'DELETE /v1/tenants/{id}/exports/{id}', 'inside'],
    ['reports', 'DELETE /v1/tenants/{id}/exports/{id}/files', 'outside'],
    ['reports invoices:read', 'GET /v1/invoices', 'inside'],
    ['storage', 'GET GetObject', 'inside'],
    ['storage', 'GET PutObject', 'unknown'],
  ])('%s and %s: %s', (scopes, call, coverage) => {
    expect(covered(scopes, call, 'route', rules)).toBe(coverage)
  })
})
