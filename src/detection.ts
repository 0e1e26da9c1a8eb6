/** Makes the pure middle of the pipeline from the configuration: decode, enrich, detectors, fold. */
import type { Actions } from './alert/actions.ts'
import type { Config } from './config.ts'
import type { DetectorDefinition } from './detect/detector.ts'
import { detectorDefinitions } from './detect/index.ts'
import { openAsnDatabase } from './enrich/asn.ts'
import { type Enricher, createEnricher } from './enrich/enrich.ts'
import { createFingerprinter } from './enrich/fingerprint.ts'
import { type EnabledDetector, type Fold, type FoldSettings, createFold } from './fold.ts'
import { type Decoder, createDecoder } from './ingest/decode.ts'
import type { DecodeCounters } from './ingest/field.ts'
import { formatNamed } from './ingest/formats/index.ts'
import { NO_PEERS, type PeerSnapshot } from './profile/peers.ts'
import { EMPTY_REGISTRY, type TokenRegistry } from './registry/registered-token.ts'
import type { SourceFoldSettings } from './source-fold.ts'
import { NO_SOURCES, type SourceSnapshot } from './sources/snapshot.ts'

export interface Detection {
  readonly decode: Decoder
  readonly enrich: Enricher
  readonly fold: Fold
  /** The same under another registry, and with other sources, and what people did, if they are given. */
  readonly foldWith: (registry: TokenRegistry, sources?: SourceSnapshot, actions?: Actions) => Fold
  readonly foldSettings: FoldSettings
  /** Id of the fingerprint key, '' without one. */
  readonly keyId: string
}

export interface DetectionOptions {
  /** Absent: nobody counts. */
  readonly counters?: DecodeCounters
  /** Absent: a token's own history is all there is. */
  readonly peers?: PeerSnapshot
  /** Absent: what a source does with other tokens is not known. */
  readonly sources?: SourceSnapshot
  /** Absent: nothing is known of the tokens but their calls. */
  readonly registry?: TokenRegistry
  /** By when an incident began. Absent: `alerting.thresholdBits` for all. */
  readonly thresholdBits?: FoldSettings['thresholdBits']
  /** `replay --min-bits`. */
  readonly minBits?: number
}

const NO_COUNTERS: DecodeCounters = {
  fieldDropped: () => {},
  sourceTextSeen: () => {},
  tokenIdFingerprinted: () => {},
}

/** Opens the ASN database when one is named; everything else is made in memory. */
export async function createDetection(config: Config, options: DetectionOptions = {}): Promise<Detection> {
  const { ingest, enrich } = config
  const fingerprinter = createFingerprinter(enrich.fingerprintKey, enrich.tokenMemoEntriesMax)
  const asn = enrich.asnDatabase === undefined ? undefined : await openAsnDatabase(enrich.asnDatabase)
  const foldSettings = foldSettingsOf(config, options)
  const detectors = createDetectors(config)
  const { peers = NO_PEERS } = options
  const foldWith = (registry: TokenRegistry, sources = options.sources ?? NO_SOURCES, actions?: Actions) =>
    createFold(detectors, foldSettings, { peers, registry, sources }, actions)
  return {
    decode: createDecoder({
      settings: ingest,
      format: formatNamed(ingest.format),
      fingerprinter,
      trustedProxies: enrich.trustedProxies,
      counters: options.counters ?? NO_COUNTERS,
    }),
    enrich: createEnricher(enrich, asn),
    fold: foldWith(options.registry ?? EMPTY_REGISTRY),
    foldWith,
    foldSettings,
    keyId: fingerprinter.keyId,
  }
}

/** The enabled detectors, in the registry's order. */
export function createDetectors(config: Pick<Config, 'detect'>): EnabledDetector[] {
  const { findingBitsMin } = config.detect
  return (detectorDefinitions as readonly DetectorDefinition[]).flatMap((definition) => {
    const { enabled, ...settings } = config.detect.detectors[definition.name] as { enabled: boolean }
    const { cause, concern = 'misuse' } = definition
    return enabled ? [{ ...definition.create(settings, { findingBitsMin }), cause, concern }] : []
  })
}

/** The fold of sources is set by the detectors of the same names that look at tokens. */
export function sourceFoldSettingsOf({ detect }: Pick<Config, 'detect'>): SourceFoldSettings {
  return {
    spraying: detect.detectors['credential-spraying'] as SourceFoldSettings['spraying'],
    sharing: detect.detectors['shared-source'] as SourceFoldSettings['sharing'],
  }
}

export function foldSettingsOf(config: Config, options: DetectionOptions = {}): FoldSettings {
  const fixedBits = config.alerting.thresholdBits
  return {
    profile: {
      valuesMax: config.learning.valuesMax,
      adoptAfterMs: config.learning.adoptAfterMs,
      incidentGapMs: config.alerting.incidentGapMs,
    },
    evidence: config.alerting.evidence,
    findingBitsMin: config.detect.findingBitsMin,
    quarantineBits: config.learning.quarantineBits,
    thresholdBits: options.thresholdBits ?? (() => fixedBits),
    database: config.clickhouse.database,
    minBits: options.minBits,
  }
}
