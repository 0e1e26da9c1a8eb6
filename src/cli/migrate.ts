/** `tokenwatch migrate`: brings the database's schema up to date, and sets how long rows are kept. */
import { Command } from 'commander'
import { openStore } from '../store/store.ts'
import { EXIT_CODES_HELP, configOf } from './command.ts'
import { explainFailures } from './prerequisite.ts'

export function migrateCommand(): Command {
  return new Command('migrate')
    .description(
      'Creates the database where it is missing, applies the files of sql/ that it lacks, and sets the retention of ' +
        'clickhouse.retention. It can be repeated at will. The user needs the rights to create databases, tables and views.',
    )
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (_options: unknown, command: Command) => {
      const { clickhouse } = configOf(command)
      await explainFailures(async () => {
        await using store = await openStore(clickhouse, { migrate: true })
        for (const name of store.migrated) process.stdout.write(`applied ${name}\n`)
        process.stdout.write(`the schema of database ${store.db.name} is up to date\n`)
      })
    })
}
