/** No Docker runs here, so this holds what can be held without it: images, variables, ports, checks, users. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { knownVariables, loadConfig } from '../src/config.ts'
import { SERVER_VERSION_MIN } from '../src/store/migrate.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const serviceShape = z.looseObject({
  image: z.string(),
  build: z.string().optional(),
  command: z.union([z.string(), z.array(z.string())]).optional(),
  restart: z.string(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.looseObject({ test: z.array(z.string()).min(2) }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
})
const compose = z
  .looseObject({ services: z.record(z.string(), serviceShape), volumes: z.record(z.string(), z.null()) })
  .parse(parse(read('docker-compose.yml'), { merge: true }))
const services = Object.entries(compose.services)
const oneShots = new Set(services.filter(([, { restart }]) => restart === 'no').map(([name]) => name))

/** `${NAME:?why}` becomes `sample`, `${NAME:-default}` its default: as Docker Compose does it. */
function interpolate(value: string | number): string {
  return String(value).replace(/\$\{(\w+):([?-])([^}]*)\}/g, (_, _name, kind: string, text: string) =>
    kind === '?' ? 'sample-of-at-least-thirty-two-characters' : text,
  )
}

describe('images', () => {
  const dockerfile = read('Dockerfile')
  const images = [
    ...services.map(([name, { image }]) => [name, image] as const),
    ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => ['Dockerfile', image ?? ''] as const),
  ]

  it.each(images)('%s is pinned to a full version: %s', (_, image) => {
    expect(image).toMatch(/^[\w./-]+:\d+\.\d+\.\d+[\w.-]*$/)
  })

  it('runs a ClickHouse that tokenwatch accepts', () => {
    expect(compose.services['clickhouse']?.image).toMatch(/^clickhouse\/clickhouse-server:/)
    const [major = 0, minor = 0] = (compose.services['clickhouse']?.image.split(':')[1] ?? '').split('.').map(Number)
    const [majorMin = 0, minorMin = 0] = SERVER_VERSION_MIN.split('.').map(Number)
    expect(major * 1000 + minor).toBeGreaterThanOrEqual(majorMin * 1000 + minorMin)
  })

  it('is built on the Node of the dev dependency, runs as another user than root, and copies only what is there', () => {
    const { devDependencies, version } = z
      .looseObject({ version: z.string(), devDependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(read('package.json')))
    expect(dockerfile).toContain(`FROM node:${devDependencies['node']}-`)
    expect(dockerfile.match(/^USER (\S+)/m)?.[1]).toBe('node')
    expect(compose.services['tokenwatch']?.image).toBe(`tokenwatch:${version}`)
    const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, paths]) => (paths ?? '').split(' '))
    const sent = read('.dockerignore').match(/^!.+$/gm) ?? []
    expect(new Set(sent.map((line) => line.slice(1)))).toEqual(new Set(copied))
    for (const path of copied) expect(existsSync(new URL(`../${path}`, import.meta.url)), path).toBe(true)
  })
})

describe('variables', () => {
  const { names, patterns } = knownVariables()
  const used = [...new Set(read('docker-compose.yml').match(/\bTOKENWATCH_\w+/g))]

  it.each(used)('%s is known to the configuration', (name) => {
    expect(names.includes(name) || patterns.some((pattern) => pattern.test(name))).toBe(true)
  })

  it('asks for every secret instead of having a default, and shows each in deploy/env.example', () => {
    const text = read('docker-compose.yml')
    const asked = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name))
    const shown = [...read('deploy/env.example').matchAll(/^(\w+)=(.*)$/gm)]
    expect(new Set(shown.map(([, name]) => name))).toEqual(asked)
    expect(shown.map(([, , value]) => value).filter((value) => value !== '')).toEqual([])
    for (const [, name, kind] of text.matchAll(/\$\{(\w*(?:PASSWORD|KEY)):(.)/g))
      expect({ name, kind }).toEqual({ name, kind: '?' })
  })

  it.each([...oneShots, 'tokenwatch'].filter((name) => compose.services[name]?.build !== undefined))(
    '%s starts with a configuration that has no problem',
    (name) => {
      const variables = Object.entries(compose.services[name]?.environment ?? {})
      const env = Object.fromEntries(variables.map(([key, value]) => [key, interpolate(value)]))
      const config = loadConfig({ file: 'deploy/tokenwatch.yaml', set: [], env, readFile: read })
      expect(config.clickhouse).toMatchObject({ user: 'tokenwatch', database: 'tokenwatch' })
      expect(Object.keys(config.notify.targets)).toEqual(['terminal'])
    },
  )

  it('accepts the target that deploy/tokenwatch.yaml shows, once it is uncommented and has its address', () => {
    const uncommented = read('deploy/tokenwatch.yaml').replace(
      /^ {4}# (slack:\n) {4}# ( +type: slack)/m,
      '    $1    $2',
    )
    const env = { TOKENWATCH_NOTIFY_TARGETS_SLACK_URL: 'https://hooks.slack.com/services/T0/B0/x' }
    const config = loadConfig({ file: 'deploy/tokenwatch.yaml', set: [], env, readFile: () => uncommented })
    expect(config.notify.targets['slack']).toMatchObject({ type: 'slack' })
  })
})

describe('services', () => {
  it.each(services)('%s has a health check or runs once', (name, service) => {
    expect({ checked: service.healthcheck !== undefined, once: oneShots.has(name) }).toEqual({
      checked: !oneShots.has(name),
      once: oneShots.has(name),
    })
  })

  it.each(services)('%s publishes its ports on this machine only', (_, { ports }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  it.each(services)('%s waits for services that are there, healthy or done', (_, { depends_on }) => {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      expect(Object.keys(compose.services)).toContain(name)
      expect(condition).toBe(oneShots.has(name) ? 'service_completed_successfully' : 'service_healthy')
    }
  })

  it.each(services)('%s mounts files that are there and volumes that are declared', (_, { volumes }) => {
    for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
      if (source.startsWith('./')) expect(existsSync(new URL(`.${source}`, import.meta.url)), source).toBe(true)
      else expect(Object.keys(compose.volumes)).toContain(source)
    }
  })

  it('migrates once, before tokenwatch starts', () => {
    expect(compose.services['migrate']).toMatchObject({ command: ['migrate'], restart: 'no' })
    expect(compose.services['tokenwatch']?.depends_on).toHaveProperty('migrate')
  })

  it('creates the topic that tokenwatch reads', () => {
    const topic = compose.services['tokenwatch']?.environment['TOKENWATCH_INGEST_KAFKA_TOPICS']
    expect(compose.services['topics']?.command).toContain(`--topic=${topic}`)
  })
})

describe('users of ClickHouse', () => {
  const xml = read('deploy/clickhouse/users.xml')
  const user = (name: string) =>
    xml.slice(xml.indexOf('<users>')).match(new RegExp(`<${name}>(.*?)</${name}>`, 's'))?.[1] ?? ''
  const grants = (name: string) => [...user(name).matchAll(/<query>(.*?)<\/query>/g)].map(([, query]) => query)

  it('take their passwords from variables that the container has', () => {
    const variables = [...xml.matchAll(/from_env="(\w+)"/g)].map(([, name]) => name)
    expect(new Set(Object.keys(compose.services['clickhouse']?.environment ?? {}))).toEqual(new Set(variables))
    expect(xml).not.toMatch(/<password>/)
  })

  it('grant the analyst nothing but reading one database, for a bounded time', () => {
    expect(grants('analyst')).toEqual(['GRANT SELECT ON tokenwatch.*'])
    expect(xml).toMatch(/<analyst>\s*<readonly>1<\/readonly>\s*<max_execution_time>60</)
  })

  it('grant tokenwatch nothing outside its database but the engines of its tables', () => {
    const others = grants('tokenwatch').filter((grant) => !grant?.endsWith(' ON tokenwatch.*'))
    const files = ['sql/001_events.sql', 'sql/002_outcomes.sql', 'sql/003_rollups.sql', 'src/store/migrate.ts']
    const engines = new Set(
      files.flatMap((file) => [...read(file).matchAll(/ENGINE = (\w+)/g)].map(([, engine]) => engine)),
    )
    expect(new Set(others)).toEqual(new Set([...engines].map((engine) => `GRANT TABLE ENGINE ON ${engine}`)))
  })
})
