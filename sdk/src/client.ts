import { Fault, sseParser, toError } from '@reeve/base'
import { type Endpoint, fillPath, type Uploaded } from './endpoint.ts'
import { faultFromAnswer, faultFromNetwork, notReeve } from './failure.ts'

/**
 * The typed client: one function for every way an endpoint answers, over `fetch`. It runs in browsers and in Node.
 *
 * Whatever goes wrong is thrown as a `Fault`: with the code and words of the server when Reeve answered, `unavailable`
 * when nobody did, `upstream` when something else did (a proxy, a login page), `timeout` when the answer took too long.
 * Only the abort of the caller's own `signal` passes through as it is.
 */
export interface Client {
  /** For endpoints that answer JSON. */
  call<P, Q, B, R>(endpoint: Endpoint<P, Q, B, R>, ...input: InputOf<P, Q, B>): Promise<R>
  /** For endpoints that answer bytes: resolves with the head, the bytes follow as they come. */
  download<P, Q, B, R>(endpoint: Endpoint<P, Q, B, R>, ...input: InputOf<P, Q, B>): Promise<Download>
  /** For endpoints that answer events: resolves when the one connection stands. `follow` outlives connections. */
  events<P, Q, B, R>(endpoint: Endpoint<P, Q, B, R>, ...input: InputOf<P, Q, B>): Promise<Events<R>>
  /** Any path, authenticated: resolves with an answer that is not an error, or throws what the server said. */
  send(method: string, path: string, options?: SendOptions): Promise<Response>
}

export interface ClientOptions {
  /** `https://reeve.example.com`; empty in a browser that was served by the deployment itself. */
  readonly url: string
  /** Without one, a browser's session cookie is what authenticates. */
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** How long an answer may take to begin and, when it is JSON, to end. Default 60 s. */
  readonly timeoutMs?: number
  readonly fetch?: typeof globalThis.fetch
}

export interface Download {
  readonly body: ReadableStream<Uint8Array>
  readonly contentType: string
}

/** Ends when the server ends it. Whoever stops reading before that calls `close`. */
export interface Events<R> extends AsyncIterable<R> {
  close(): void
}

export interface SendOptions {
  readonly body?: unknown
  /** Instead of a body: bytes as they are. */
  readonly upload?: Uploaded | undefined
  readonly accept?: string
  readonly signal?: AbortSignal | undefined
}

type Slot<Name extends string, T> = {} extends T ? { readonly [K in Name]?: T } : { readonly [K in Name]: T }
type BodySlot<B> = undefined extends B ? { readonly body?: B } : { readonly body: B }
type Input<P, Q, B> = Slot<'params', P> & Slot<'query', Q> & BodySlot<B> & { readonly signal?: AbortSignal | undefined }
/** The argument may be left out when nothing in it is required. */
export type InputOf<P, Q, B> = {} extends Input<P, Q, B> ? [input?: Input<P, Q, B>] : [input: Input<P, Q, B>]

interface AnyInput {
  readonly params?: unknown
  readonly query?: unknown
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/** The server writes a comment every 15 s: after three of them are missing, the connection is dead. */
const silenceMsMax = 45_000

export function createClient(options: ClientOptions): Client {
  const base = options.url.replace(/\/+$/, '')
  const timeoutMs = options.timeoutMs ?? 60_000
  const fetchAnswer = options.fetch ?? globalThis.fetch.bind(globalThis)

  async function answer(method: string, path: string, init: SendOptions, signal: AbortSignal): Promise<Response> {
    const headers = new Headers(options.headers)
    headers.set('Accept', init.accept ?? 'application/json')
    if (options.token !== undefined) headers.set('Reeve-Session-Token', options.token)
    const { upload, body } = init
    if (upload !== undefined) headers.set('Content-Type', upload.type)
    else if (body !== undefined) headers.set('Content-Type', 'application/json')
    let response: Response
    try {
      // A redirect is never followed: it could carry the token to somebody else, and Reeve answers with none.
      response = await fetchAnswer(base + path, {
        method,
        headers,
        body: upload !== undefined ? new Uint8Array(upload.bytes) : body === undefined ? null : JSON.stringify(body),
        redirect: 'manual',
        signal,
      })
    } catch (thrown) {
      throw signal.aborted ? signal.reason : faultFromNetwork(toError(thrown), base)
    }
    if (response.ok) return response
    throw await faultFromAnswer(response, base)
  }

  function begin<P, Q, B, R>(endpoint: Endpoint<P, Q, B, R>, input: AnyInput, accept: string, signal: AbortSignal) {
    const path = fillPath(endpoint.path, pathParams(input.params)) + queryString(input.query)
    // SAFETY: the type of such an endpoint's body is `Uploaded`.
    const sent = endpoint.upload === null ? { body: input.body } : { upload: input.body as Uploaded }
    return answer(endpoint.method, path, { ...sent, accept }, signal)
  }

  return {
    async call(endpoint, ...[input = {}]) {
      const deadline = startDeadline(timeoutMs, input.signal)
      try {
        const response = await begin(endpoint, input, 'application/json', deadline.signal)
        if (response.status === 204) return endpoint.result.parse(undefined)
        return parseResult(endpoint, await readText(response, deadline.signal, base), response, base)
      } finally {
        deadline.clear()
      }
    },

    async download(endpoint, ...[input = {}]) {
      const deadline = startDeadline(timeoutMs, input.signal)
      try {
        const response = await begin(endpoint, input, '*/*', deadline.signal)
        if (response.body === null) throw notReeve(response, base, '')
        return { body: response.body, contentType: response.headers.get('Content-Type') ?? 'application/octet-stream' }
      } finally {
        deadline.clear()
      }
    },

    async events(endpoint, ...[input = {}]) {
      const deadline = startDeadline(timeoutMs, input.signal)
      try {
        const response = await begin(endpoint, input, 'text/event-stream', deadline.signal)
        if (response.body === null || !isType(response, 'text/event-stream')) {
          throw notReeve(response, base, await readText(response, deadline.signal, base))
        }
        const reader = response.body.getReader()
        const close = () => {
          deadline.clear()
          reader.cancel().catch(() => {})
        }
        const parse = (data: string) => parseResult(endpoint, data, response, base)
        return { [Symbol.asyncIterator]: () => readEvents(reader, deadline, parse, base), close }
      } finally {
        deadline.clear()
      }
    },

    async send(method, path, init = {}) {
      const deadline = startDeadline(timeoutMs, init.signal)
      try {
        return await answer(method, path, init, deadline.signal)
      } finally {
        deadline.clear()
      }
    },
  }
}

async function* readEvents<R>(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  deadline: Deadline,
  parse: (data: string) => R,
  base: string,
): AsyncGenerator<R, void> {
  const feed = sseParser()
  const decoder = new TextDecoder()
  try {
    while (true) {
      deadline.restart(silenceMsMax)
      const piece = await reader.read()
      deadline.clear()
      if (piece.done) return
      for (const event of feed(decoder.decode(piece.value, { stream: true }))) yield parse(event.data)
    }
  } catch (thrown) {
    throw whyEnded(thrown, deadline.signal, base)
  } finally {
    deadline.clear()
    reader.cancel().catch(() => {})
  }
}

const readText = (response: Response, signal: AbortSignal, base: string): Promise<string> =>
  response.text().catch((thrown: unknown) => {
    throw whyEnded(thrown, signal, base)
  })

/** A stop that somebody asked for stays what they said; the rest is the network's fault. */
function whyEnded(thrown: unknown, signal: AbortSignal, base: string): unknown {
  if (signal.aborted) return signal.reason
  return thrown instanceof Fault ? thrown : faultFromNetwork(toError(thrown), base)
}

interface Deadline {
  readonly signal: AbortSignal
  restart(ms: number): void
  clear(): void
}

/** Aborts with a `timeout` fault after a while, or with the outer signal's own reason. */
function startDeadline(ms: number, outer: AbortSignal | undefined): Deadline {
  const late = new AbortController()
  const expire = () => late.abort(new Fault('timeout', 'the server did not answer in time'))
  let timer = setTimeout(expire, ms)
  return {
    signal: outer === undefined ? late.signal : AbortSignal.any([outer, late.signal]),
    restart(nextMs) {
      clearTimeout(timer)
      timer = setTimeout(expire, nextMs)
    },
    clear() {
      clearTimeout(timer)
    },
  }
}

function pathParams(params: unknown): Record<string, string> {
  const filled = Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name, String(value)]))
  for (const [field, value] of Object.entries(filled)) {
    // URL normalisation would take these away and ask for another path, encoded or not.
    if (value === '' || value === '.' || value === '..') {
      throw new Fault('invalid', `"${value}" cannot be a ${field}`, { problems: [{ field, detail: 'not a name' }] })
    }
  }
  return filled
}

function queryString(query: unknown): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.append(name, String(value))
  }
  return search.size === 0 ? '' : `?${search}`
}

function isType(response: Response, type: string): boolean {
  return (response.headers.get('Content-Type') ?? '').toLowerCase().includes(type)
}

function parseResult<R>(
  endpoint: Endpoint<unknown, unknown, unknown, R>,
  text: string,
  response: Response,
  base: string,
): R {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw notReeve(response, base, text)
  }
  try {
    return endpoint.result.parse(value)
  } catch (cause) {
    throw new Fault('upstream', `the answer to ${endpoint.name} is not what this version of Reeve expects`, {
      fix: 'use a client of the same version as the server',
      cause,
    })
  }
}
