import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { type Log, Secret, silentLog, systemClock, uuidv7 } from '@reeve/base'
import { type Bridge, createBridge } from './bridge.ts'
import type { BridgeEvent } from './exchange.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { anthropicProvider } from './providers/anthropic.ts'
import type { Actor, EndFacts, Recorder, StartFacts } from './recorder.ts'

/** For tests: what became of one interception, and whether the bridge kept to the order of the calls. */
export interface MemoryRecord {
  readonly start: StartFacts
  readonly answer: Buffer
  readonly end: EndFacts | null
  readonly trailer: Buffer
}

export interface MemoryRecorder extends Recorder {
  readonly records: readonly MemoryRecord[]
  /** Calls that came in an order that a recorder need not put up with. Must stay empty. */
  readonly violations: readonly string[]
  /** Called before a step becomes durable; may wait, or throw to make it fail. */
  before: (step: 'begin' | 'end' | 'trailer', record: MemoryRecord | null) => Promise<void> | void
  /** Resolves when so many records have ended. */
  ended(count: number): Promise<void>
}

export function memoryRecorder(): MemoryRecorder {
  const records: { start: StartFacts; answer: Buffer; end: EndFacts | null; trailer: Buffer }[] = []
  const violations: string[] = []
  const waiting = new Set<() => void>()
  const recorder: MemoryRecorder = {
    records,
    violations,
    before: () => {},
    ended: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (records.filter((record) => record.end !== null).length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    async begin(start) {
      await recorder.before('begin', null)
      if (records.some((record) => record.start.id === start.id)) violations.push('begun twice')
      const record = { start, answer: Buffer.alloc(0), end: null as EndFacts | null, trailer: Buffer.alloc(0) }
      records.push(record)
      let ends = 0
      return {
        response(bytes) {
          if (ends > 0) violations.push('answer bytes after the end')
          record.answer = Buffer.concat([record.answer, bytes])
        },
        async end(end) {
          if (++ends > 1) violations.push('ended twice')
          await recorder.before('end', record)
          record.end = end
          for (const look of waiting) look()
        },
        async trailer(bytes) {
          if (record.end === null) violations.push('a trailer before the end')
          await recorder.before('trailer', record)
          record.trailer = Buffer.concat([record.trailer, bytes])
        },
      }
    },
  }
  return recorder
}

export const testActor: Actor = {
  userId: '01900000-0000-7000-8000-000000000001',
  organizationId: '01900000-0000-7000-8000-000000000002',
  apiKeyId: 'abcdefghij',
}

export const providerKey = 'sk-upstream-key-of-the-provider'
export const clientToken = 'rv_client_token_0123456789'

export interface TestBridge extends AsyncDisposable {
  readonly port: number
  readonly bridge: Bridge
  readonly recorder: MemoryRecorder
  readonly events: readonly BridgeEvent[]
}

/** A bridge behind a real listener, which takes everybody for one actor. */
export async function startBridge(
  baseUrl: string,
  options: { limits?: Partial<Limits>; recorder?: MemoryRecorder; log?: Log; actor?: Actor | null } = {},
): Promise<TestBridge> {
  const recorder = options.recorder ?? memoryRecorder()
  const events: BridgeEvent[] = []
  const bridge = createBridge({
    providers: [anthropicProvider({ name: 'anthropic', baseUrl, key: new Secret(providerKey) })],
    recorder,
    clock: systemClock,
    log: options.log ?? silentLog,
    newId: () => uuidv7(systemClock.now()),
    observe: (event) => events.push(event),
    limits: { ...defaultLimits, ...options.limits },
  })
  const handle = (req: IncomingMessage, res: ServerResponse): void => {
    const actor = options.actor === undefined ? testActor : options.actor
    void bridge.handle({
      req,
      res,
      actor,
      providerName: 'anthropic',
      path: req.url ?? '',
      sourceIp: '127.0.0.1',
      token: clientToken,
    })
  }
  const server = createServer({ noDelay: true, requestTimeout: 0 }, handle)
  server.on('checkContinue', handle)
  const port = await listening(server)
  return {
    port,
    bridge,
    recorder,
    events,
    async [Symbol.asyncDispose]() {
      await bridge.close({ graceMs: 0 })
      server.closeAllConnections()
      server.close()
    },
  }
}

export interface RawUpstream extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Everything that each connection received. */
  readonly received: string[]
  readonly sockets: ReadonlySet<Socket>
}

/**
 * An upstream that speaks in bytes: `answer` is called once for each complete request, with the socket to answer on. A
 * test decides where a packet ends, what the length says and how the connection dies.
 */
export async function startRawUpstream(answer: (socket: Socket, request: string) => void): Promise<RawUpstream> {
  const received: string[] = []
  const sockets = new Set<Socket>()
  const server = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
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
    if (size === 0) return { body, complete: bytes.startsWith('\r\n', line + 2) }
    body += bytes.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
    if (at > bytes.length) return { body, complete: false }
  }
}

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // SAFETY: a server that listens on a TCP port has an address of this shape.
  return (server.address() as AddressInfo).port
}
