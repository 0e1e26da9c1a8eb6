/** Rules of scopes in a file of their own: read with the configuration, so that both are checked together. */
import { type ConfigDocument, readDocument } from './document.ts'
import type { ConfigProblem } from './problem.ts'
import { isObject } from './tree.ts'

/** The section that may name such a file. */
const SECTION = ['detect', 'detectors', 'scope-exceeded'] as const

/** A rule of the file and its place in the configuration's list. */
export interface FileRule {
  readonly path: readonly string[]
  readonly source: string
}

/**
 * Adds the rules of the file that `rulesFile` names to those of the configuration. The file is a YAML or JSON document
 * with a list `rules`. Rules themselves are left for the schema to judge.
 */
export function addFileRules(
  input: unknown,
  readFile: (path: string) => string,
): { readonly rules: readonly FileRule[]; readonly problems: readonly ConfigProblem[] } {
  const section = SECTION.reduce<unknown>((found, key) => (isObject(found) ? found[key] : undefined), input)
  if (!isObject(section) || typeof section['rulesFile'] !== 'string') return { rules: [], problems: [] }
  const file = section['rulesFile']
  const read = readRules(file, readFile)
  if ('problems' in read) return { rules: [], problems: read.problems }
  const own: unknown = section['rules'] ?? []
  // A list that is none is the schema's to refuse.
  if (!Array.isArray(own)) return { rules: [], problems: [] }
  section['rules'] = [...(own as unknown[]), ...read.rules]
  return {
    rules: read.rules.map((_, at) => ({
      path: [...SECTION, 'rules', String(own.length + at)],
      source: read.document.sourceOf(['rules', at]),
    })),
    problems: [],
  }
}

function readRules(
  file: string,
  readFile: (path: string) => string,
):
  | { readonly rules: readonly unknown[]; readonly document: ConfigDocument }
  | { readonly problems: readonly ConfigProblem[] } {
  const problem = { key: [...SECTION, 'rulesFile'].join('.'), value: JSON.stringify(file), source: file, remedy: '' }
  let document: ConfigDocument
  try {
    document = readDocument(readFile(file), file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    return { problems: [{ ...problem, source: '', expected: `a file that can be read (${code})` }] }
  }
  if (document.problems.length > 0) return { problems: document.problems.map((one) => ({ ...one, key: problem.key })) }
  const { rules, ...others } = document.value
  if (Array.isArray(rules) && Object.keys(others).length === 0) return { rules: rules as unknown[], document }
  return { problems: [{ ...problem, expected: 'a document with the key `rules` and a list of rules in it' }] }
}
