import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { counter } from './counter.ts'
import { listening } from './raw-http.ts'

/** For tests: a provider that is asked over WebSockets. */
export interface SocketUpstream extends AsyncDisposable {
  readonly url: string
  readonly handshakes: readonly IncomingMessage[]
  readonly messages: readonly string[]
  readonly sockets: readonly WebSocket[]
  asked(count: number): Promise<void>
  closed(count: number): Promise<void>
}

export async function startSocketUpstream(
  answer: (socket: WebSocket, message: string) => void,
  options: { status?: (req: IncomingMessage) => number; headers?: readonly string[] } = {},
): Promise<SocketUpstream> {
  const handshakes: IncomingMessage[] = []
  const messages: string[] = []
  const sockets: WebSocket[] = []
  const asked = counter()
  const closed = counter()
  const sided = new WebSocketServer({ noServer: true })
  sided.on('headers', (lines) => lines.push(...(options.headers ?? [])))
  const server = createServer((_req, res) => res.writeHead(500).end())
  server.on('upgrade', (req, socket, head) => {
    handshakes.push(req)
    const status = options.status?.(req) ?? 101
    if (status !== 101)
      return void socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    sided.handleUpgrade(req, socket, head, (opened) => {
      sockets.push(opened)
      opened.on('close', closed.add)
      opened.on('error', () => {})
      opened.on('message', (data) => {
        const text = Buffer.isBuffer(data) ? data.toString('utf8') : ''
        messages.push(text)
        asked.add()
        answer(opened, text)
      })
    })
  })
  const port = await listening(server)
  return {
    url: `http://127.0.0.1:${port}/v1`,
    handshakes,
    messages,
    sockets,
    asked: asked.reached,
    closed: closed.reached,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
