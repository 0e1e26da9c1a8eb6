/** Which client made a call: the family and version that its user agent names. */
import bowser from 'bowser'
import { createMemo } from '../memo.ts'
import { levelOf } from './level.ts'

export interface Agent {
  readonly agent: string
  /** Major and minor only: a patch release is no news. */
  readonly agentVersion: string
}

const NO_AGENT: Agent = { agent: '', agentVersion: '' }
const FAMILY_CHARS_MAX = 64

/** Tokens that tools put in front of their own name. */
const WRAPPERS = /^(?:APN\/\S+\s+)?(?:HashiCorp\/\S+\s+)?/
/** `curl/8.1.2`, `aws-sdk-go/1.44.2 (…)`: the product token of RFC 9110, section 10.1.5. */
const PRODUCT = /^([^\s/();,[\]]{1,64})\/[vV]?(\d+(?:\.\d+)?)?/
/** `Slackbot 1.0 (+https://…)`, `My Agent/2.1`. */
const NAMED = /^([^/();,[\]]{1,64}?)[\s/]+[vV]?(\d+(?:\.\d+)?)(?![\w])/
const BROWSER = /^(?:Mozilla|Opera)\//

/** Remembers at most `memoEntriesMax` user agents, which the producer bounds to 512 characters each. */
export function createAgentParser(memoEntriesMax: number): (userAgent: string) => Agent {
  const memo = createMemo<Agent>(memoEntriesMax)
  return function agentOf(userAgent) {
    if (userAgent === '') return NO_AGENT
    const known = memo.get(userAgent)
    if (known) return known
    const agent = parse(userAgent)
    memo.set(userAgent, agent)
    return agent
  }
}

function parse(userAgent: string): Agent {
  return (BROWSER.test(userAgent) ? browserOf(userAgent) : undefined) ?? productOf(userAgent)
}

/** undefined for what bowser does not know, or fails on: it was not made for hostile text. */
function browserOf(userAgent: string): Agent | undefined {
  try {
    // oxlint-disable-next-line import/no-named-as-default-member -- Node finds no named exports in this package.
    const { name, version } = bowser.parse(userAgent).browser
    return name ? agentFrom(name, version ?? '') : undefined
  } catch {
    return undefined
  }
}

function productOf(userAgent: string): Agent {
  const text = userAgent.replace(WRAPPERS, '')
  const match = PRODUCT.exec(text) ?? NAMED.exec(text)
  if (match?.[1]) return agentFrom(match[1], match[2] ?? '')
  const comment = text.search(/[(;,[]/)
  return agentFrom((comment > 0 ? text.slice(0, comment) : text) || userAgent, '')
}

function agentFrom(name: string, version: string): Agent {
  const family = name.trim().slice(0, FAMILY_CHARS_MAX).toWellFormed()
  return { agent: levelOf(family), agentVersion: /^\d+(?:\.\d+)?/.exec(version)?.[0] ?? '' }
}
