import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/**
 * A control plane for tests: real HTTP, the contract to the letter, everything in memory. It verifies what the real one
 * verifies of a record: numbers without a hole, and the chain over the bytes of the lines.
 */
export interface TestControl extends AsyncDisposable {
  readonly url: string
  readonly sessions: Map<string, TestControlSession>
  readonly requests: readonly string[]
  /** What it answers with instead, while it is not null. */
  fault: ((request: string) => { status: number; retryAfter?: number } | 'hang up' | null) | null
  version: number
  layers: object[]
  /** Access requests, and the status that all of them have. */
  readonly asked: Record<string, unknown>[]
  answer: string
  notAfter: string
  /** Names another key in its bundles, and goes on signing with the old one. */
  announceKey(): void
  /** Signs with the last key that it named. */
  useNewKey(): void
  /** Signs with a key that nobody heard of, and names no other. */
  replaceKey(): void
  tell(notice: object): void
  dropStreams(): void
  listen(port: number): Promise<void>
  close(): Promise<void>
}

export interface TestControlSession {
  readonly registration: Record<string, unknown>
  readonly lines: { seq: number; kind: string; denial: string | null; facts: Record<string, unknown> | null }[]
  head: string | null
  chained: boolean
  end: Record<string, unknown> | null
}

export async function testControl(): Promise<TestControl> {
  const sessions = new Map<string, TestControlSession>()
  const requests: string[] = []
  const streams = new Set<ServerResponse>()
  let key = newKey('k1')
  let keys = [key]

  const control: TestControl = {
    url: '',
    sessions,
    requests,
    fault: null,
    version: 1,
    layers: [],
    asked: [],
    answer: 'pending',
    notAfter: '2100-01-01T00:00:00Z',
    announceKey() {
      keys = [...keys, newKey(`k${keys.length + 1}`)]
    },
    useNewKey() {
      key = keys.at(-1) ?? key
    },
    replaceKey() {
      key = newKey('another')
      keys = [key]
    },
    tell(notice) {
      for (const stream of streams) stream.write(`data: ${JSON.stringify(notice)}\n\n`)
    },
    dropStreams() {
      for (const stream of streams) stream.destroy()
    },
    async listen(port) {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await control.close()
    },
  }

  function bundle(signer = key): object {
    const known = keys.map(({ id, publicKey }) => ({ id, public_key: publicKey }))
    const payload = JSON.stringify({
      version: control.version,
      issued_at: '2026-11-21T10:00:00Z',
      not_after: control.notAfter,
      organization: 'default',
      layers: control.layers,
      keys: known,
    })
    return {
      payload,
      key_id: signer.id,
      signature: sign(null, Buffer.from(payload), signer.privateKey).toString('base64url'),
    }
  }

  const known = (denial: unknown) =>
    [...sessions.values()].some(({ lines }) => lines.some((line) => line.denial === denial))

  function answer(path: string, body: unknown): { status: number; body?: object } {
    const input = Object(body)
    if (path === '/api/v2/boundaries/sessions') {
      const held = sessions.get(input.id)
      if (held !== undefined && held.registration['public_key'] !== input.public_key) return { status: 409 }
      if (held === undefined)
        sessions.set(input.id, { registration: input, lines: [], head: null, chained: true, end: null })
      const answered = {
        id: input.id,
        owner: { id: '01934f2a-0000-7000-8000-00000000aaaa', username: 'dana' },
        organization: 'default',
        bundle: bundle(),
        keys: keys.map(({ id, publicKey }) => ({ id, public_key: publicKey })),
        acknowledged_seq: (held?.lines.length ?? 0) - 1,
        injects: [{ host: 'reeve.example.com', port: 443, paths: ['/api/v2/aibridge/**'] }],
      }
      return { status: held === undefined ? 201 : 200, body: answered }
    }
    if (path === '/api/v2/boundaries/access-requests') {
      if (!known(input.denial)) return { status: 404 }
      control.asked.push(input)
      return { status: 201, body: { id: `request-${control.asked.length}`, status: 'pending' } }
    }
    if (path.startsWith('/api/v2/boundaries/access-requests/')) return { status: 200, body: { status: control.answer } }
    const [, id = '', what = ''] = /^\/api\/v2\/boundaries\/sessions\/([^/]+)\/(\w+)/.exec(path) ?? []
    const session = sessions.get(id)
    if (session === undefined) return { status: 404 }
    if (what === 'policy') {
      const known = /known=(\d+)/.exec(path)?.[1]
      return {
        status: 200,
        body: { version: control.version, bundle: Number(known) === control.version ? null : bundle() },
      }
    }
    if (what === 'end') {
      session.end = input
      return { status: 204 }
    }
    for (const line of input.events) take(session, line)
    return { status: 200, body: { acknowledged_seq: session.lines.length - 1 } }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    requests.push(`${request.method} ${path}`)
    const fault = control.fault?.(`${request.method} ${path}`) ?? null
    if (fault === 'hang up') return void request.socket.destroy()
    if (fault !== null) {
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter)
      response.writeHead(fault.status, { 'content-type': 'application/problem+json' })
      return void response.end(JSON.stringify({ message: `fault ${fault.status}` }))
    }
    if (request.headers.authorization !== 'Bearer a-token') return void response.writeHead(401).end()
    if (path.endsWith('/stream')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify({ type: 'policy', version: control.version })}\n\n`)
      streams.add(response)
      response.on('close', () => streams.delete(response))
      return
    }
    const text = Buffer.concat(pieces).toString()
    const { status, body } = answer(path, text === '' ? null : JSON.parse(text))
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(body === undefined ? undefined : JSON.stringify(body))
  }

  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()))
  await control.listen(0)
  // SAFETY: a TCP server that listens has such an address.
  const { port } = server.address() as AddressInfo
  return Object.assign(control, { url: `http://127.0.0.1:${port}` })
}

function take(session: TestControlSession, line: TestControlSession['lines'][number] & { prev: string | null }): void {
  if (line.seq < session.lines.length) return
  if (line.seq !== session.lines.length || line.prev !== session.head) session.chained = false
  session.lines.push(line)
  session.head = hash('sha256', JSON.stringify(line))
}

function newKey(id: string): { id: string; publicKey: string; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { id, publicKey: publicKey.export({ format: 'jwk' }).x ?? '', privateKey }
}
