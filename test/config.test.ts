import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError, allSettings, knownVariables, loadConfig, secretsOf } from '../src/config.ts'
import type { ConfigOptions, ConfigProblem } from '../src/config.ts'

type Files = Readonly<Record<string, string>>

/** Loads from files that stand in memory. */
function load(options: {
  yaml?: string
  files?: Files
  env?: ConfigOptions['env']
  set?: readonly string[]
  file?: string
}) {
  const files: Files = { ...options.files, ...(options.yaml === undefined ? {} : { 'tokenwatch.yaml': options.yaml }) }
  return loadConfig({
    ...(options.file === undefined ? {} : { file: options.file }),
    set: options.set ?? [],
    env: options.env ?? {},
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' })
      return text
    },
  })
}

function problemsOf(options: Parameters<typeof load>[0]): readonly ConfigProblem[] {
  try {
    load(options)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return expect.fail('expected a ConfigError')
}

const SLACK = 'https://hooks.slack.com/services/T000/B000/abcdefgh'

describe('loadConfig', () => {
  it('has a default for everything', () => {
    const config = load({})
    expect(config.http).toEqual({ host: '127.0.0.1', port: 9464 })
    expect(config.learning.quarantineBits).toBe(10)
    expect(config.detect.detectors['new-country']).toMatchObject({ enabled: true })
  })

  it.each<{ title: string; yaml: string }>([
    { title: 'an empty file', yaml: '' },
    { title: 'a file of comments', yaml: '# nothing\n' },
    { title: 'a section whose settings are all commented out', yaml: 'http:\n#  port: 1\nnotify:\n  targets:\n' },
    { title: 'a setting without a value', yaml: 'http:\n  port:\n' },
  ])('takes the defaults from $title', ({ yaml }) => {
    expect(load({ yaml })).toEqual(load({}))
  })

  it('takes the file, over it the environment, over it --set, of which the last wins', () => {
    const yaml = 'http: { port: 1, host: file }\nlog: { level: warn }\n'
    const env = { TOKENWATCH_HTTP_PORT: '2', TOKENWATCH_LOG_LEVEL: 'error' }
    const set = ['http.port=3', 'http.port=4']
    const config = load({ yaml, env, set })
    expect(config.http).toEqual({ host: 'file', port: 4 })
    expect(config.log.level).toBe('error')
  })

  it('reads another file when one is named', () => {
    expect(load({ file: 'a.yaml', files: { 'a.yaml': 'http: { port: 5 }' } }).http.port).toBe(5)
  })

  it('demands the file when one is named', () => {
    expect(problemsOf({ file: 'a.yaml' })).toMatchObject([
      { value: '"a.yaml"', expected: expect.stringContaining('ENOENT') },
    ])
  })

  it('reports every problem at once, each with key, value, expectation, source and remedy', () => {
    const problems = problemsOf({
      yaml: 'http:\n  port: 99999\n  hots: x\nclickhouse:\n  password: 1234\nlog:\n  level: loud\n',
      env: {
        TOKENWATCH_HTTP_PROT: '1',
        TOKENWATCH_INGEST_KAFKA_BROKERS: 'nowhere',
        TOKENWATCH_INGEST_KAFKA_TOPICS: 't',
      },
      set: ['alerting.thresholdBits=many', 'alertin.thresholdBits=3', 'nonsense'],
    })
    expect(problems).toEqual(
      expect.arrayContaining([
        {
          key: 'http.port',
          value: '99999',
          expected: 'an integer from 0 to 65535',
          source: 'tokenwatch.yaml:2',
          remedy: '',
        },
        {
          key: 'http.hots',
          value: '[redacted]',
          expected: 'a known setting',
          source: 'tokenwatch.yaml:3',
          remedy: 'did you mean http.host?',
        },
        {
          key: 'clickhouse.password',
          value: '[redacted]',
          expected: 'text',
          source: 'tokenwatch.yaml:5',
          remedy: 'put it in quotes',
        },
        {
          key: 'log.level',
          value: '"loud"',
          expected: '`debug`, `info`, `warn`, `error`, `silent`',
          source: 'tokenwatch.yaml:7',
          remedy: '',
        },
        {
          key: 'TOKENWATCH_HTTP_PROT',
          value: '[redacted]',
          expected: 'a known variable',
          source: 'environment',
          remedy: 'did you mean TOKENWATCH_HTTP_PORT?',
        },
        {
          key: 'ingest.kafka.brokers[0]',
          value: '"nowhere"',
          expected: 'host:port',
          source: 'TOKENWATCH_INGEST_KAFKA_BROKERS',
          remedy: '',
        },
        {
          key: 'alerting.thresholdBits',
          value: '"many"',
          expected: 'a number from 1 to 1024',
          source: '--set',
          remedy: '',
        },
        {
          key: 'alertin.thresholdBits',
          value: '[redacted]',
          expected: 'a known setting',
          source: '--set',
          remedy: 'did you mean alerting.thresholdBits?',
        },
        {
          key: '--set',
          value: '[redacted]',
          expected: 'KEY=VALUE, such as http.port=9465',
          source: '--set',
          remedy: '',
        },
      ]),
    )
    expect(problems).toHaveLength(9)
  })

  it('names the section of a setting that stands in the wrong one', () => {
    expect(problemsOf({ yaml: 'learning: { thresholdBits: 3 }' })).toMatchObject([
      { remedy: 'did you mean alerting.thresholdBits?' },
    ])
  })

  it.each<{ title: string; yaml: string; line: number }>([
    { title: 'a tab', yaml: 'http:\n\tport: 1\n', line: 2 },
    { title: 'a key twice', yaml: 'http:\n  port: 1\n  port: 2\n', line: 3 },
    { title: 'an open quote', yaml: 'a: 1\nb: "x\n', line: 3 },
    { title: 'a second document', yaml: 'http:\n  port: 1\n---\nhttp:\n', line: 3 },
  ])('names file and line of broken YAML: $title', ({ yaml, line }) => {
    const [problem] = problemsOf({ yaml })
    expect(problem?.source).toBe(`tokenwatch.yaml:${line}`)
  })

  it.each<{ title: string; yaml: string }>([
    { title: 'a list', yaml: '- a\n' },
    { title: 'a text', yaml: 'hello\n' },
    { title: 'an alias of nothing', yaml: 'a: *nowhere\n' },
    { title: 'aliases that multiply', yaml: bomb() },
  ])('refuses a file that is $title', ({ yaml }) => {
    expect(problemsOf({ yaml }).length).toBeGreaterThan(0)
  })

  it('refuses __proto__ and changes no prototype', () => {
    expect(problemsOf({ yaml: '__proto__: { polluted: 1 }\n' })).toHaveLength(1)
    expect(problemsOf({ set: ['__proto__.polluted=1', 'constructor.prototype.polluted=1'] })).toHaveLength(2)
    expect(problemsOf({ set: ['http={__proto__: {polluted: 1}}'] })).toHaveLength(1)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})

function bomb(): string {
  const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`)
  return ['a0: &a0 [x]', ...levels].join('\n')
}

describe('--set', () => {
  it.each<{ set: string; read: (config: ReturnType<typeof load>) => unknown; value: unknown }>([
    { set: 'http.port=1', read: (config) => config.http.port, value: 1 },
    { set: 'ingest.kafka.groupId=123', read: (config) => config.ingest.kafka.groupId, value: '123' },
    { set: 'ingest.kafka.brokers=a:1,b:2', read: (config) => config.ingest.kafka.brokers, value: ['a:1', 'b:2'] },
    { set: 'ingest.kafka.brokers=["a:1"]', read: (config) => config.ingest.kafka.brokers, value: ['a:1'] },
    { set: 'clickhouse.migrateAtStart=true', read: (config) => config.clickhouse.migrateAtStart, value: true },
    {
      set: 'detect.detectors.new-country.enabled=false',
      read: (config) => config.detect.detectors['new-country']?.['enabled'],
      value: false,
    },
    { set: 'http={port: 7}', read: (config) => config.http.port, value: 7 },
    { set: 'http.port=', read: (config) => config.http.port, value: 9464 },
    { set: 'http.port=null', read: (config) => config.http.port, value: 9464 },
    { set: 'ingest.kafka.clientId=a=b', read: (config) => config.ingest.kafka.clientId, value: 'a=b' },
  ])('reads $set', ({ set, read, value }) => {
    expect(read(load({ yaml: 'http: { port: 1 }\ningest: { kafka: { topics: [t] } }', set: [set] }))).toEqual(value)
  })
})

describe('the environment', () => {
  it('gives secrets and addresses', () => {
    const config = load({
      env: {
        TOKENWATCH_CLICKHOUSE_PASSWORD: 'pw',
        TOKENWATCH_INGEST_KAFKA_BROKERS: 'a:1, b:2',
        TOKENWATCH_INGEST_KAFKA_TOPICS: 't',
      },
    })
    expect(config.clickhouse.password?.reveal()).toBe('pw')
    expect(config.ingest.kafka.brokers).toEqual(['a:1', 'b:2'])
  })

  it.each<{ title: string; text: string; secret: string }>([
    { title: 'without its last line break', text: 'pw\n', secret: 'pw' },
    { title: 'without a CRLF at its end', text: 'pw\r\n', secret: 'pw' },
    { title: 'with the line breaks within', text: 'a\nb\n\n', secret: 'a\nb\n' },
    { title: 'with spaces', text: ' pw ', secret: ' pw ' },
  ])('gives a secret from a file, $title', ({ text, secret }) => {
    const config = load({ env: { TOKENWATCH_CLICKHOUSE_PASSWORD_FILE: '/run/pw' }, files: { '/run/pw': text } })
    expect(config.clickhouse.password?.reveal()).toBe(secret)
  })

  it('refuses a variable and its _FILE twin together, wherever they stand', () => {
    const env = { TOKENWATCH_CLICKHOUSE_PASSWORD: 'pw', TOKENWATCH_CLICKHOUSE_PASSWORD_FILE: '/run/pw' }
    expect(problemsOf({ env, files: { '/run/pw': 'pw' } })).toMatchObject([
      { key: 'clickhouse.password', value: '[redacted]', remedy: 'unset TOKENWATCH_CLICKHOUSE_PASSWORD' },
    ])
  })

  it.each<{ title: string; files: Files }>([
    { title: 'is not there', files: {} },
    { title: 'is empty', files: { '/run/pw': '\n' } },
  ])('refuses a secret whose file $title', ({ files }) => {
    expect(problemsOf({ env: { TOKENWATCH_CLICKHOUSE_PASSWORD_FILE: '/run/pw' }, files })).toMatchObject([
      { key: 'clickhouse.password' },
    ])
  })

  it('gives no file to what is no secret', () => {
    expect(problemsOf({ env: { TOKENWATCH_HTTP_PORT_FILE: '/run/pw' } })).toMatchObject([
      { key: 'TOKENWATCH_HTTP_PORT_FILE' },
    ])
  })

  it('counts an empty variable as unset', () => {
    expect(load({ env: { TOKENWATCH_HTTP_PORT: '', TOKENWATCH_CLICKHOUSE_URL: '' } })).toEqual(load({}))
  })

  it('leaves variables of others and of the tests alone', () => {
    expect(load({ env: { PATH: '/bin', TOKENWATCH_TEST_KAFKA_BROKERS: 'x', TOKENWATCHER: 'y' } })).toEqual(load({}))
  })

  it('leaves alone what Kubernetes says of a service that is called tokenwatch', () => {
    const env = {
      TOKENWATCH_SERVICE_HOST: '10.0.0.1',
      TOKENWATCH_SERVICE_PORT: '9464',
      TOKENWATCH_SERVICE_PORT_METRICS: '9464',
      TOKENWATCH_PORT: 'tcp://10.0.0.1:9464',
      TOKENWATCH_PORT_9464_TCP: 'tcp://10.0.0.1:9464',
      TOKENWATCH_PORT_9464_TCP_ADDR: '10.0.0.1',
      TOKENWATCH_HTTP_PORT: 'tcp://10.0.0.2:80',
    }
    expect(load({ env })).toEqual(load({}))
    expect(problemsOf({ env: { TOKENWATCH_PORT: '9464' } })).toMatchObject([{ key: 'TOKENWATCH_PORT' }])
  })

  it('says how to set what cannot come from the environment', () => {
    expect(problemsOf({ env: { TOKENWATCH_ALERTING_THRESHOLD_BITS: '3' } })).toMatchObject([
      { remedy: 'set alerting.thresholdBits in the configuration file or with --set alerting.thresholdBits=VALUE' },
    ])
  })

  it('gives the secrets of a target that the file names', () => {
    const config = load({
      yaml: 'notify: { targets: { on-call: { type: slack } } }',
      env: { TOKENWATCH_NOTIFY_TARGETS_ON_CALL_URL: SLACK },
    })
    expect(secretsOf(config.notify.targets).map((secret) => secret.reveal())).toEqual([SLACK])
  })

  it('describes a whole target', () => {
    const config = load({
      env: { TOKENWATCH_NOTIFY_TARGETS_ON_CALL_TYPE: 'slack', TOKENWATCH_NOTIFY_TARGETS_ON_CALL_URL_FILE: '/run/url' },
      files: { '/run/url': `${SLACK}\n` },
    })
    expect(config.notify.targets['on-call']).toMatchObject({ type: 'slack' })
  })

  it('names the variable of a target that is missing', () => {
    expect(problemsOf({ yaml: 'notify: { targets: { on-call: { type: slack } } }' })).toMatchObject([
      {
        key: 'notify.targets.on-call.url',
        value: '',
        remedy: 'set it in the configuration file or as TOKENWATCH_NOTIFY_TARGETS_ON_CALL_URL',
      },
    ])
  })

  it('has a name of its own for each setting', () => {
    const names = allSettings()
      .filter(({ variant }) => variant === '')
      .map(({ variable }) => variable)
      .filter(Boolean)
    expect(new Set(names).size).toBe(names.length)
  })

  it('knows a variable, and its _FILE twin, for every secret', () => {
    const { names, patterns } = knownVariables()
    for (const setting of allSettings().filter(({ secret }) => secret)) {
      expect(setting.env, setting.path.join('.')).toBe(true)
      for (const variable of [setting.variable, `${setting.variable}_FILE`]) {
        const name = variable.replace('<NAME>', 'A_B')
        expect(names.includes(name) || patterns.some((pattern) => pattern.test(name)), name).toBe(true)
      }
    }
  })
})

describe('a secret', () => {
  /** Where people put a secret, rightly and wrongly; none of these configurations is valid. */
  const places: readonly { title: string; of: (secret: string) => Parameters<typeof load>[0] }[] = [
    { title: 'of the wrong type', of: (s) => ({ yaml: `clickhouse: { password: [${JSON.stringify(s)}] }` }) },
    {
      title: 'with a section in its place',
      of: (s) => ({ yaml: `clickhouse: { password: { a: ${JSON.stringify(s)} } }` }),
    },
    { title: 'under a misspelt key', of: (s) => ({ yaml: `clickhouse: { pasword: ${JSON.stringify(s)} }` }) },
    { title: 'under a misspelt section', of: (s) => ({ yaml: `clikhouse: { password: ${JSON.stringify(s)} }` }) },
    { title: 'in place of a section', of: (s) => ({ yaml: `clickhouse: ${JSON.stringify(s)}` }) },
    { title: 'in place of a list', of: (s) => ({ yaml: `notify: { targets: [${JSON.stringify(s)}] }` }) },
    {
      title: 'as the name of a target',
      of: (s) => ({ yaml: `notify: { targets: { ${JSON.stringify(`/${s}`)}: 1 } }` }),
    },
    { title: 'as a target', of: (s) => ({ yaml: `notify: { targets: { slack: ${JSON.stringify(s)} } }` }) },
    {
      title: 'in a target of an unknown type',
      of: (s) => ({ yaml: `notify: { targets: { a: { type: b, url: ${JSON.stringify(s)} } } }` }),
    },
    {
      title: 'as a URL that is none',
      of: (s) => ({ yaml: `notify: { targets: { a: { type: slack, url: ${JSON.stringify(s)} } } }` }),
    },
    {
      title: 'as a URL without TLS',
      of: (s) => ({
        yaml: `notify: { targets: { a: { type: slack, url: ${JSON.stringify(`http://h/${encodeURIComponent(s)}`)} } } }`,
      }),
    },
    {
      title: 'in the query of an address that is none',
      of: (s) => ({ yaml: `http: { port: ${JSON.stringify(`https://a:b@h/${encodeURIComponent(s)}`)} }` }),
    },
    {
      title: 'before the @ of an address without a scheme',
      of: (s) => ({ set: [`ingest.kafka.brokers=${JSON.stringify([`me:${s}@host:x`])}`] }),
    },
    { title: 'in a broken line', of: (s) => ({ yaml: `clickhouse:\n  password:${JSON.stringify(s)}\n  user: x\n` }) },
    {
      title: 'in an open quote',
      of: (s) => ({ yaml: `clickhouse:\n  password: ${JSON.stringify(s).slice(0, -1)}\n` }),
    },
    { title: 'as a tag', of: (s) => ({ yaml: `clickhouse:\n  password: !${s.replace(/[^a-z]/gi, 'x')} a\n` }) },
    { title: 'in a misspelt variable', of: (s) => ({ env: { TOKENWATCH_CLICKHOUSE_PASWORD: s } }) },
    {
      title: 'in a variable beside its file',
      of: (s) => ({ env: { TOKENWATCH_CLICKHOUSE_PASSWORD: s, TOKENWATCH_CLICKHOUSE_PASSWORD_FILE: 'f' } }),
    },
    { title: 'of an unknown target setting', of: (s) => ({ env: { TOKENWATCH_NOTIFY_TARGETS_A_TOKEN: s } }) },
    { title: 'in a target without a type', of: (s) => ({ env: { TOKENWATCH_NOTIFY_TARGETS_A_URL: s } }) },
    { title: 'in a misspelt --set', of: (s) => ({ set: [`clickhouse.pasword=${s}`] }) },
    { title: 'in a --set below a secret', of: (s) => ({ set: [`clickhouse.password.a=${s}`] }) },
    { title: 'in a --set of a section', of: (s) => ({ set: [`clickhouse=${JSON.stringify(s)}`] }) },
    { title: 'in a --set without a key', of: (s) => ({ set: [`=${s}`] }) },
    { title: 'in a --set without a value', of: (s) => ({ set: [s.replaceAll('=', '')] }) },
  ]

  it.each(places)('is never printed: $title', ({ of }) => {
    const secrets = fc.oneof(
      fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme-ascii' }),
      fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(secrets, (word) => {
        const secret = `Zq9${word}`
        // Beside it stands a mistake, so that a place that happens to be valid is looked at as well.
        const options = of(secret)
        const error = caught({ ...options, set: [...(options.set ?? []), 'http.port=x'] })
        expect(error.problems.length).toBeGreaterThan(0)
        expect(JSON.stringify([error.problems, error.message, error.stack])).not.toContain('Zq9')
      }),
      { numRuns: 40 },
    )
  })

  function caught(options: Parameters<typeof load>[0]): ConfigError {
    try {
      load(options)
    } catch (error) {
      if (error instanceof ConfigError) return error
      throw error
    }
    return expect.fail('expected a ConfigError')
  }
})

describe('allSettings', () => {
  it('describes every setting', () => {
    expect(
      allSettings()
        .filter(({ description }) => description === '')
        .map(({ path }) => path.join('.')),
    ).toEqual([])
  })
})

it('a ClickHouse address that is no http(s) URL is a problem, and stands nowhere in the message', () => {
  const load = () => loadConfig({ set: ['clickhouse.url=ftp://user:hidden@host'], env: {} })
  expect(load).toThrow(ConfigError)
  expect(load).toThrow(/clickhouse\.url = \[redacted\][^]*http or https address/)
  expect(load).not.toThrow(/hidden/)
})
