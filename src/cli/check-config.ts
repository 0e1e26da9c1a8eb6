/** `tokenwatch check-config`: says what is wrong with the configuration, and connects to nothing. */
import { Command } from 'commander'
import { stringify } from 'yaml'
import type { Config } from '../config.ts'
import { redactor } from '../log.ts'
import { configOf } from './command.ts'

export function checkConfigCommand(): Command {
  return new Command('check-config')
    .description(
      'Reads the configuration as run would, file, environment and --set, and reports all problems at once. Opens no ' +
        'connection and looks nothing up; the files that _FILE variables name are read.',
    )
    .option('--print', 'print the effective settings as YAML, defaults included, secrets as [redacted]')
    .action((options: { print?: boolean }, command: Command) => {
      const config = configOf(command)
      process.stdout.write(options.print ? printConfig(config) : 'ok\n')
    })
}

/** The effective settings as YAML that could be read again, but for its secrets. */
export function printConfig(config: Config): string {
  // A secret turns itself into `[redacted]` in JSON; whatever else looks like a URL loses its user info.
  const plain: unknown = JSON.parse(JSON.stringify(config))
  return redactor([])(stringify(plain, { lineWidth: 0 }))
}
