/** Stands between a service and ClickHouse and lets a test decide what becomes of single statements. */
import { once } from 'node:events'
import { createServer, request as callServer } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** `before`: the statement waits and ClickHouse knows nothing of it. `after`: it was carried out, and its answer waits. */
export type Point = 'before' | 'after'

export interface Hold {
  /** Resolves when a statement has come to the point where it is held. */
  readonly reached: Promise<void>
  /** Lets everything held go on, and holds nothing further. Statements whose caller has gone are carried out too. */
  release(): void
  /** Cuts the connections of what is held, unanswered and, at `before`, never carried out. Holds nothing further. */
  cut(): void
}

export interface ClickHouseProxy extends AsyncDisposable {
  readonly url: string
  /** Statements that came, the text of each without its data. */
  readonly statements: readonly string[]
  /** Holds each statement that matches, from now on. */
  hold(statement: RegExp, point: Point): Hold
  /** Whether nothing that came is still unanswered, its caller gone or not. */
  isIdle(): boolean
  /** Closes every connection at once, now and from now on, as a server does that is not there. */
  refuse(isRefused: boolean): void
}

interface Rule extends Hold {
  readonly statement: RegExp
  readonly point: Point
  /** Waits until released; throws when cut. */
  wait(): Promise<void>
}

export async function startClickHouseProxy(serverUrl: string): Promise<ClickHouseProxy> {
  const rules = new Set<Rule>()
  const statements: string[] = []
  const sockets = new Set<Socket>()
  const state = { isRefused: false, passing: 0 }
  const server = createServer((incoming, response) => {
    state.passing++
    pass(incoming, response)
      .catch(() => incoming.socket.destroy())
      .finally(() => state.passing--)
  })

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming)
    const statement = statementOf(incoming, body)
    statements.push(statement)
    const held = [...rules].filter((rule) => rule.statement.test(statement))
    for (const rule of held) if (rule.point === 'before') await rule.wait()
    const answer = await forward(serverUrl, incoming, body)
    for (const rule of held) if (rule.point === 'after') await rule.wait()
    response.writeHead(answer.status, answer.headers).end(answer.body)
  }

  server.on('connection', (socket) => {
    if (state.isRefused) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    statements,
    hold(statement, point) {
      const rule = createRule(statement, point, () => rules.delete(rule))
      rules.add(rule)
      return rule
    },
    isIdle: () => state.passing === 0,
    refuse(isRefused) {
      state.isRefused = isRefused
      if (isRefused) for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      for (const rule of rules) rule.cut()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function createRule(statement: RegExp, point: Point, end: () => void): Rule {
  const reached = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  gate.promise.catch(() => {})
  return {
    statement,
    point,
    reached: reached.promise,
    wait() {
      reached.resolve()
      return gate.promise
    },
    release() {
      end()
      gate.resolve()
    },
    cut() {
      end()
      gate.reject(new Error('cut by the test'))
    },
  }
}

/** With data in the body the statement stands in the URL; a form holds it as a field; else it is the body. */
function statementOf(incoming: IncomingMessage, body: Buffer): string {
  const inUrl = new URL(incoming.url ?? '/', 'http://proxy').searchParams.get('query')
  return inUrl ?? body.toString('utf8')
}

interface Answer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

/** Carried out whatever becomes of the caller, as a packet is that has left a machine. */
async function forward(serverUrl: string, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  const { 'transfer-encoding': _chunked, connection: _connection, ...headers } = incoming.headers
  const outgoing = callServer(new URL(incoming.url ?? '/', serverUrl), {
    method: incoming.method,
    headers: { ...headers, 'content-length': body.length },
  })
  outgoing.end(body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  const { 'transfer-encoding': _answerChunked, connection: _answerConnection, ...answerHeaders } = answer.headers
  const answerBody = await buffer(answer)
  return {
    status: answer.statusCode ?? 502,
    headers: { ...answerHeaders, 'content-length': answerBody.length },
    body: answerBody,
  }
}
