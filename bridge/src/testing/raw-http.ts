import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { counter } from './counter.ts'

export const clientToken = 'rv_client_token_0123456789'

export interface RawUpstream extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Everything that each connection received. */
  readonly received: string[]
  readonly sockets: ReadonlySet<Socket>
  /** Resolves when so many connections have closed. */
  closed(count: number): Promise<void>
}

/**
 * An upstream that speaks in bytes: `answer` is called once for each complete request, with the socket to answer on. A
 * test decides where a packet ends, what the length says and how the connection dies.
 */
export async function startRawUpstream(answer: (socket: Socket, request: string) => void): Promise<RawUpstream> {
  const received: string[] = []
  const sockets = new Set<Socket>()
  const closed = counter()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket
      .on('error', () => {})
      .on('close', () => {
        sockets.delete(socket)
        closed.add()
      })
    let seen = ''
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1')
      for (let end = requestEnd(seen); end !== -1; end = requestEnd(seen)) {
        const request = seen.slice(0, end)
        seen = seen.slice(end)
        received.push(request)
        answer(socket, request)
      }
    })
  })
  const port = await listening(server)
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    received,
    sockets,
    closed: closed.reached,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function requestEnd(seen: string): number {
  const head = seen.indexOf('\r\n\r\n')
  if (head === -1) return -1
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(seen.slice(0, head))?.[1] ?? 0)
  return seen.length >= head + 4 + length ? head + 4 + length : -1
}

export interface RawAnswer {
  readonly head: string
  /** The body with its chunks joined. */
  readonly body: string
  /** Whether the body ended the way its head said. */
  readonly complete: boolean
  readonly raw: string
}

/** A request as bytes; the answer as bytes when the connection ends or the answer is complete. */
export async function rawRequest(port: number, request: string | Buffer): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  let raw = ''
  socket.on('data', (chunk) => {
    raw += chunk.toString('latin1')
    if (parseAnswer(raw).complete) socket.destroy()
  })
  socket.write(request)
  await once(socket, 'close')
  return parseAnswer(raw)
}

export function messagesRequest(body: string, headers: readonly string[] = []): Buffer {
  const head = [
    'POST /v1/messages?beta=true HTTP/1.1',
    'Host: reeve.test',
    'Content-Type: application/json',
    `x-api-key: ${clientToken}`,
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

export const smallBody = '{"model":"claude-test","messages":[{"role":"user","content":"hello"}],"stream":true}'

/** An event stream as the bytes of a chunked answer: one chunk for each piece. */
export function chunkedStream(pieces: readonly (string | Buffer)[], { end = true } = {}): Buffer {
  const head =
    'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nrequest-id: req_1\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunks = pieces.filter((piece) => piece.length > 0).map((piece) => chunkOf(piece))
  return Buffer.concat([Buffer.from(head), ...chunks, Buffer.from(end ? '0\r\n\r\n' : '')])
}

export function chunkOf(piece: string | Buffer): Buffer {
  const bytes = Buffer.from(piece)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

/** Takes an HTTP/1.1 answer apart; chunked bodies are joined. */
export function parseAnswer(raw: string): RawAnswer {
  const split = raw.indexOf('\r\n\r\n')
  if (split === -1) return { head: raw, body: '', complete: false, raw }
  const head = raw.slice(0, split)
  const rest = raw.slice(split + 4)
  if (/^HTTP\/1\.1 1\d\d/.test(head)) return parseAnswer(rest)
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return { head, raw, ...joinChunks(rest) }
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.POSITIVE_INFINITY)
  return { head, raw, body: rest.slice(0, length), complete: rest.length >= length }
}

function joinChunks(bytes: string): { body: string; complete: boolean } {
  let body = ''
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at)
    if (line === -1) return { body, complete: false }
    const size = Number.parseInt(bytes.slice(at, line), 16)
    if (Number.isNaN(size)) throw new RangeError(`no chunk size: ${JSON.stringify(bytes.slice(at, at + 100))}`)
    if (size === 0) return { body, complete: bytes.startsWith('\r\n', line + 2) }
    body += bytes.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
    if (at > bytes.length) return { body, complete: false }
  }
}

/** Listens on a free port of the loopback. */
export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // SAFETY: a server that listens on a TCP port has an address of this shape.
  return (server.address() as AddressInfo).port
}
