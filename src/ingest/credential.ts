/** What a credential looks like, so that none is stored by mistake: recognition by shape, masking within text. */
export const MASK = '[masked]'

/**
 * Shapes that issuers publish so that scanners find leaked credentials, each as the letters it begins with and what
 * follows them. An AWS access key id (AKIA…) is a name, not a secret. No list is complete: what has no shape is only
 * caught where its key or its randomness gives it away.
 */
const SHAPE_LIST: readonly (readonly [start: string, rest: string])[] = [
  ['ey', '[AJ][\\w-]{8,1024}\\.[\\w-]{4,}\\.[\\w-]*'],
  ['gh', '[oprsu]_\\w{16,}'],
  ['github_pat_', '\\w{16,}'],
  ['gl', '(?:pat|dt|rt|cbt|ptt|ft|soat|agent|sa)[-_][\\w-]{16,}'],
  ['xox', '[abcdeoprs]-[\\w-]{8,}'],
  ['xapp-', '[\\w-]{8,}'],
  ['rk_', '(?:live|test)_\\w{8,}'],
  ['sk_', '(?:live|test)_\\w{8,}'],
  ['sk-', '[\\w-]{16,}'],
  ['whsec_', '[\\w+/=]{8,}'],
  ['ya29', '\\.[\\w-]{8,}'],
  ['AIza', '[\\w-]{30,}'],
  ['npm_', '\\w{16,}'],
  ['pypi-', '[\\w-]{16,}'],
  ['SG', '\\.[\\w-]{16,}\\.[\\w-]{16,}'],
  ['do', '[opr]_v1_\\w{16,}'],
  ['dckr_', '[op]at_[\\w-]{16,}'],
  ['hf_', '\\w{16,}'],
  ['hv', '[brs]\\.[\\w-]{16,}'],
  ['shp', '(?:at|ca|pa|ss)_\\w{16,}'],
  ['sq0', '(?:atp|csp)-[\\w-]{16,}'],
  ['lin_api_', '\\w{16,}'],
  ['figd_', '[\\w-]{16,}'],
  ['tskey-', '[\\w-]{8,}'],
  ['PMAK-', '[\\w-]{16,}'],
  ['dapi', '[0-9a-f]{32}'],
  ['pul-', '[0-9a-f]{32,}'],
  ['sbp_', '\\w{16,}'],
]
const SHAPES = SHAPE_LIST.map(([start, rest]) => start + rest).join('|')

const STARTS_WITH_SHAPE = new RegExp(`^(?:${SHAPES})`)
const SCHEME = /^(?:bearer|basic|token|apikey)(?:\s+|$)/i
const SCHEME_AND_MORE = /^(?:bearer|basic|token|apikey)\s+\S/i

/**
 * `Authorization` values name their scheme first; the same credential has one identity with and without it. A scheme
 * alone is no credential: ''.
 */
export function stripScheme(credential: string): string {
  const text = credential.trim()
  return text.replace(SCHEME, '').trim()
}

/** A JWT, a known prefix, or a scheme in front. Randomness alone does not count: opaque ids are random too. */
export function looksLikeCredential(text: string): boolean {
  return SCHEME_AND_MORE.test(text) || STARTS_WITH_SHAPE.test(text)
}

const SCHEME_IN_TEXT = '(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\\s{1,8}(?=\\S{0,15}\\d|\\S{16})[^\\s"\',;]{6,}'
const USER_INFO = '(?<=://)[^\\s/@"\']{1,256}:[^\\s/@"\']{1,1024}@'
const SECRET_NAMES =
  'token|secret|passw(?:or)?d|pwd|api[_-]?key|access[_-]?key|private[_-]?key|authorization|credential|signature|sig|session(?:[_-]?id)?|cookie|jwt'
const ASSIGNMENT = `(?<=(?:${SECRET_NAMES})["'\\\\]{0,4}\\s{0,4}[=:]\\s{0,4}["'\\\\]{0,4})[^\\s"'\\\\&;,}=:]{4,}`
const PRIVATE_KEY = '-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?'
const EMBEDDED = [`(?<![A-Za-z0-9])(?:${SHAPES})`, SCHEME_IN_TEXT, USER_INFO, PRIVATE_KEY].join('|')
const EMBEDDED_ANY = new RegExp(EMBEDDED)
const EMBEDDED_ALL = new RegExp(EMBEDDED, 'g')
const ASSIGNED_ALL = new RegExp(ASSIGNMENT, 'gi')

/** What each of the above begins with. Most texts hold none of it, and then this costs a third of the whole. */
const SHAPE_STARTS = SHAPE_LIST.map(([start]) => start).join('|')
const MARKS = new RegExp(`(?<![A-Za-z0-9])(?:${SHAPE_STARTS})|[Bb]earer|BEARER|[Bb]asic|BASIC|://|-----BEGIN `)

/** Whether text holds something with a credential's shape. */
export function holdsCredential(text: string): boolean {
  return MARKS.test(text) && EMBEDDED_ANY.test(text)
}

/** Replaces what has a credential's shape; the rest of the text stays. Never makes it longer. */
export function maskShapes(text: string): string {
  return text.replace(EMBEDDED_ALL, MASK)
}

const OPAQUE_RUN = /[A-Za-z0-9_+/=~-]{20,}/g
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const LONG_HEX = /^[0-9a-f]{32,}$/i

/** For excerpts of refused records: masks shapes, what is assigned to a secret's name, and long random runs. */
export function maskThoroughly(text: string): string {
  return maskShapes(text)
    .replace(ASSIGNED_ALL, MASK)
    .replace(OPAQUE_RUN, (run) => (!UUID.test(run) && (LONG_HEX.test(run) || isRandomText(run)) ? MASK : run))
}

/**
 * Text that no person wrote: upper case, lower case and digits alternate. Two neighbours of random base-62 text differ
 * in class with probability 0.62, those of words in camel case with about 0.3.
 */
export function isRandomText(text: string): boolean {
  if (text.length < 20) return false
  let digits = 0
  let upper = 0
  let lower = 0
  let changes = 0
  let previous = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const kind = code >= 48 && code <= 57 ? 1 : code >= 65 && code <= 90 ? 2 : code >= 97 && code <= 122 ? 3 : 0
    if (kind === 1) digits++
    else if (kind === 2) upper++
    else if (kind === 3) lower++
    if (kind !== previous) changes++
    previous = kind
  }
  return digits >= 2 && upper >= 2 && lower >= 2 && changes >= text.length * 0.4
}
