/** The metrics of the service, with the closed sets that only the registries know. */
import { detectorDefinitions } from '../detect/index.ts'
import { type Metrics, createMetrics } from '../metrics.ts'
import { NOTIFIERS } from '../notify/index.ts'

export function createServiceMetrics(options: { processMetrics?: boolean } = {}): Metrics {
  const detectors = detectorDefinitions.map(({ name }) => name)
  const targetTypes = NOTIFIERS.map(({ type }) => type)
  return createMetrics({ detectors, targetTypes }, options)
}
