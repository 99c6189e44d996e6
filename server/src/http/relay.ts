import { Agent, request, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { type Clock, Fault, uuidv7 } from '@reeve/base'
import { setSecurityHeaders } from './browser.ts'
import { refusal } from './faults.ts'
import type { ListenerOptions } from './listener.ts'
import { writeRefusal } from './write-answer.ts'

/** Where the client of a relayed request is. Only what comes over the private socket is believed. */
export const peerHeader = 'reeve-peer-address'

/** Of the connection, and not of the request. */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'expect', 'upgrade', peerHeader])

type Relay = Pick<ListenerOptions, 'handle'> & { readonly upgrade: NonNullable<ListenerOptions['upgrade']> }

/**
 * Hands requests on to another process of this machine, over a unix socket in a folder that only this user can enter.
 * Headers and bodies are passed as they came.
 */
export function relayTo(
  socketPath: string,
  { https, clock }: { readonly https: boolean; readonly clock: Clock },
): Relay & Disposable {
  const agent = new Agent({ keepAlive: true })

  function refuse(res: ServerResponse): void {
    if (res.headersSent) return void res.destroy()
    setSecurityHeaders(res, 'data', https)
    const fault = new Fault('unavailable', 'the server is starting', { fix: 'try again in a moment' })
    writeRefusal(res, refusal(503, fault, { 'Retry-After': '1' }), uuidv7(clock.now()))
  }

  return {
    handle(req, res) {
      const headers = [...ending(req.rawHeaders), peerHeader, req.socket.remoteAddress ?? '']
      const onward = request({ socketPath, agent, method: req.method, path: req.url, headers, setHost: false })
      if (req.headers.expect !== undefined) res.writeContinue()
      onward.on('response', (answer) => {
        res.writeHead(answer.statusCode ?? 502, ending(answer.rawHeaders))
        res.flushHeaders()
        answer.on('error', () => res.destroy())
        answer.pipe(res)
      })
      onward.on('error', () => refuse(res))
      res.on('close', () => {
        if (!res.writableFinished) onward.destroy()
      })
      req.pipe(onward)
    },
    upgrade(req, res, socket, head) {
      const headers = [...without(new Set([peerHeader]), req.rawHeaders), peerHeader, req.socket.remoteAddress ?? '']
      const onward = request({ socketPath, method: req.method, path: req.url, headers, setHost: false })
      onward.on('upgrade', (answer, other, first) => {
        const lines = pairs(answer.rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`)
        socket.write(first)
        other.write(head)
        // Each ends with the other, however that came about.
        pipeline(socket, other, socket, () => {})
      })
      onward.on('response', (answer) => {
        res.writeHead(answer.statusCode ?? 502, ending(answer.rawHeaders))
        answer.on('error', () => res.destroy())
        answer.pipe(res)
      })
      onward.on('error', () => refuse(res))
      socket.on('close', () => onward.destroy())
      onward.end()
      return true
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

/** Names and values, without those that end with this connection. */
const ending = (raw: readonly string[]): string[] => without(ofConnection, raw)

const without = (names: ReadonlySet<string>, raw: readonly string[]): string[] =>
  pairs(raw).flatMap(([name, value]) => (names.has(name.toLowerCase()) ? [] : [name, value]))

function pairs(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = []
  for (let at = 0; at + 1 < raw.length; at += 2) found.push([raw[at]!, raw[at + 1]!])
  return found
}
