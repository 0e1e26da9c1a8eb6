/** The registry of commands, and the frame around them: global options, help, errors as exit codes. */
import { Command, CommanderError } from 'commander'
import { ConfigError, secretsOf } from '../config.ts'
import { describeError, redactor } from '../log.ts'
import { clip } from '../text.ts'
import { EXIT_CODES_HELP, ExitCode, UserError, loadedConfigsOf } from './command.ts'

export interface CommandEntry {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Command lines for its help. */
  readonly examples: readonly string[]
  /** Loaded only when it is called, so that one command does not pay for the libraries of another. */
  readonly load: () => Promise<Command>
}

/** In the order of `tokenwatch --help`. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'read events from Kafka, learn, and alert, until stopped',
    examples: ['tokenwatch run --config /etc/tokenwatch.yaml', 'tokenwatch run --set log.level=debug'],
    load: async () => (await import('./run.ts')).runCommand(),
  },
  {
    name: 'replay',
    summary: 'run the same pipeline over a file',
    examples: [
      'tokenwatch replay --format canonical --input events.ndjson.gz',
      'tokenwatch replay --format cloudtrail --input trail.ndjson --alerts alerts.ndjson --min-bits 8',
    ],
    load: async () => (await import('./replay.ts')).replayCommand(),
  },
  {
    name: 'backtest',
    summary: 'run stored events through another configuration, and tell what would change',
    examples: [
      'tokenwatch backtest --candidate-set alerting.budgetPerDay=1',
      'tokenwatch backtest --from 2026-10-01 --to 2026-10-15 --candidate next.yaml --json',
    ],
    load: async () => (await import('./backtest.ts')).backtestCommand(),
  },
  {
    name: 'migrate',
    summary: "bring the database's schema up to date",
    examples: ['tokenwatch migrate', 'TOKENWATCH_CLICKHOUSE_URL=https://clickhouse.example:8443 tokenwatch migrate'],
    load: async () => (await import('./migrate.ts')).migrateCommand(),
  },
  {
    name: 'check-config',
    summary: 'check the configuration without connecting to anything',
    examples: ['tokenwatch check-config', 'tokenwatch check-config --config /etc/tokenwatch.yaml --print'],
    load: async () => (await import('./check-config.ts')).checkConfigCommand(),
  },
  {
    name: 'settings',
    summary: 'print the reference of all settings',
    examples: ['tokenwatch settings', 'tokenwatch settings | grep -i kafka'],
    load: async () => (await import('./settings-reference.ts')).settingsCommand(),
  },
  {
    name: 'dead-letters',
    summary: 'list records that could not become an event',
    examples: ['tokenwatch dead-letters'],
    load: async () => (await import('./dead-letters.ts')).deadLettersCommand(),
  },
  {
    name: 'alerts',
    summary: 'list alerts and how their delivery went',
    examples: ['tokenwatch alerts'],
    load: async () => (await import('./alerts.ts')).alertsCommand(),
  },
  {
    name: 'explain',
    summary: 'explain an incident, a token, or the threshold: profile, arithmetic, evidence',
    examples: [
      'tokenwatch explain 83dc027af93c599239f5685183b34c25',
      'tokenwatch explain fraud-scorer',
      'tokenwatch explain --threshold',
    ],
    load: async () => (await import('./explain.ts')).explainCommand(),
  },
  {
    name: 'ack',
    summary: 'say what an incident was: benign, malicious, resolved',
    examples: [
      'tokenwatch ack 83dc027a --benign --note "Kim is in Singapore this week"',
      'tokenwatch ack 83dc027a --malicious --resolve',
      "tokenwatch ack 83dc027a --malicious --value 'network=SG|AS14061' --dry-run",
    ],
    load: async () => (await import('./ack.ts')).ackCommand(),
  },
  {
    name: 'forget',
    summary: 'make a token forget what it learned, in whole or by value',
    examples: [
      'tokenwatch forget fraud-scorer --note "handed on to another team"',
      "tokenwatch forget tok_5hrf6r65lljgzfjzhbkbgdn6ca --value 'network=DE|AS16509' --value agent=curl",
    ],
    load: async () => (await import('./forget.ts')).forgetCommand(),
  },
  {
    name: 'test-alert',
    summary: 'send a sample alert to every target',
    examples: ['tokenwatch test-alert', 'tokenwatch test-alert --target on-call'],
    load: async () => (await import('./test-alert.ts')).testAlertCommand(),
  },
  {
    name: 'tokens',
    summary: 'keep the registry of tokens: import lists, list tokens, mark one as leaked',
    examples: [
      'tokenwatch tokens import tokens.csv --dry-run',
      'tokenwatch tokens list --unused 30d',
      'tokenwatch tokens mark-leaked tok_5hrf6r65lljgzfjzhbkbgdn6ca --note "public repository"',
    ],
    load: async () => (await import('./tokens.ts')).tokensCommand(),
  },
  {
    name: 'id',
    summary: 'print the token ids of credentials read from standard input',
    examples: ['tokenwatch id < credentials.txt'],
    load: async () => (await import('./id.ts')).idCommand(),
  },
  {
    name: 'simulate',
    summary: 'write believable traffic with attacks in it, and the labels',
    examples: ['tokenwatch simulate --days 30 --out events.ndjson --labels labels.ndjson'],
    load: async () => (await import('./simulate.ts')).simulateCommand(),
  },
]

/** Where a command's frame writes; a command's own output is its own business. */
export interface CliOutput {
  out(text: string): void
  err(text: string): void
}

const EXAMPLES = [
  'tokenwatch check-config --print',
  'tokenwatch run --config tokenwatch.yaml',
  'tokenwatch run --set alerting.budgetPerDay=1 --set log.level=debug',
]

const SETTINGS_HELP = `
Settings come from the file, then from TOKENWATCH_... variables, then from --set; the last one wins. Arguments are
visible to other users of the machine: give secrets by a variable, or by the file that its _FILE twin names.`

function examplesHelp(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}`
}

function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value]
}

function createFrame(output: CliOutput, examples: readonly string[] = EXAMPLES): Command {
  let help = ''
  // A command may print these itself, with more to say.
  const unlessPrinted = (heading: string, text: string) => () => (help.includes(heading) ? '' : text)
  return new Command('tokenwatch')
    .description('Learns how every API token is normally used and tells when one is used differently.')
    .option('--config <file>', 'configuration file (default: tokenwatch.yaml in the current folder, if there is one)')
    .option('--set <key=value>', 'override one setting; may be repeated', collect)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => {
        help += text
        output.out(text)
      },
      writeErr: (text) => output.err(text),
    })
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', SETTINGS_HELP)
    .addHelpText('afterAll', unlessPrinted('\nExample', examplesHelp(examples)))
    .addHelpText('afterAll', unlessPrinted('\nExit codes', EXIT_CODES_HELP))
    .exitOverride()
}

/** The command that the arguments name, before they are checked: `help run` means `run` too. */
function namedCommand(
  argv: readonly string[],
  output: CliOutput,
  registry: readonly CommandEntry[],
): CommandEntry | undefined {
  // Another frame, because reading options leaves them set.
  const { operands } = createFrame(output).parseOptions([...argv])
  const name = operands[0] === 'help' ? operands[1] : operands[0]
  return registry.find((entry) => entry.name === name)
}

/** Settings of the frame that commander copies only to commands which it makes itself. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent)
  for (const inner of command.commands) inherit(inner, command)
  return command
}

/** Every command by name and summary; the one that is meant in full. */
async function createProgram(argv: readonly string[], output: CliOutput, registry: readonly CommandEntry[]) {
  const named = namedCommand(argv, output, registry)
  const program = createFrame(output, named?.examples)
  for (const entry of registry) {
    const command = entry === named ? await entry.load() : new Command(entry.name)
    program.addCommand(inherit(command.summary(entry.summary), program))
  }
  return program
}

/**
 * Runs one command to its end.
 * @param argv the arguments behind the program's name.
 * @param registry the commands; others than ours only in tests.
 * @returns the exit code; nothing is thrown.
 */
export async function runCli(argv: readonly string[], output: CliOutput, registry = commands): Promise<ExitCode> {
  let program: Command | undefined
  try {
    program = await createProgram(argv, output, registry)
    await program.parseAsync([...argv], { from: 'user' })
    return process.exitCode === undefined ? ExitCode.ok : (Number(process.exitCode) as ExitCode)
  } catch (error) {
    return report(error, program, output)
  }
}

function report(error: unknown, program: Command | undefined, output: CliOutput): ExitCode {
  // Commander has said what was wrong, or shown its help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
  if (error instanceof ConfigError) {
    output.err(`${error.message}\n\nAll settings: docs/settings.md, or run: tokenwatch settings\n`)
    return ExitCode.usage
  }
  const redact = redactor(secretsOf(program && loadedConfigsOf(program)))
  if (error instanceof UserError) {
    output.err(`error: ${clip(redact(error.message), 2000)}\n${error.remedy && `remedy: ${error.remedy}\n`}`)
    return error.exitCode
  }
  const described = describeError(error, redact)
  const text = typeof described['stack'] === 'string' ? described['stack'] : String(described['message'])
  output.err(`${text}\nThis is a bug of tokenwatch. Please report it with the lines above.\n`)
  return ExitCode.failed
}
