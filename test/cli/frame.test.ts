import { execFile } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { Command } from 'commander'
import { ExitCode, UserError, configOf } from '../../src/cli/command.ts'
import { commands, runCli } from '../../src/cli/index.ts'
import type { CommandEntry } from '../../src/cli/index.ts'

async function run(...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await runCli(argv, { out: (text) => out.push(text), err: (text) => err.push(text) })
  return { code, out: out.join(''), err: err.join('') }
}

/** The program as a child process, with code that runs before it. */
async function program(argv: readonly string[], before = ''): Promise<{ code: number; out: string; err: string }> {
  const preload = before === '' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(before)}`]
  return new Promise((resolve) => {
    execFile(process.execPath, [...preload, 'src/main.ts', ...argv], { env: { PATH: '' } }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}

describe('the registry of commands', () => {
  it('has each name once', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length)
  })

  it.each(commands.map(({ name, load }) => ({ name, load })))(
    'loads $name under its own name',
    async ({ name, load }) => {
      const command = await load()
      expect(command).toBeInstanceOf(Command)
      expect(command.name()).toBe(name)
    },
  )
})

describe('--help', () => {
  it('lists every command and every exit code', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(ExitCode.ok)
    for (const { name, summary } of commands)
      expect(out).toMatch(new RegExp(`^  ${name} .*${summary.slice(0, 20)}`, 'm'))
    for (const exitCode of Object.values(ExitCode)) expect(out).toMatch(new RegExp(`^  ${exitCode}  \\S`, 'm'))
  })

  it.each(commands.map(({ name }) => name))(
    'of %s says what it does, with examples, global options and exit codes',
    async (name) => {
      const { code, out } = await run(name, '--help')
      expect(code).toBe(ExitCode.ok)
      expect(out).toContain(`Usage: tokenwatch ${name}`)
      expect(out).toContain('Examples:')
      expect(out).toContain('--config <file>')
      expect(out).toContain('--set <key=value>')
      expect(out).toContain('Exit codes:')
    },
  )

  it('is the same by the help command', async () => {
    expect((await run('help', 'check-config')).out).toBe((await run('check-config', '--help')).out)
  })
})

describe('exit codes', () => {
  it.each<{ title: string; argv: string[]; says: string }>([
    { title: 'no command', argv: [], says: 'Usage: tokenwatch' },
    { title: 'an unknown command', argv: ['chek-config'], says: 'Did you mean check-config?' },
    { title: 'an unknown global option', argv: ['--bogus', 'check-config'], says: "unknown option '--bogus'" },
    { title: 'a global option without its value', argv: ['check-config', '--config'], says: 'argument missing' },
    { title: 'a missing configuration file', argv: ['check-config', '--config', 'no-such.yaml'], says: 'no-such.yaml' },
    { title: 'a wrong setting', argv: ['check-config', '--set', 'http.port=x'], says: 'an integer from 0 to 65535' },
    { title: 'an argument too many', argv: ['check-config', 'surplus'], says: 'too many arguments' },
  ])('are 2 for $title, which is explained on standard error', async ({ argv, says }) => {
    const { code, out, err } = await run(...argv)
    expect(code).toBe(ExitCode.usage)
    expect(err).toContain(says)
    expect(out).toBe('')
  })

  it.each(commands.map(({ name }) => name))('are 2 for an unknown option of %s', async (name) => {
    const { code, err } = await run(name, '--no-such-option')
    expect(code).toBe(ExitCode.usage)
    // A command may miss a required option before it minds this one.
    expect(err).toMatch(/^error: (unknown option '--no-such-option'|required option )/)
  })
})

describe('an error for the user', () => {
  it('is a failure unless it says otherwise, and carries its remedy', () => {
    expect(new UserError('no')).toMatchObject({ exitCode: ExitCode.failed, remedy: '' })
    const error = new UserError('no', { exitCode: ExitCode.prerequisite, remedy: 'start it', cause: 'c' })
    expect(error).toMatchObject({ exitCode: 3, remedy: 'start it', cause: 'c' })
  })
})

describe('what a command throws', () => {
  const SECRET = 'hunter2-of-the-database'
  const failing = (fail: (command: Command) => never): readonly CommandEntry[] => [
    {
      name: 'fail',
      summary: 'fails',
      examples: ['tokenwatch fail'],
      load: () => Promise.resolve(new Command('fail').action((_options, command: Command) => fail(command))),
    },
  ]

  async function runFailing(fail: (command: Command) => never) {
    const err: string[] = []
    const output = { out: () => {}, err: (text: string) => err.push(text) }
    const code = await runCli(
      ['fail', '--config', '/dev/null', '--set', `clickhouse.password=${SECRET}`],
      output,
      failing(fail),
    )
    return { code, err: err.join('') }
  }

  it('is printed without a stack, with its remedy, when it is meant for the user', async () => {
    const { code, err } = await runFailing(() => {
      throw new UserError('no broker answers', { exitCode: ExitCode.prerequisite, remedy: 'start Kafka' })
    })
    expect({ code, err }).toEqual({ code: 3, err: 'error: no broker answers\nremedy: start Kafka\n' })
  })

  it('is printed with its stack, as a bug of ours, when nobody expected it', async () => {
    const { code, err } = await runFailing(() => {
      throw new TypeError('x is not a function')
    })
    expect(code).toBe(ExitCode.failed)
    expect(err).toMatch(/^TypeError: x is not a function\n    at .*frame\.test\.ts/)
    expect(err).toContain('a bug of tokenwatch')
  })

  it.each<{ title: string; error: () => Error }>([
    { title: 'an unexpected error', error: () => new Error(`sign-in with ${SECRET} at http://u:p@h/${SECRET}`) },
    { title: 'an error for the user', error: () => new UserError(`sign-in with ${SECRET}`) },
  ])('never shows a secret of the configuration that the command has read: $title', async ({ error }) => {
    const { err } = await runFailing((command) => {
      configOf(command)
      throw error()
    })
    expect(err).toContain('sign-in with [redacted]')
    expect(err).not.toContain(SECRET)
  })
})

describe('src/main.ts', () => {
  it('runs a command and ends with its exit code', async () => {
    expect(await program(['check-config', '--config', '/dev/null'])).toEqual({ code: 0, out: 'ok\n', err: '' })
    expect(await program(['check-config', '--set', 'a.b=c'])).toMatchObject({ code: 2, out: '' })
  })

  it('says what to do on an older Node, before it loads anything that this one could not parse', async () => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.18.0' } })`
    const { code, out, err } = await program(['--help'], old)
    expect(code).toBe(3)
    expect(out).toBe('')
    expect(err).toContain('needs Node 24 or later, this is 22.18.0')
    expect(err).toContain('npm run tokenwatch --')
  })

  it('loads neither Kafka nor ClickHouse for a command that needs neither', async () => {
    const trace = `import { registerHooks } from 'node:module'
      registerHooks({ load: (url, context, next) => (process.stderr.write(url + '\\n'), next(url, context)) })`
    const { err } = await program(['id', '--help'], trace)
    expect(err).toContain('/src/cli/id.ts')
    expect(err).not.toMatch(/node_modules\/(kafkajs|@clickhouse|fastify|chdb)\//)
  })

  it.each<{ title: string; guarded: string; refused: boolean }>([
    {
      title: 'a connection (so this test can fail)',
      guarded: `import('node:net').then((net) => net.connect(1))`,
      refused: true,
    },
    { title: 'a look-up (so this test can fail)', guarded: `fetch('http://example.invalid')`, refused: true },
    { title: 'nothing', guarded: '', refused: false },
  ])('check-config opens no socket: the guard refuses $title', async ({ guarded, refused }) => {
    const guard = `import net from 'node:net'; import dns from 'node:dns'; import dgram from 'node:dgram'
      import { syncBuiltinESMExports } from 'node:module'
      const refuse = () => { process.stderr.write('I/O'); process.exit(99) }
      net.Socket.prototype.connect = refuse; net.Server.prototype.listen = refuse; dgram.createSocket = refuse
      dns.lookup = refuse; dns.promises.lookup = refuse; dns.resolve = refuse
      syncBuiltinESMExports()
      ${guarded}`
    const set = [
      'clickhouse.url=http://clickhouse.invalid:8123',
      'ingest.kafka={brokers: [kafka.invalid:9092], topics: [t]}',
    ]
    const argv = ['check-config', '--config', '/dev/null', '--print', ...set.flatMap((each) => ['--set', each])]
    const { code, err } = await program(argv, guard)
    expect({ code, err }).toEqual(refused ? { code: 99, err: 'I/O' } : { code: 0, err: '' })
  })
})
