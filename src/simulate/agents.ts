/** User agents of simulated clients: libraries, browsers and applications, with the versions they move through. */
import { DAY_MS } from '../settings.ts'

/** Libraries as servers and scripts send them; the second of a pair is what a later deploy brings. */
export const LIBRARY_AGENTS: readonly (readonly [before: string, after: string])[] = [
  ['python-requests/2.32.3', 'python-requests/2.32.4'],
  ['okhttp/4.12.0', 'okhttp/5.1.0'],
  ['Go-http-client/2.0', 'Go-http-client/2.0'],
  ['axios/1.11.0', 'axios/1.12.2'],
  ['Apache-HttpClient/5.4.4 (Java/21.0.7)', 'Apache-HttpClient/5.5 (Java/21.0.8)'],
  ['node-fetch/1.0 (+https://github.com/bitinn/node-fetch)', 'undici'],
]

/** Agents that thieves and scanners bring; none of them is in use by a client above. */
export const FOREIGN_AGENTS: readonly string[] = [
  'curl/8.7.1',
  'python-httpx/0.27.0',
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'aiohttp/3.9.5 Python/3.11',
  'PostmanRuntime/7.43.0',
]

/** A released version of something that is released at a steady pace, counted from the first day of the simulation. */
export function versionAt(first: number, everyDays: number, startMs: number, timeMs: number): number {
  return first + Math.max(0, Math.floor((timeMs - startMs) / (everyDays * DAY_MS)))
}

/** Chrome freezes all but the major version (User-Agent reduction). */
export function chrome(platform: string, major: number): string {
  return `Mozilla/5.0 (${platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`
}

export function iosApp(name: string, minor: number, system: string): string {
  return `${name}/7.${minor}.0 (com.${name.toLowerCase()}.ios; build:7${minor}0; iOS ${system}) Alamofire/5.9.1`
}

export function androidApp(name: string, minor: number, system: string): string {
  return `${name}/7.${minor}.0 (com.${name.toLowerCase()}.android; Android ${system}; Pixel 8) okhttp/4.12.0`
}
