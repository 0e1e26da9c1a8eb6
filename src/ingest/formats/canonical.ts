/** tokenwatch's own format: one flat JSON object for each call, as the documentation describes it. */
import { isAbsent } from '../field.ts'
import type { Format } from './format.ts'

export const canonical: Format = {
  name: 'canonical',
  summary: 'One JSON object for each call, with the fields timestamp, token or token_id, ip, method, path, status, …',
  fieldNames: { timestamp: 'timestamp', token: 'token or token_id', endpoint: 'path, route or operation' },
  map(value) {
    const fields = {
      timestamp: firstPresent(value['timestamp'], value['@timestamp'], value['time'], value['ts']),
      token: value['token'],
      tokenId: value['token_id'],
      tokenName: value['token_name'],
      tenant: value['tenant'],
      service: value['service'],
      region: value['region'],
      environment: value['environment'],
      ip: value['ip'],
      method: value['method'],
      path: value['path'],
      route: value['route'],
      operation: value['operation'],
      status: value['status'],
      errorCode: value['error_code'],
      userAgent: value['user_agent'],
      id: value['id'],
      bytesIn: value['bytes_in'],
      bytesOut: value['bytes_out'],
      latencyMs: value['latency_ms'],
    }
    return [{ source: value, fields }]
  },
}

function firstPresent(a: unknown, b: unknown, c: unknown, d: unknown): unknown {
  if (!isAbsent(a)) return a
  if (!isAbsent(b)) return b
  return isAbsent(c) ? d : c
}
