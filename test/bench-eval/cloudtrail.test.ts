/** How alerts on the CloudTrail sample are counted. */
import { expect, test } from 'vitest'
import { cloudTrailPoint } from '../../bench/eval/cloudtrail.ts'
import type { AlertLine } from '../../bench/eval/replay.ts'

/** 1,000 benign events, two runs of three events together, one event to ignore. */
const truth = {
  runs: [
    { technique: 'stop-trail', eventIds: new Set(['a1']) },
    { technique: 'share-snapshot', eventIds: new Set(['b1', 'b2']) },
  ],
  ignored: new Set(['i1']),
  events: 1_004,
}

function line(incidentId: string, bits: number, ...eventIds: string[]): AlertLine {
  return { incidentId, subject: 'key', timeMs: 0, bits, detectors: [], title: '', eventIds, ips: [] }
}

test('a run is caught by any line at the threshold that names one of its events', () => {
  const lines = [line('1', 9, 'a1'), line('2', 5, 'benign', 'b2')]
  expect(cloudTrailPoint(lines, truth, 4).caught).toEqual(['stop-trail', 'share-snapshot'])
  expect(cloudTrailPoint(lines, truth, 6).caught).toEqual(['stop-trail'])
})

test('lines and incidents are false that name neither a labelled nor an ignored event', () => {
  const lines = [line('1', 9, 'x'), line('1', 10, 'x', 'a1'), line('2', 5, 'y'), line('2', 6, 'y'), line('3', 5, 'i1')]
  expect(cloudTrailPoint(lines, truth, 4)).toMatchObject({ falseLines: 3, falseIncidents: 1, namedEvents: 2 })
  expect(cloudTrailPoint(lines, truth, 6)).toMatchObject({ falseLines: 2, falseIncidents: 1, namedEvents: 2 })
})
