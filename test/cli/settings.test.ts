import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { printConfig } from '../../src/cli/check-config.ts'
import { settingsReference } from '../../src/cli/settings-reference.ts'
import { allSettings, loadConfig } from '../../src/config.ts'

const EXAMPLE = readFileSync('tokenwatch.example.yaml', 'utf8')
/** The example with every setting that is commented out taken in. */
const FULL = EXAMPLE.replace(/^( *)# /gm, '$1')

const load = (yaml: string) => loadConfig({ set: [], env: {}, readFile: () => yaml })

describe('docs/settings.md', () => {
  it('is what `tokenwatch settings` prints', () => {
    expect(readFileSync('docs/settings.md', 'utf8')).toBe(settingsReference())
  })

  it('has every setting with type, default and meaning', () => {
    const text = settingsReference()
    for (const { path } of allSettings()) expect(text).toContain(`- \`${path.join('.').replaceAll('.[]', '[]')}\`: `)
    expect(text).not.toMatch(/undefined|\[object/)
  })
})

describe('tokenwatch.example.yaml', () => {
  it('is a configuration as it stands', () => {
    expect(load(EXAMPLE).ingest.kafka).toMatchObject({ brokers: ['localhost:9092'], topics: ['access-events'] })
  })

  it('is a configuration with all that is commented out', () => {
    const config = load(FULL)
    expect(Object.keys(config.notify.targets)).toEqual(['terminal', 'on-call', 'soar'])
    expect(config.clickhouse.url).toBeDefined()
  })

  it('states defaults that are the defaults', () => {
    const examples = new Set([
      'ingest.kafka.brokers',
      'ingest.kafka.topics',
      'ingest.kafka.tls.enabled',
      'enrich.trustedProxies',
    ])
    const written: unknown = parse(FULL)
    for (const { path, defaultValue } of allSettings()) {
      const key = path.join('.')
      const value = path.reduce<unknown>((node, segment) => Reflect.get(Object(node), segment), written)
      if (value !== undefined && defaultValue !== undefined && !examples.has(key))
        expect({ [key]: value }).toEqual({ [key]: defaultValue })
    }
  })

  it('holds no secret but placeholders that say so', () => {
    for (const { path, secret } of allSettings().filter((each) => each.secret)) {
      const value = path.reduce<unknown>((node, segment) => Reflect.get(Object(node), segment), parse(FULL))
      if (secret && typeof value === 'string' && !value.includes('.example')) expect(value).toMatch(/change|tokenwatch/)
    }
  })
})

describe('check-config --print', () => {
  it('prints settings that could be read again, with secrets as [redacted]', () => {
    const text = printConfig(load(FULL))
    const secrets = ['change-me', 'hooks.slack.com', 'soar.example', 'clickhouse.example', 'whsec_']
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect(parse(text)).toMatchObject({
      clickhouse: { url: '[redacted]', database: 'tokenwatch' },
      http: { port: 9464 },
    })
  })

  it('masks user info in a text that is no secret by its schema', () => {
    const text = printConfig(load('ingest: { kafka: { clientId: "http://me:pw@host/x" } }'))
    expect(text).toContain('http://[redacted]@host')
    expect(text).not.toContain('pw')
  })
})
