/** Rules of scopes from a file of their own: added to those of the configuration, and judged with it. */
import { describe, expect, test } from 'vitest'
import { ConfigError, loadConfig } from '../../src/config.ts'

const RULES = `rules:
  - scope: reports
    routes: ['/v1/reports/**']
`

function load(files: Readonly<Record<string, string>>, set: readonly string[] = []) {
  const readFile = (path: string) => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    return text
  }
  return loadConfig({ set: ['detect.detectors.scope-exceeded.rulesFile=scopes.yaml', ...set], env: {}, readFile })
}

function problemsOf(files: Readonly<Record<string, string>>): string {
  try {
    load(files)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

describe('a file of rules', () => {
  test('is read, and its rules stand behind those of the configuration', () => {
    const inline = `detect.detectors.scope-exceeded.rules=[{scope: a, methods: [GET], routes: [/a]}]`
    const { rules } = load({ 'scopes.yaml': RULES }, [inline]).detect.detectors['scope-exceeded'] as unknown as {
      rules: readonly unknown[]
    }
    expect(rules).toEqual([
      { scope: 'a', methods: ['GET'], routes: ['/a'] },
      { scope: 'reports', methods: [], routes: ['/v1/reports/**'] },
    ])
  })

  test('may be JSON', () => {
    expect(problemsOf({ 'scopes.yaml': '{"rules": [{"scope": "a", "routes": ["/a"]}]}' })).toBe('')
  })

  test.each([
    ['that is not there', {}, /rulesFile = "scopes\.yaml"[\s\S]*can be read \(ENOENT\)/],
    ['that is a list', { 'scopes.yaml': '- scope: a' }, /rulesFile \(scopes\.yaml\)/],
    ['with another key', { 'scopes.yaml': `${RULES}rule: 1` }, /a document with the key `rules`/],
    ['with a wrong rule', { 'scopes.yaml': `${RULES}  - routes: [/b]` }, /rules\[1\]\.scope \(scopes\.yaml:4\)/],
    ['that is no YAML', { 'scopes.yaml': 'rules: [' }, /scopes\.yaml/],
  ])('%s is refused with its place', (_, files, says) => {
    expect(problemsOf(files)).toMatch(says)
  })
})
