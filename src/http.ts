/** The three addresses that operators ask: is it alive, is it ready, what does it count. Nothing else is served. */
import { fastify } from 'fastify'
import type { FastifyReply } from 'fastify'
import type { Metrics } from './metrics.ts'

export interface Readiness {
  readonly ok: boolean
  /** Why not, for people: no address, no secret. */
  readonly reasons: readonly string[]
}

export interface HttpOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly metrics: Pick<Metrics, 'render'>
  ready(): Readiness
  /** False when only a restart helps. */
  healthy(): boolean
}

export interface HttpEndpoints {
  /** The address listened on, `http://127.0.0.1:9464`. */
  readonly url: string
  /** Answers what is under way, then stops. Idle connections are cut. */
  close(): Promise<void>
}

/** Requests carry no body that matters; this is as little as fastify accepts gracefully. */
const BODY_BYTES_MAX = 1024
const REQUEST_MS_MAX = 10_000

/** Listens, or rejects with the system's error (`EADDRINUSE`, `EACCES`). */
export async function startHttp(options: HttpOptions): Promise<HttpEndpoints> {
  const server = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => plain(reply, error.statusCode ?? 400, 'error'),
  })
  server.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
  })
  server.setNotFoundHandler((_request, reply) => plain(reply, 404, 'not found: /healthz, /readyz, /metrics'))
  // A framework's error text would quote the request.
  server.setErrorHandler((error: { statusCode?: number }, _request, reply) =>
    plain(reply, error.statusCode ?? 500, 'error'),
  )
  server.get('/healthz', (_request, reply) =>
    options.healthy() ? plain(reply, 200, 'ok') : plain(reply, 503, 'unhealthy'),
  )
  server.get('/readyz', (_request, reply) => {
    const { ok, reasons } = options.ready()
    return plain(reply, ok ? 200 : 503, ok ? 'ready' : ['not ready', ...reasons].join('\n'))
  })
  server.get('/metrics', async (_request, reply) => {
    const { text, contentType } = await options.metrics.render()
    return reply.type(contentType).send(text)
  })
  const url = await server.listen({ host: options.host, port: options.port })
  return { url, close: () => server.close() }
}

function plain(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`)
}
