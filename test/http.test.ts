import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { startHttp } from '../src/http.ts'
import type { HttpEndpoints, Readiness } from '../src/http.ts'
import { createMetrics } from '../src/metrics.ts'

let running: HttpEndpoints | undefined
afterEach(async () => running?.close())

async function start(state: { ready?: Readiness; healthy?: boolean } = {}): Promise<string> {
  running = await startHttp({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics({ detectors: [], targetTypes: [] }),
    ready: () => state.ready ?? { ok: true, reasons: [] },
    healthy: () => state.healthy ?? true,
  })
  return running.url
}

async function ask(url: string, init?: RequestInit) {
  const response = await fetch(url, init)
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

describe('startHttp', () => {
  it('says ok on /healthz while it is healthy', async () => {
    expect(await ask(`${await start()}/healthz`)).toMatchObject({ status: 200, text: 'ok\n' })
  })

  it('says 503 on /healthz when only a restart helps', async () => {
    expect(await ask(`${await start({ healthy: false })}/healthz`)).toMatchObject({ status: 503 })
  })

  it('says ready on /readyz', async () => {
    expect(await ask(`${await start()}/readyz`)).toMatchObject({ status: 200, text: 'ready\n' })
  })

  it('says 503 with every reason on /readyz when it is not', async () => {
    const url = await start({ ready: { ok: false, reasons: ['Kafka: not assigned', 'ClickHouse: away'] } })
    expect(await ask(`${url}/readyz`)).toMatchObject({
      status: 503,
      text: 'not ready\nKafka: not assigned\nClickHouse: away\n',
    })
  })

  it('exposes the metrics in the format of Prometheus', async () => {
    const answer = await ask(`${await start()}/metrics`)
    expect(answer).toMatchObject({ status: 200, type: expect.stringContaining('text/plain; version=0.0.4') })
    expect(answer.text).toContain('# TYPE tokenwatch_records_consumed_total counter')
  })

  it.each<{ title: string; path: string; init?: RequestInit; status: number }>([
    { title: 'the root', path: '/', status: 404 },
    { title: 'another path, without quoting it', path: '/<script>', status: 404 },
    { title: 'a POST', path: '/metrics', init: { method: 'POST' }, status: 404 },
    {
      title: 'a large body',
      path: '/metrics',
      init: { method: 'POST', body: 'x'.repeat(5000) },
      status: 413,
    },
    { title: 'a path that is no UTF-8', path: '/%ff', status: 400 },
  ])('serves nothing else: $title', async ({ path, init, status }) => {
    const answer = await ask(`${await start()}${path}`, init)
    expect(answer.status).toBe(status)
    expect(['not found: /healthz, /readyz, /metrics\n', 'error\n']).toContain(answer.text)
  })

  it('closes although a client keeps its connection', async () => {
    const url = await start()
    const { promise, resolve } = Promise.withResolvers<void>()
    const call = request(`${url}/healthz`, { headers: { connection: 'keep-alive' } }, (response) => {
      response.resume().on('end', () => resolve())
    })
    call.on('error', () => {})
    call.end()
    await promise
    await running?.close()
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  })

  it('rejects when the port is taken', async () => {
    const { port } = new URL(await start())
    const second = startHttp({
      host: '127.0.0.1',
      port: Number(port),
      metrics: createMetrics({ detectors: [], targetTypes: [] }),
      ready: () => ({ ok: true, reasons: [] }),
      healthy: () => true,
    })
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
