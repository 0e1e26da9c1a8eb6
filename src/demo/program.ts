/** The demonstration's options, signals and exit codes. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { EXIT_CODES_HELP, ExitCode, UserError } from '../cli/command.ts'
import { explainFailures } from '../cli/prerequisite.ts'
import { DEMO_SEED } from './month.ts'
import { type DemoOptions, demonstrate } from './demonstration.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Runs to its end, which without `--exit` is Ctrl-C. Returns the exit code; nothing is thrown. */
export async function runDemo(argv: readonly string[]): Promise<ExitCode> {
  const program = createProgram()
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  // They stay to the end: npm passes Ctrl-C on beside the terminal, so it may come twice.
  for (const name of SIGNALS) process.on(name, onSignal)
  try {
    program.parse([...argv], { from: 'user' })
    await explainFailures(() => demonstrate(program.opts<DemoOptions>(), stop.signal))
    return ExitCode.ok
  } catch (error) {
    return stop.signal.aborted ? ExitCode.ok : report(error)
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal)
  }
}

function createProgram(): Command {
  return new Command('npm run demo --')
    .description(
      'Plays a month of simulated traffic of thirty tokens, with four attacks in it, through the real pipeline into ' +
        'a real ClickHouse, shows the alerts, and stays up for queries until Ctrl-C.',
    )
    .option('--exit', 'end when everything is shown')
    .option('--kafka', 'go through a real Kafka and the real service (needs Java 17 and, once, Maven)')
    .option('--seed <number>', 'another seed, another month', wholeNumber, DEMO_SEED)
    .option('--data-dir <folder>', 'where ClickHouse keeps its data; wiped at the start', '.tokenwatch/demo')
    .addHelpText('after', EXIT_CODES_HELP)
    .allowExcessArguments(false)
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number from 0 on.')
  }
  return value
}

function report(error: unknown): ExitCode {
  // Commander has said what was wrong, or shown its help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
  if (error instanceof UserError) {
    process.stderr.write(`error: ${error.message}\n${error.remedy && `remedy: ${error.remedy}\n`}`)
    return error.exitCode
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.stderr.write('This is a bug of tokenwatch. Please report it with the lines above.\n')
  return ExitCode.failed
}
