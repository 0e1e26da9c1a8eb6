/** Reads the configuration file: YAML to a plain object, and for each key the line on which it stands. */
import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { ConfigProblem } from './problem.ts'
import { isObject } from './tree.ts'

export interface ConfigDocument {
  readonly value: Record<string, unknown>
  readonly problems: readonly ConfigProblem[]
  /** `tokenwatch.yaml:12`, or the file alone where the line is not known. */
  sourceOf(path: readonly PropertyKey[]): string
}

/** In our words, by the parser's code: its own text quotes the line, which may hold a secret. */
const YAML_MISTAKES: Readonly<Record<string, string>> = {
  BAD_INDENT: 'lines of one section that start in the same column',
  BAD_SCALAR_START: 'quotes around a value that starts with a special character',
  BAD_DQ_ESCAPE: 'a valid escape in a text in double quotes',
  DUPLICATE_KEY: 'each key once in its section',
  MULTILINE_IMPLICIT_KEY: '`key: value` with a space after the colon',
  MULTIPLE_DOCS: 'a single YAML document',
  MISSING_CHAR: 'a closing quote, bracket or colon',
  TAB_AS_INDENT: 'spaces, no tabs, at the start of a line',
  TAG_RESOLVE_FAILED: 'no tags (`!...`)',
}

/** Never throws: what is wrong is among the problems. An empty file is an empty configuration. */
export function readDocument(text: string, file: string): ConfigDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const problem = (offset: number | undefined, expected: string): ConfigProblem => ({
    key: 'configuration file',
    value: '',
    expected,
    source: offset === undefined ? file : `${file}:${lines.linePos(offset).line}`,
    remedy: 'correct the YAML on this line',
  })
  const mistakes = [...document.errors, ...document.warnings]
  const sourceOf = (path: readonly PropertyKey[]) => {
    const line = lineOf(document.contents, path, lines)
    return line === undefined ? file : `${file}:${line}`
  }
  if (mistakes.length > 0) {
    const problems = mistakes.map((mistake) =>
      problem(mistake.pos[0], YAML_MISTAKES[mistake.code] ?? `valid YAML (${mistake.code})`),
    )
    return { value: {}, problems, sourceOf }
  }
  try {
    const value: unknown = document.toJS() ?? {}
    if (isObject(value)) return { value, problems: [], sourceOf }
    return { value: {}, problems: [problem(undefined, 'sections of settings (`key: value`)')], sourceOf }
  } catch {
    return { value: {}, problems: [problem(undefined, 'no unknown and no exponential aliases (`*name`)')], sourceOf }
  }
}

/** The line of the deepest key of the path that stands in the document. */
function lineOf(contents: unknown, path: readonly PropertyKey[], lines: LineCounter): number | undefined {
  let node = contents
  let offset: number | undefined
  for (const segment of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment))
      if (!pair) break
      offset = isScalar(pair.key) ? pair.key.range?.[0] : offset
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(segment)]
      if (isScalar(item) || isMap(item)) offset = item.range?.[0] ?? offset
      node = item
    } else break
  }
  return offset === undefined ? undefined : lines.linePos(offset).line
}
