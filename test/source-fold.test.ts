/** Findings, incidents and alerts about sources: their ids, how they grow, and what is only noted. */
import { describe, expect, test } from 'vitest'
import type { Alert } from '../src/alert/alert.ts'
import { configSchema } from '../src/config/schema.ts'
import type { Finding } from '../src/detect/finding.ts'
import { foldSettingsOf, sourceFoldSettingsOf } from '../src/detection.ts'
import { hashId } from '../src/event.ts'
import { EMPTY_REGISTRY } from '../src/registry/registered-token.ts'
import { type SourceFold, createSourceFold } from '../src/source-fold.ts'
import { createMemorySources } from '../src/sources/memory-sources.ts'
import { NOON_MS } from './profile/calls.ts'
import { MOVED, STRANGER, type Visit, calmHours, eventOf } from './sources/visits.ts'

const HOUR_MS = 3_600_000
const ADDRESS = '128.199.10.7'

function createFold(set: object = {}, minBits?: number, past: readonly Finding[] = []): SourceFold {
  const config = configSchema.parse({ detect: { detectors: set } })
  const sources = createMemorySources(config.learning.adoptAfterMs, 1_000)
  calmHours(sources, 2_000)
  return createSourceFold({
    sources,
    registry: EMPTY_REGISTRY,
    settings: sourceFoldSettingsOf(config),
    shared: foldSettingsOf(config, minBits === undefined ? {} : { minBits }),
    past,
  })
}

function play(fold: SourceFold, visits: readonly Visit[]) {
  const findings: Finding[] = []
  const alerts: Alert[] = []
  for (const one of visits) {
    const found = fold(eventOf(one), one.sight)
    findings.push(...found.findings)
    alerts.push(...found.alerts)
  }
  return { findings, alerts }
}

/** So many tokens that fail, ten seconds apart. */
function spray(tokens: number, atMs = 0): Visit[] {
  return Array.from({ length: tokens }, (_, nth) => ({
    tokenId: `tok-${nth}`,
    sight: STRANGER,
    status: 401,
    atMs: atMs + nth * 10_000,
  }))
}

describe('spraying', () => {
  test('is one incident of the source, which alerts within two minutes and grows with the tokens', () => {
    const visits = spray(30)
    const { findings, alerts } = play(createFold(), visits)
    expect(new Set(findings.map(({ incidentId }) => incidentId)).size).toBe(1)
    for (const finding of findings) {
      expect(finding).toMatchObject({ subjectKind: 'network', subject: ADDRESS, concern: 'misuse', ip: ADDRESS })
      expect(finding.findingId).toBe(hashId(ADDRESS, 'credential-spraying', 'misuse', finding.bucketMs, finding.step))
    }
    expect(findings.map(({ step }) => step)).toEqual(findings.map(({ step }) => step).toSorted((a, b) => a - b))
    expect(alerts[0]).toMatchObject({ kind: 'opened', subjectKind: 'network', subject: ADDRESS })
    expect((alerts[0]?.timeMs ?? Infinity) - NOON_MS).toBeLessThan(120_000)
    expect(alerts.at(-1)?.severity).toBe('medium')
    const sprayed = new Set(visits.map((one) => eventOf(one).eventId as string))
    expect(alerts.every(({ eventIds }) => eventIds.length > 0 && eventIds.every((id) => sprayed.has(id)))).toBe(true)
    expect(alerts[0]?.sources.map(({ ip }) => ip)).toEqual([ADDRESS])
    expect(alerts[0]?.evidenceQuery).toContain(`WHERE address = '${ADDRESS}'`)
    expect(alerts[0]?.evidenceQuery).not.toContain('hasAny')
  })

  test('gives the same ids each time, and others in another hour', () => {
    const idsOf = (atMs: number) => play(createFold(), spray(30, atMs)).findings.map(({ findingId }) => findingId)
    expect(idsOf(0)).toEqual(idsOf(0))
    expect(idsOf(0).filter((id) => idsOf(HOUR_MS).includes(id))).toEqual([])
  })

  test('that was told of before is taken up, and not told again', () => {
    const told = play(createFold(), spray(30))
    expect(play(createFold({}, undefined, told.findings), spray(30))).toEqual({ findings: [], alerts: [] })
    const goesOn = spray(30, HOUR_MS)
    const [together] = [play(createFold(), [...spray(30), ...goesOn])]
    const later = play(createFold({}, undefined, told.findings), [...spray(30), ...goesOn])
    expect([...told.findings, ...later.findings]).toEqual(together.findings)
    expect([...told.alerts, ...later.alerts]).toEqual(together.alerts)
  })

  test('that goes on for hours stays one incident', () => {
    const visits = [0, 1, 2, 3].flatMap((hour) => spray(30, hour * HOUR_MS))
    const { findings, alerts } = play(createFold(), visits)
    expect(new Set(findings.map(({ incidentId }) => incidentId)).size).toBe(1)
    expect(new Set(alerts.map(({ alertId }) => alertId)).size).toBe(alerts.length)
    expect(alerts.length).toBeLessThanOrEqual(4)
  })

  test('says what was seen and what is normal', () => {
    const { findings } = play(createFold(), spray(12))
    expect(findings.at(-1)?.seen).toMatch(
      /^Refused with \d+ tokens within the hour that were never used from there \(last: 401 for /,
    )
    expect(findings.at(-1)?.normal).toMatch(/^In [\d,]+ active hours of all sources, one fails with 0\.\d+ such tokens/)
    expect(Object.values(findings[0]?.numbers ?? {}).every(Number.isFinite)).toBe(true)
  })

  test('names the tokens that were let in', () => {
    const [first, ...rest] = spray(20)
    const { findings } = play(createFold(), [{ ...first!, tokenId: 'good', status: 200 }, ...rest])
    expect(findings.at(-1)?.seen).toContain('; let in with good (last: 401')
  })

  test('of fewer tokens than set is not told, nor is any when it is switched off', () => {
    expect(play(createFold(), spray(2)).findings).toEqual([])
    expect(play(createFold({ 'credential-spraying': { tokensMin: 20 } }), spray(19)).findings).toEqual([])
    expect(play(createFold({ 'credential-spraying': { enabled: false } }), spray(30)).findings).toEqual([])
  })

  test('gives replay a line whenever another whole bit is passed', () => {
    const { alerts } = play(createFold({}, 4), spray(30))
    expect(alerts.every(({ kind, surpriseBits }) => kind === 'bits' && surpriseBits >= 4)).toBe(true)
    expect(alerts.length).toBeGreaterThan(2)
  })
})

describe('many tokens at a new source', () => {
  const arrive = (tokens: number, sight = MOVED, tenantOf: (nth: number) => string = () => 'acme'): Visit[] =>
    Array.from({ length: tokens }, (_, nth) => ({
      tokenId: `tok-${nth}`,
      sight,
      atMs: nth * 1000,
      tenant: tenantOf(nth),
    }))

  test('of one company with their old clients are noted once, and page nobody', () => {
    const { findings, alerts } = play(createFold(), arrive(50))
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({ detector: 'shared-source', concern: 'governance', tenant: 'acme', bits: 3 })
    expect(alerts.map(({ severity }) => severity)).toEqual(['low'])
    expect(play(createFold({}, 4), arrive(50)).alerts).toEqual([])
  })

  test('of many companies with new clients are an incident', () => {
    const { findings, alerts } = play(
      createFold(),
      arrive(6, STRANGER, (nth) => `tenant-${nth}`),
    )
    expect(findings.at(-1)).toMatchObject({
      detector: 'shared-source',
      concern: 'misuse',
      tenant: '',
      subject: ADDRESS,
    })
    expect(alerts.at(-1)?.kind).toMatch(/opened|escalated/)
  })

  test('are not told of when it is switched off', () => {
    const off = createFold({ 'shared-source': { enabled: false } })
    expect(
      play(
        off,
        arrive(6, STRANGER, (nth) => `tenant-${nth}`),
      ).findings,
    ).toEqual([])
  })
})
