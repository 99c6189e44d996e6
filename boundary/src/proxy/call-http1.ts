import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Headers } from './headers.ts'
import { authorityOf, type Call, type Outgoing, type UpstreamAnswer } from './outgoing.ts'
import { isLost, requestFailure } from './upstream-failure.ts'

/** A request over HTTP/1.1: by an agent's connections, or on one of its own. */
export function callHttp1(outgoing: Outgoing, over: Agent | Socket): Call {
  let current: ClientRequest
  let aborted = false
  const answer = new Promise<UpstreamAnswer>((resolve, reject) => {
    const begin = (again: boolean): void => {
      current = start(outgoing, over)
      current.on('response', (response) => resolve(read(response, null)))
      current.on('upgrade', (response, socket: Socket, head) => {
        if (head.length > 0) socket.unshift(head)
        resolve(read(response, socket))
      })
      current.on('error', (error) => {
        // A kept connection may end in the moment in which it is used; without a body nothing is sent twice.
        if (!again && !aborted && current.reusedSocket && !outgoing.hasBody && isLost(error)) begin(true)
        else reject(requestFailure(error))
      })
      if (!outgoing.hasBody) current.end()
    }
    begin(false)
  })
  // Whoever aborts may never ask for the answer.
  answer.catch(() => {})
  return {
    body: current!,
    answer,
    abort() {
      aborted = true
      current.destroy()
    },
  }
}

function start(outgoing: Outgoing, over: Agent | Socket): ClientRequest {
  const headers: Headers = { host: authorityOf(outgoing), ...outgoing.headers }
  if (outgoing.upgrade) Object.assign(headers, { connection: 'Upgrade', upgrade: 'websocket' })
  if (!outgoing.hasBody) delete headers['content-length']
  const { host, port, method, target: path } = outgoing
  const base = { host, port, method, path, headers, setHost: false, maxHeaderSize: 65_536 }
  return over instanceof Agent ? request({ ...base, agent: over }) : request({ ...base, createConnection: () => over })
}

function read(response: IncomingMessage, upgraded: Socket | null): UpstreamAnswer {
  return {
    status: response.statusCode ?? 502,
    headers: response.headers,
    body: response,
    trailers: () => Object.fromEntries(Object.entries(response.trailers).map(([name, value]) => [name, value ?? ''])),
    address: response.socket.remoteAddress ?? null,
    upgraded,
  }
}
