/** Apache Kafka's jars: fetched once from Maven Central into a cache in node_modules, and run with Java. */
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type Progress = (message: string) => void

const POM_FILE = join(import.meta.dirname, 'pom.xml')
export const LOG4J_FILE = join(import.meta.dirname, 'log4j2.properties')
const CACHE_FOLDER = join(import.meta.dirname, '../../node_modules/.cache/tokenwatch')
const JAVA_VERSION_MIN = 17
const OTHER_WAY = 'or set TOKENWATCH_TEST_KAFKA_BROKERS to a broker that runs already'

/** `java` of JAVA_HOME, else of PATH. */
export function javaCommand(): string {
  const home = process.env['JAVA_HOME']
  return home ? join(home, 'bin', 'java') : 'java'
}

/**
 * The folder with the jars. Its name holds a hash of the pom, so a change there fetches anew. It appears by one rename:
 * it is complete or absent, whoever else is fetching. Of several first runs one fetches and the others wait.
 */
export async function kafkaJars(progress: Progress): Promise<string> {
  await checkJava()
  const hash = createHash('sha256').update(readFileSync(POM_FILE)).digest('hex').slice(0, 12)
  const folder = join(CACHE_FOLDER, `kafka-${hash}`)
  if (existsSync(folder)) return folder
  mkdirSync(CACHE_FOLDER, { recursive: true })
  await withLock(`${folder}.lock`, progress, async () => {
    if (existsSync(folder)) return
    progress('Fetching Apache Kafka from Maven Central (54 MB, once) ...')
    const partial = `${folder}.${randomUUID()}`
    try {
      await fetchJars(partial)
      renameSync(partial, folder)
    } catch (error) {
      rmSync(partial, { recursive: true, force: true })
      if (!existsSync(folder)) throw error
    }
  })
  return folder
}

/** Runs one of Kafka's programs to its end and returns what it printed. Throws with its output when it fails. */
export async function runJava(
  jars: string,
  mainClass: string,
  args: readonly string[],
  input?: string | Buffer,
): Promise<string> {
  const jvm = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', `-Dlog4j2.configurationFile=${LOG4J_FILE}`]
  return run(javaCommand(), [...jvm, '-cp', `${jars}/*`, mainClass, ...args], input)
}

async function checkJava(): Promise<void> {
  const text = await run(javaCommand(), ['-version'], undefined).catch((cause: unknown) => {
    throw new Error(
      `Kafka needs Java ${JAVA_VERSION_MIN} or newer, and "${javaCommand()}" does not run: install a JRE (Debian: openjdk-17-jre-headless), ${OTHER_WAY}`,
      { cause },
    )
  })
  const version = Number(/version "(?:1\.)?(\d+)/.exec(text)?.[1])
  if (version < JAVA_VERSION_MIN)
    throw new Error(`Kafka needs Java ${JAVA_VERSION_MIN} or newer, and "${javaCommand()}" is Java ${version}`)
}

async function fetchJars(folder: string): Promise<void> {
  const args = ['-q', '-B', '-f', POM_FILE, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`]
  await run('mvn', args, undefined).catch((cause: unknown) => {
    const problem = isMissing(cause) ? 'Maven (mvn) is not installed (Debian: maven)' : 'Maven could not fetch them'
    throw new Error(`The jars of Apache Kafka are needed once and ${problem}: make that work, ${OTHER_WAY}`, { cause })
  })
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Collects both outputs, since `java -version` writes to the second. */
async function run(command: string, args: readonly string[], input: string | Buffer | undefined): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  if (code === 0) return output
  throw new Error(`${command} ended with ${code}:\n${output.trimEnd().split('\n').slice(-20).join('\n')}`)
}

/** One process at a time. A lock whose process is gone is taken over. */
async function withLock(file: string, progress: Progress, work: () => Promise<void>): Promise<void> {
  let told = false
  while (!tryLock(file)) {
    if (!told) progress(`Another process is fetching Apache Kafka; waiting for ${dirname(file)} ...`)
    told = true
    await delay(200)
  }
  try {
    await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function tryLock(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    if (isAbandoned(file)) rmSync(file, { force: true })
    return false
  }
}

function isAbandoned(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    if (pid > 0) process.kill(pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}
