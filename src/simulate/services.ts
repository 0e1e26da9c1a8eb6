/** The services that simulated tokens call, and how one of their routes becomes a path. */
import type { Random } from './random.ts'

export interface Endpoint {
  readonly method: string
  /** Route template as a gateway knows it. */
  readonly route: string
  readonly bytesTypical: number
  readonly latencyTypicalMs: number
  /** No route of the service: the gateway sends none. */
  readonly unrouted?: boolean
}

export interface Service {
  readonly name: string
  readonly tenant: string
  readonly region: string
  /** Whether its gateway sends the route beside the path. */
  readonly sendsRoute: boolean
  /** What ordinary clients use, the most used first. */
  readonly endpoints: readonly Endpoint[]
  /** What exists and is hardly ever called: administration, exports, keys. */
  readonly sensitive: readonly Endpoint[]
}

const SENSITIVE = parse(`GET /v1/users 24000 140
GET /v1/users/{user_id}/api-keys 2100 60
POST /v1/exports 600 420
GET /v1/exports/{export_id}/download 880000 1900
GET /v1/admin/settings 5200 45
GET /v1/audit-log 64000 210
POST /v1/webhooks 480 90
GET /v1/tenants/{tenant_id}/members 9100 80`)

export const SERVICES: readonly Service[] = [
  service(
    'billing-api',
    'acme',
    'eu-central-1',
    true,
    `GET /v1/invoices/{invoice_id} 3200 38
GET /v1/invoices 18000 95
GET /v1/customers/{customer_id}/balance 640 22
POST /v1/invoices/{invoice_id}/payments 910 130
GET /v1/subscriptions/{subscription_id} 1500 31
POST /v1/usage-records 220 27
GET /v1/tax-rates 4100 18
POST /v1/credit-notes 1200 88`,
  ),
  service(
    'orders-api',
    'northwind',
    'eu-west-1',
    false,
    `GET /v2/orders/{order_id} 2700 29
GET /v2/orders 22000 84
POST /v2/orders 1400 160
PATCH /v2/orders/{order_id} 900 75
GET /v2/shipments/{shipment_id} 1800 33
POST /v2/returns 700 92
GET /v2/warehouses/{warehouse_id}/stock 5400 47
PUT /v2/orders/{order_id}/labels 380 41`,
  ),
  service(
    'catalog-api',
    'globex',
    'us-east-1',
    true,
    `GET /v1/products/{product_id} 4300 17
GET /v1/search 15000 64
GET /v1/categories 7800 14
GET /v1/products/{product_id}/reviews 9600 39
POST /v1/carts/{cart_id}/items 760 52
GET /v1/recommendations 6900 71
GET /v1/carts/{cart_id} 2100 24
POST /v1/wishlists 540 44`,
  ),
  service(
    'documents-api',
    'initech',
    'us-east-1',
    false,
    `GET /v1/files/{file_id} 46000 88
GET /v1/files 11000 51
POST /v1/files 820 240
GET /v1/files/{file_id}/metadata 1300 19
POST /v1/conversions 610 330
GET /v1/conversions/{conversion_id} 940 26
DELETE /v1/files/{file_id} 0 37
GET /v1/folders/{folder_id} 3900 28`,
  ),
]

function service(name: string, tenant: string, region: string, sendsRoute: boolean, endpoints: string): Service {
  return { name, tenant, region, sendsRoute, endpoints: parse(endpoints), sensitive: SENSITIVE }
}

function parse(lines: string): readonly Endpoint[] {
  return lines.split('\n').map((line) => {
    const [method = '', route = '', bytes, latencyMs] = line.split(' ')
    return { method, route, bytesTypical: Number(bytes), latencyTypicalMs: Number(latencyMs) }
  })
}

/** Fills a route's parameters with identifiers of the kinds that real services use. */
export function pathOf(random: Random, route: string): string {
  const open = route.indexOf('{')
  if (open < 0) return route
  const close = route.indexOf('}', open)
  return route.slice(0, open) + identifier(random, route.slice(open + 1, close)) + route.slice(close + 1)
}

/** 128 random bits in the form of a UUID, version 4. */
export function uuid(random: Random): string {
  const text = hex8(random) + hex8(random) + hex8(random) + hex8(random)
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-a${text.slice(17, 20)}-${text.slice(20)}`
}

function identifier(random: Random, parameter: string): string {
  switch (parameter) {
    case 'order_id':
    case 'product_id':
    case 'warehouse_id':
    case 'user_id':
      return String(100_000 + random.int(900_000))
    case 'customer_id':
      return `cus_${base36(random)}${base36(random)}`
    case 'invoice_id':
      return `in_${base36(random)}${base36(random)}`
    case 'file_id':
    case 'folder_id':
      return uuid(random)
    default:
      return hex8(random) + hex8(random) + hex8(random)
  }
}

/** By table: turning a large number into hexadecimal text is what would take most of the time. */
function hex8(random: Random): string {
  const bits = random.uint32()
  return `${HEX[bits >>> 24]}${HEX[(bits >>> 16) & 255]}${HEX[(bits >>> 8) & 255]}${HEX[bits & 255]}`
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Seven characters. */
function base36(random: Random): string {
  return (random.uint32() + 2_176_782_336).toString(36).slice(-7).padStart(7, '0')
}
