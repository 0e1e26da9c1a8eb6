/** `tokenwatch settings`: the reference of all settings, made from the schemas; docs/settings.md is its output. */
import { Command } from 'commander'
import { allSections, allSettings } from '../config.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../settings.ts'

type Row = ReturnType<typeof allSettings>[number]

export function settingsCommand(): Command {
  return new Command('settings')
    .description('Prints every setting with its type, default, environment variable and meaning, as Markdown.')
    .action(() => {
      process.stdout.write(settingsReference())
    })
}

const INTRODUCTION = `# Settings

Made by \`tokenwatch settings\` from the schemas; do not edit.

Settings come from one YAML file (\`tokenwatch.yaml\` in the current folder, or \`--config FILE\`), then from environment
variables, then from \`--set KEY=VALUE\`, whose values are YAML; the last one wins. Unknown settings and unknown
\`TOKENWATCH_…\` variables are errors. A setting left empty or set to \`null\` has its default.

A secret may also come from a file: put \`_FILE\` behind its variable and give the file's path; one line break at its end
is cut. Lists in variables are comma separated. An empty variable counts as unset. \`<NAME>\` in a variable is the name
of a target in upper case with \`_\` for \`-\`. Units stand at the end of a name: \`Ms\` milliseconds, \`Bytes\` bytes,
\`Bits\` bits of surprise (-log2 of a probability); \`Min\` and \`Max\` are bounds.
`

/** The whole reference. Ends with a line break. */
export function settingsReference(): string {
  const sections = allSections()
  const blocks = new Map<string, string[]>()
  for (const row of allSettings()) {
    const path = row.path.slice(0, -1).join('.')
    const name = row.variant === '' ? path : `${path} (type: ${row.variant})`
    const summary = sections.find((section) => section.path.join('.') === path)?.description
    const block = blocks.get(name) ?? [heading(row, name), ...(summary ? [summary] : []), '']
    blocks.set(name, [...block, entry(row)])
  }
  return [INTRODUCTION, ...[...blocks.values()].map((lines) => `${lines.join('\n')}\n`)].join('\n')
}

function heading({ path }: Row, name: string): string {
  return path.length === 2 ? `## ${name}\n` : `### ${name}\n`
}

function entry(row: Row): string {
  const key = `\`${row.path.join('.').replaceAll('.[]', '[]')}\``
  const facts = [
    row.type,
    row.required ? 'required in its section' : row.defaultValue === undefined ? 'no default' : `default ${shown(row)}`,
    ...(row.variable === '' ? [] : [`\`${row.variable}\`${row.secret ? ' (or `_FILE`)' : ''}`]),
  ]
  return `- ${key}: ${facts.join('; ')}\n  ${row.description}`
}

function shown({ path, defaultValue: value }: Row): string {
  const plain = `\`${JSON.stringify(value)}\``
  const isLong = /Ms(Min|Max)?$/.test(path.at(-1) ?? '') && typeof value === 'number' && value >= MINUTE_MS
  return isLong && value % MINUTE_MS === 0 ? `${plain} (${duration(value)})` : plain
}

function duration(ms: number): string {
  if (ms % DAY_MS === 0) return `${ms / DAY_MS} d`
  return ms % HOUR_MS === 0 ? `${ms / HOUR_MS} h` : `${ms / MINUTE_MS} min`
}
