/** Simulated traffic on disk: made once per seed, used again as long as the simulator is the same. */
import { createHash } from 'node:crypto'
import { access, glob, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runTokenwatch } from './child.ts'

export interface Traffic {
  readonly eventsFile: string
  readonly labelsFile: string
  readonly registryFile: string
  /** Kind of each token by its id, a JSON object. */
  readonly kindsFile: string
}

export interface TrafficOptions {
  readonly estate: string
  readonly seed: number
  readonly tokens: number
  readonly days: number
  readonly frozen: boolean
}

const SIMULATOR = fileURLToPath(new URL('../../src/simulate', import.meta.url))

/**
 * Writes the traffic of one seed below the folder, unless it is there. What an older simulator wrote is replaced, or,
 * `frozen`, used as it is.
 */
export async function keepTraffic(folder: string, options: TrafficOptions): Promise<Traffic> {
  const { estate, seed, tokens, days } = options
  const stem = `${estate}-${seed}-${tokens}x${days}`
  const name = `${stem}-${await simulatorHash()}`
  const kept = await namesIn(folder, `${stem}-*`)
  const usable = kept.find((other) => other === name) ?? (options.frozen ? kept[0] : undefined)
  if (usable !== undefined) return filesIn(join(folder, usable))
  // Under another name until it is whole, so that a broken run leaves nothing that would be used again.
  const unfinished = join(folder, `${stem}.${process.pid}`)
  await mkdir(unfinished, { recursive: true })
  try {
    const { eventsFile: out, labelsFile: labels, registryFile: registry, kindsFile: kinds } = filesIn(unfinished)
    await runTokenwatch('simulate', { estate, seed, tokens, days, attacks: 'all', out, labels, registry, kinds })
    await rename(unfinished, join(folder, name))
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  for (const old of kept) await rm(join(folder, old), { recursive: true })
  return filesIn(join(folder, name))
}

/** Both address families of the npm copy of ip-location-db's ASN data in one file. */
export async function keepAsnFile(folder: string): Promise<string> {
  const file = join(folder, 'asn.csv')
  if (await exists(file)) return file
  const source = dirname(createRequire(import.meta.url).resolve('@ip-location-db/asn/package.json'))
  const tables = await Promise.all(['asn-ipv4.csv', 'asn-ipv6.csv'].map((name) => readFile(join(source, name), 'utf8')))
  await writeFile(`${file}.${process.pid}`, tables.join(''))
  await rename(`${file}.${process.pid}`, file)
  return file
}

/** The fields that any list of tokens has: no environment, rotation, revocation or leak. */
const PLAIN_FIELDS = ['token_id', 'name', 'owner', 'tenant', 'service', 'scopes', 'created_at', 'expires_at']

/** Writes the registry again with those fields only, beside the traffic. */
export async function keepPlainRegistry({ registryFile }: Traffic): Promise<string> {
  const file = registryFile.replace(/\.json$/, '-plain.json')
  const tokens = JSON.parse(await readFile(registryFile, 'utf8')) as readonly unknown[]
  await writeFile(file, JSON.stringify(tokens, PLAIN_FIELDS))
  return file
}

function filesIn(place: string): Traffic {
  return {
    eventsFile: join(place, 'events.ndjson'),
    labelsFile: join(place, 'labels.ndjson'),
    registryFile: join(place, 'registry.json'),
    kindsFile: join(place, 'kinds.json'),
  }
}

async function simulatorHash(): Promise<string> {
  const hash = createHash('sha256')
  const files = await namesIn(SIMULATOR, '**/*.ts')
  for (const file of files) hash.update(file).update(await readFile(join(SIMULATOR, file)))
  return hash.digest('hex').slice(0, 8)
}

async function namesIn(folder: string, pattern: string): Promise<readonly string[]> {
  const names: string[] = []
  for await (const name of glob(pattern, { cwd: folder })) names.push(name)
  return names.sort()
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
