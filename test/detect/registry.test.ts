/** A detector is a file, a registration, a doc comment and a folder of cases, all of one name. */
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { detectorDefinitions } from '../../src/detect/index.ts'
import { detectSettings } from '../../src/detect/settings.ts'
import { caseFolders, readCases } from './case-folders.ts'

const ROOM = new URL('../../src/detect/', import.meta.url)
/** What the room holds beside detectors. */
const OTHERS = ['detector.ts', 'finding.ts', 'index.ts', 'settings.ts']

const files = readdirSync(ROOM).filter((file) => file.endsWith('.ts') && !OTHERS.includes(file))
const cases = readCases()
const names: readonly string[] = detectorDefinitions.map(({ name }) => name)

describe('the registry of detectors', () => {
  test('holds each file of the room, under its own name, once', () => {
    expect([...names].sort()).toEqual(files.map((file) => file.replace(/\.ts$/, '')).sort())
  })

  test('has a folder of cases for each detector, and none without one', () => {
    expect(caseFolders()).toEqual([...names].sort())
  })

  test.each(names)('%s has a firing and a quiet case', (name) => {
    const own = cases.filter(({ detector }) => detector === name)
    expect(own.some(({ expected }) => expected.length > 0)).toBe(true)
    expect(own.some(({ expected }) => expected.length === 0)).toBe(true)
  })

  test.each(names)('%s is made under its name and can be switched off and set', (name) => {
    const definition = detectorDefinitions.find((one) => one.name === name)
    const { enabled, ...settings } = detectSettings.parse({}).detectors[name] as { enabled: boolean }
    expect(enabled).toBe(true)
    expect(definition?.create(settings as never, { findingBitsMin: 3 }).name).toBe(name)
    expect(() => detectSettings.parse({ detectors: { [name]: { nonsense: 1 } } })).toThrow('nonsense')
  })

  test.each(files)('%s opens with what it is for: attack, signal, bits or formula, and what it cannot see', (file) => {
    const [comment = ''] = /^\/\*\*[\s\S]*?\*\//.exec(readFileSync(new URL(file, ROOM), 'utf8')) ?? []
    expect(comment).toMatch(/^\/\*\*\n \* A token\b.+\.\n \*\n/)
    expect(comment).toContain('Attack: ')
    expect(comment).toContain('Signal: ')
    expect(comment).toMatch(/(Bits|Formula):\s/)
    expect(comment).toContain('Blind to: ')
  })
})
