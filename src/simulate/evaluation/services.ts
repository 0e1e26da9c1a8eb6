/** The services of a platform, made anew for each seed: resources, routes, identifiers, versions, what a deploy adds. */
import type { Random } from '../random.ts'
import { createEndpoint, type Endpoint, type EndpointKind, type Gateway, ID_STYLES, type IdStyle } from './endpoints.ts'

export interface Service {
  readonly name: string
  readonly gateway: Gateway
  /** In front of each route, such as `/v1`. */
  readonly base: string
  readonly resources: readonly string[]
  /** What ordinary clients use, the most used first. */
  readonly endpoints: readonly Endpoint[]
  /** What exists and is hardly ever called: administration, exports, keys. */
  readonly sensitive: readonly Endpoint[]
  /** What deploys will add, two or three routes at a time. */
  readonly coming: readonly Endpoint[]
}

/** Service, then its resources. `*` puts the tenant into the path, `~` names things by words, `!` is called by POST only. */
const VOCABULARY = `billing invoices payments customers subscriptions credit-notes
orders orders shipments returns labels
catalog products categories prices reviews
documents files folders conversions signatures
identity users groups sessions roles
messaging messages templates campaigns contacts
analytics events reports dashboards queries
inventory items warehouses stock movements
crm contacts deals companies activities
support tickets agents macros comments
payroll employees payslips timesheets absences
devices devices telemetry firmware commands
geo addresses places routes zones
media assets uploads transcodes captions
scheduling bookings calendars slots reminders
risk scores cases rules watchlists
projects* projects tasks milestones
workspaces* workspaces members boards
storefront~ pages themes collections
source~ repositories branches pipelines
graphql! graphql
ledger! ledger`.split('\n')

const REGIONS = ['eu-central-1', 'eu-west-1', 'us-east-1', 'us-west-2', 'ap-southeast-1', 'europe-west4', 'westeurope']
const BASES = ['/v1', '/v1', '/v1', '/v2', '/v2', '/v3', '/api/v1', '/api/v2']
const SUBS = ['history', 'comments', 'attachments', 'status', 'lines', 'versions', 'metadata', 'permissions']
const ACTIONS = ['cancel', 'approve', 'refresh', 'archive', 'sync', 'retry', 'publish']

export function createServices(random: Random, count: number): readonly Service[] {
  const words = [...VOCABULARY]
  const routedShare = random.pick([0, 0.6, 0.6, 1])
  return Array.from({ length: Math.min(count, words.length) }, () =>
    createService(random, words.splice(random.int(words.length), 1)[0] as string, routedShare),
  )
}

function createService(random: Random, words: string, routedShare: number): Service {
  const [title = '', ...resources] = words.split(' ')
  const base = random.pick(BASES)
  const gateway: Gateway = {
    name: `${title.replace(/\W$/, '')}-api`,
    region: random.pick(REGIONS),
    sendsRoute: random.chance(routedShare),
    sendsBytes: random.chance(0.93),
    isCoarse: random.chance(0.12),
  }
  const routes = title.endsWith('!')
    ? [postOnly(random, gateway, base, resources[0] as string)]
    : resources.map((resource) => routesOf(random, { gateway, resource, base, mark: title.at(-1) ?? '' }))
  const all = interleave(routes)
  const coming = all.length > 8 ? 3 + random.int(3) : 0
  return {
    name: gateway.name,
    gateway,
    base,
    resources: [...new Set(all.map(({ resource }) => resource))],
    endpoints: all.slice(0, all.length - coming),
    coming: all.slice(all.length - coming),
    sensitive: sensitiveRoutes(random, gateway, base),
  }
}

/** What everyone calls comes first in each list, so that the lists are merged from the front. */
function interleave(lists: readonly (readonly Endpoint[])[]): readonly Endpoint[] {
  const length = Math.max(...lists.map((list) => list.length))
  return Array.from({ length }, (_, index) => lists.flatMap((list) => list[index] ?? [])).flat()
}

interface ResourceOptions {
  readonly gateway: Gateway
  readonly resource: string
  readonly base: string
  /** As in the vocabulary, or any letter. */
  readonly mark: string
}

function routesOf(random: Random, { gateway, resource, base, mark }: ResourceOptions): readonly Endpoint[] {
  const style: IdStyle = mark === '~' ? 'slug' : random.pick(ID_STYLES)
  const tenanted = mark === '*'
  const root = tenanted ? `${base}/tenants/{tenant:tenant}/${resource}` : `${base}/${resource}`
  const one = `${root}/{${resource.replace(/s$/, '').replaceAll('-', '_')}_id:${style}}`
  const make = (method: string, template: string, kind: EndpointKind, bytes: number) =>
    createEndpoint({
      gateway,
      method,
      template,
      kind,
      resource: tenanted ? 'tenants' : resource,
      bytesTypical: Math.round(bytes * Math.exp(0.7 * random.normal())),
      latencyTypicalMs: Math.round(40 * Math.exp(0.8 * random.normal())),
    })
  const routes = [
    make('GET', one, 'item', 2_000),
    make('GET', root, 'collection', 16_000),
    make('POST', root, 'write', 900),
  ]
  if (random.chance(0.8)) routes.push(make(random.pick(['PATCH', 'PUT']), one, 'write', 700))
  for (const sub of SUBS) if (random.chance(0.25)) routes.push(make('GET', `${one}/${sub}`, 'item', 3_000))
  if (random.chance(0.5)) routes.push(make('GET', `${root}/search`, 'collection', 12_000))
  if (random.chance(0.5)) routes.push(make('POST', `${one}/${random.pick(ACTIONS)}`, 'write', 400))
  if (random.chance(0.4)) routes.push(make('GET', `${root}/by-date/{day:date}`, 'collection', 9_000))
  if (random.chance(0.6)) routes.push(make('DELETE', one, 'write', 0))
  if (random.chance(0.15)) routes.push(make('GET', `${root}/by-email/{email:email}`, 'item', 1_200))
  return routes
}

/** GraphQL and procedure calls: a gateway sees one method, and reads and writes look alike. */
function postOnly(random: Random, gateway: Gateway, base: string, resource: string): readonly Endpoint[] {
  const paths =
    resource === 'graphql'
      ? ['/graphql']
      : ['Get', 'List', 'Post', 'Reverse', 'Balance', 'Statement'].map((call) => `${base}/ledger/Ledger.${call}`)
  return paths.map((template) => {
    const bytesTypical = 800 + random.int(9_000)
    const shape = { gateway, method: 'POST', template, kind: 'write', resource, success: 200 } as const
    return createEndpoint({ ...shape, bytesTypical, latencyTypicalMs: 60 })
  })
}

function sensitiveRoutes(random: Random, gateway: Gateway, base: string): readonly Endpoint[] {
  return SENSITIVE.map((line) => {
    const [method = '', path = '', bytes] = line.split(' ')
    const resource = path.split('/')[1] ?? ''
    const latencyTypicalMs = 40 + random.int(300)
    const template = base + path
    return createEndpoint({
      gateway,
      method,
      template,
      kind: 'sensitive',
      resource,
      bytesTypical: Number(bytes),
      latencyTypicalMs,
    })
  })
}

const SENSITIVE = `GET /users 24000
GET /users/{user_id:number}/api-keys 2100
POST /exports 600
GET /exports/{export_id:uuid}/download 880000
GET /admin/settings 5200
GET /admin/users 31000
POST /admin/impersonate 400
GET /audit-log 64000
GET /tokens 7000
POST /tokens 700
GET /api-keys 6100
POST /api-keys 640
GET /keys/{key_id:hex} 900
GET /iam/roles 8000
PUT /iam/policies/{policy_id:uuid} 500
DELETE /users/{user_id:number} 0
GET /secrets 1800
GET /backups 3900`.split('\n')
