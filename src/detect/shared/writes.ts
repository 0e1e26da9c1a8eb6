/** Whether a call changes something, as far as its method or its operation's name tells. */

const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH'])
/** Operations of cloud APIs that only look. */
const READING_OPERATION =
  /^(?:[\w-]+[.:/])?(?:Get|List|Describe|Head|Lookup|Search|Scan|Query|Batch(?:Get|Describe)|Select|View|Preview|Validate|Check|Test|Detect|Estimate|Simulate|Filter|Read|Fetch|Download|Count|Verify)/

/** @param method HTTP method, '' where the log has operations only. */
export function isWrite(method: string, route: string): boolean {
  if (method !== '') return !READING_METHODS.has(method)
  return !READING_OPERATION.test(route)
}
