import { gzipSync } from 'node:zlib'
import type { Step } from './upstream.ts'

export type HeaderList = Readonly<Record<string, string | readonly string[]>>

export interface ReplyOptions {
  readonly status?: number
  readonly headers?: HeaderList
  /** What Content-Length claims, when it is not the truth. */
  readonly claimedLength?: number
}

export const send = (bytes: string | Uint8Array): Step => ({ do: 'send', bytes: Buffer.from(bytes) })
export const wait = (ms: number): Step => ({ do: 'wait', ms })

/** Status line and headers. */
export function head(status: number, headers: HeaderList = {}): Step {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}\r\n`),
  )
  return send(`HTTP/1.1 ${status} Scripted\r\n${lines.join('')}\r\n`)
}

/** A whole answer with a length. */
export function body(bytes: string | Uint8Array, options: ReplyOptions = {}): readonly Step[] {
  const length = options.claimedLength ?? Buffer.byteLength(bytes)
  return [head(options.status ?? 200, { ...options.headers, 'content-length': String(length) }), send(bytes)]
}

export function json(value: unknown, options: ReplyOptions = {}): readonly Step[] {
  return body(JSON.stringify(value), {
    ...options,
    headers: { 'content-type': 'application/json', ...options.headers },
  })
}

export function gzippedJson(value: unknown): readonly Step[] {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  return body(gzipSync(JSON.stringify(value)), { headers })
}

export function redirect(location: string, status = 307): readonly Step[] {
  return body('moved', { status, headers: { location } })
}

/** An error in the provider's shape. */
export function providerError(
  status: number,
  type: string,
  message: string,
  headers: HeaderList = {},
): readonly Step[] {
  return json({ type: 'error', error: { type, message }, request_id: 'req_scripted' }, { status, headers })
}

export const eventStreamHead = (headers: HeaderList = {}): Step =>
  head(200, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked', ...headers })

/** One HTTP chunk. */
export function chunk(bytes: string | Uint8Array): Step {
  const data = Buffer.from(bytes)
  return send(Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]))
}

export const lastChunk: Step = send('0\r\n\r\n')

/** An event stream, one packet an event, with a pause between two where one is asked for. */
export function eventStream(
  events: readonly string[],
  options: { headers?: HeaderList; everyMs?: number } = {},
): readonly Step[] {
  const pause = options.everyMs === undefined ? [] : [wait(options.everyMs)]
  return [eventStreamHead(options.headers), ...events.flatMap((event) => [...pause, chunk(event)]), lastChunk]
}
