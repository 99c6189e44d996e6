import { type ClientRequest, type IncomingMessage, Agent as HttpAgent, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { Fault, type FaultCode, type Secret, toError } from '@reeve/base'
import type { Timers } from '../timers.ts'
import { parseJson, readProblem } from './answers.ts'

/**
 * Calls to the control plane, over Node's own HTTPS with certificates verified, through the proxy that the environment
 * of the boundary names. Not answering is an ordinary outcome here.
 */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: FaultCode; readonly message: string; readonly retryAfterMs: number | null }

export interface ControlHttp extends Disposable {
  send(call: Call): Promise<Outcome>
  /** Reads server-sent events until the server ends them, the signal does, or nothing came for a while. */
  listen(path: string, signal: AbortSignal, onText: (text: string) => void): Promise<Outcome>
}

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  /** Without one it is not broken off before an answer is late. */
  readonly signal?: AbortSignal
}

export interface ControlHttpOptions {
  readonly url: string
  readonly token: Secret
  readonly userAgent: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly timers: Timers
}

const answerMsMax = 15_000
const silenceMsMax = 60_000
const answerBytesMax = 16 * 1024 * 1024

export function createControlHttp({ url, token, userAgent, env, timers }: ControlHttpOptions): ControlHttp {
  const base = new URL(url)
  const secure = base.protocol === 'https:'
  const options = { keepAlive: true, maxSockets: 4, proxyEnv: withoutThisMachine(env) }
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options)

  function begin(method: string, path: string, headers: Record<string, string>): ClientRequest {
    const target = new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base)
    const all = { authorization: `Bearer ${token.reveal()}`, 'user-agent': userAgent, ...headers }
    return (secure ? requestHttps : requestHttp)(target, { method, agent, headers: all })
  }

  return {
    async send({ method, path, body, signal }) {
      const request = begin(method, path, {
        accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(body)}` }),
      })
      const stop = stopWith(request, signal)
      const late = timers.after(answerMsMax, () => request.destroy(new Error('it did not answer in time')))
      try {
        request.end(body)
        const response = await answered(request)
        const text = await readText(response)
        return outcomeOf(response, text)
      } catch (thrown) {
        return unreachable(base, thrown)
      } finally {
        late()
        stop()
      }
    },
    async listen(path, signal, onText) {
      const request = begin('GET', path, { accept: 'text/event-stream' })
      const stop = stopWith(request, signal)
      const giveUp = () => request.destroy(new Error('nothing came for a while'))
      let silence = timers.after(silenceMsMax, giveUp)
      try {
        request.end()
        const response = await answered(request)
        if (response.statusCode !== 200) return outcomeOf(response, await readText(response))
        const decoder = new TextDecoder()
        for await (const piece of response) {
          silence()
          silence = timers.after(silenceMsMax, giveUp)
          onText(decoder.decode(piece, { stream: true }))
        }
        return { ok: true, value: null }
      } catch (thrown) {
        return unreachable(base, thrown)
      } finally {
        silence()
        stop()
        request.destroy()
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

function answered(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
  })
}

/** An error behind the answer is an end of its body. */
function stopWith(request: ClientRequest, signal?: AbortSignal): () => void {
  const stop = () => request.destroy(toError(signal?.reason))
  if (signal?.aborted === true) stop()
  signal?.addEventListener('abort', stop, { once: true })
  request.on('error', () => {})
  return () => signal?.removeEventListener('abort', stop)
}

async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of response) {
    size += piece.length
    if (size > answerBytesMax) throw new Error('its answer is too large')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function outcomeOf(response: IncomingMessage, text: string): Outcome {
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) return { ok: true, value: parseJson(text) }
  const message = readProblem(parseJson(text)) ?? `it answered with status ${status}`
  return { ok: false, code: codeOf(status), message, retryAfterMs: retryAfterOf(response.headers['retry-after']) }
}

const codes: Readonly<Record<number, FaultCode>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  422: 'invalid',
  429: 'limited',
}

const codeOf = (status: number): FaultCode => codes[status] ?? (status >= 500 ? 'unavailable' : 'invalid')

function retryAfterOf(header: string | undefined): number | null {
  const seconds = header === undefined ? NaN : Number(header)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 600) * 1_000 : null
}

function unreachable(base: URL, thrown: unknown): Outcome {
  const { message } = toError(thrown)
  return { ok: false, code: 'unavailable', message: `${base.host} cannot be reached: ${message}`, retryAfterMs: null }
}

/** No proxy can reach this machine for us. */
function withoutThisMachine(env: ControlHttpOptions['env']): Record<string, string | undefined> {
  const direct = [env['NO_PROXY'] ?? env['no_proxy'] ?? '', 'localhost', '127.0.0.1', '[::1]', '::1']
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']
  const proxies = Object.fromEntries(names.map((name) => [name, env[name]]).filter(([, value]) => value !== undefined))
  return { ...proxies, no_proxy: direct.filter((host) => host !== '').join(',') }
}

/** Throws what an outcome says, where it cannot be gone on without. */
export function failed(outcome: Outcome & { ok: false }, fix?: string): Fault {
  return new Fault(outcome.code, outcome.message, fix === undefined ? {} : { fix })
}
