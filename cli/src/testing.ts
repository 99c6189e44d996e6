import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { type Clock, manualClock } from '@reeve/base'
import { type Endpoint, endpoints } from '@reeve/sdk'
import type { Io, Terminal } from './io.ts'
import { run } from './run.ts'
import { interrupted } from './stopped.ts'

/** A deployment that keeps the contract, and a terminal to run commands on, for tests. */

export type Name = keyof typeof endpoints
export interface Asked {
  readonly name: Name
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
  readonly token: string | null
}
/** What an endpoint answers: a value that its schema takes, or a refusal. */
export type Handler = (asked: Asked) => unknown
export class Refusal {
  readonly status: number
  readonly body: unknown

  constructor(status: number, body: unknown) {
    this.status = status
    this.body = body
  }
}

export interface Deployment extends AsyncDisposable {
  readonly url: string
  readonly asked: readonly Asked[]
}

/** Real HTTP; requests and answers are both parsed by the endpoints' own schemas, so that neither side can cheat. */
export async function serveContract(handlers: Partial<Record<Name, Handler>>): Promise<Deployment> {
  const asked: Asked[] = []
  const server = createServer((req, res) => {
    answer(req, res, handlers, asked).catch((thrown: unknown) => {
      res
        .writeHead(500, { 'content-type': 'application/json' })
        .end(JSON.stringify({ message: `contract broken: ${String(thrown)}` }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    // SAFETY: a server that listens on a TCP port has an AddressInfo.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  handlers: Partial<Record<Name, Handler>>,
  asked: Asked[],
): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://localhost')
  const found = findEndpoint(req.method ?? 'GET', url.pathname)
  const json = (status: number, body: unknown) =>
    res.writeHead(status, { 'content-type': 'application/json' }).end(body === undefined ? '' : JSON.stringify(body))
  if (found === null) return void json(404, { message: 'no such route', code: 'not_found' })
  const { name, endpoint, params } = found
  const query = Object.fromEntries(url.searchParams)
  const bytes = Buffer.concat(await Array.fromAsync<Buffer>(req))
  const uploaded = endpoint.upload === null ? null : { type: req.headers['content-type'], bytes }
  const body: unknown = uploaded ?? (bytes.length === 0 ? undefined : JSON.parse(bytes.toString()))
  endpoint.params.parse(params)
  endpoint.query.parse(query)
  if (endpoint.body !== null) endpoint.body.parse(body)
  const token = req.headers['reeve-session-token']
  const one: Asked = { name, params, query, body, token: typeof token === 'string' ? token : null }
  asked.push(one)
  const value = await handlers[name]?.(one)
  if (value instanceof Refusal) return void json(value.status, value.body)
  if (endpoint.answers === 'bytes')
    return void res.writeHead(200, { 'content-type': 'application/octet-stream' }).end(value)
  if (endpoint.answers === 'events') {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(': here\n\n')
    // SAFETY: handlers of event endpoints return a list of events.
    for (const event of value as unknown[]) res.write(`data: ${JSON.stringify(endpoint.result.parse(event))}\n\n`)
    return void res.end()
  }
  json(endpoint.status, endpoint.result.parse(value))
}

function findEndpoint(
  method: string,
  path: string,
): { name: Name; endpoint: Endpoint; params: Record<string, string> } | null {
  for (const { name, endpoint, pattern } of routes) {
    const match = endpoint.method === method ? pattern.exec(path) : null
    if (match !== null) return { name, endpoint, params: decoded(match.groups ?? {}) }
  }
  return null
}

/** A named segment wins over a parameter in the same place, as in the server's router. */
const routes = Object.entries<Endpoint>(endpoints)
  .map(([name, endpoint]) => ({
    // SAFETY: the keys of `endpoints` are its names.
    name: name as Name,
    endpoint,
    pattern: new RegExp(`^${endpoint.path.replace(/:([a-z_]+)/g, '(?<$1>[^/]+)')}$`),
    rank: endpoint.path.replace(/:[a-z_]+|[^/]+/g, (segment) => (segment.startsWith(':') ? '1' : '0')),
  }))
  .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
const decoded = (groups: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]))

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string | Uint8Array
  /** A terminal of this width; without one, pipes. */
  readonly columns?: number
  readonly home?: string
  readonly cwd?: string
  /** Addresses that the command opened in a browser. */
  readonly opened?: string[]
  /** One that moves; without it time stands still. */
  readonly clock?: Clock
  readonly terminal?: Terminal
  /** Presses Ctrl-C when it resolves. */
  readonly stopWhen?: Promise<unknown>
}

/** Runs one command in this process: no terminal, an empty home, a proxy in the environment that leads nowhere. */
export async function runCli(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const stop = new AbortController()
  void options.stopWhen?.then(() => stop.abort(interrupted()))
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  const isTerminal = options.columns !== undefined
  const io: Io = {
    stdout: collect(stdout),
    stderr: collect(stderr),
    stdin: new PassThrough().end(options.stdin ?? ''),
    tty: { stdin: isTerminal && options.stdin === undefined, stdout: isTerminal, stderr: isTerminal },
    columns: () => options.columns ?? 80,
    terminal: options.terminal ?? null,
    env: { HTTP_PROXY: 'http://127.0.0.1:9', ...options.env },
    home: options.home ?? '',
    cwd: options.cwd ?? '/',
    hostname: 'Test_Host.example',
    runtime: { node: '26.0.0', platform: 'linux-x64' },
    clock: options.clock ?? manualClock('2026-11-20T12:00:00Z'),
    openBrowser: (url) => void options.opened?.push(url),
    signal: stop.signal,
  }
  const code = await run(argv, io)
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
}

function collect(into: Buffer[]): Writable {
  return new Writable({
    write(chunk: Buffer, _, done) {
      into.push(chunk)
      done()
    },
  })
}
