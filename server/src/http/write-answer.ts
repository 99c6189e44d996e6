import type { ServerResponse } from 'node:http'
import { once } from 'node:events'
import { endAnswer } from '@reeve/base'
import type { Endpoint } from '@reeve/sdk'
import { errorBody, type Refusal } from './faults.ts'
import type { Answer } from './implement.ts'

/** Puts answers on the wire. Security headers are already set on the response. */

export function writeRefusal(res: ServerResponse, { status, fault, headers = {} }: Refusal, requestId: string): void {
  endAnswer(res.req, res, writeJsonHead(res, status, errorBody(fault, requestId), headers))
}

/** Gives back the bytes that the head promises. */
function writeJsonHead(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Buffer {
  const bytes = Buffer.from(JSON.stringify(body))
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    ...headers,
  })
  return bytes
}

export interface StreamOptions {
  readonly signal: AbortSignal
  /** Asked every `checkMs`: a stream outlives many requests and must not outlive its credential. */
  readonly isStillAllowed: () => Promise<boolean>
  readonly checkMs: number
  readonly heartbeatMs: number
}

/**
 * Writes what the contract declares and nothing else: results pass through the endpoint's schema, which drops every
 * field that it does not name, so that no column gets out because somebody added it to a row.
 */
export async function writeAnswer(
  res: ServerResponse,
  endpoint: Endpoint,
  answer: Exclude<Answer, { kind: 'events' | 'redirect' }>,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  if (answer.kind === 'json') {
    const result = endpoint.result.parse(answer.result)
    if (endpoint.status === 204) res.writeHead(204, { 'Cache-Control': 'no-store', ...headers }).end()
    else res.end(writeJsonHead(res, answer.isRepeated === true ? 200 : endpoint.status, result, headers))
    return
  }
  const { bytes, contentType, fileName } = answer.file
  const head = {
    'Content-Type': contentType,
    'Cache-Control': 'no-store',
    ...(fileName === null ? {} : { 'Content-Disposition': `attachment; filename="${safeFileName(fileName)}"` }),
    ...headers,
  }
  if (bytes instanceof Uint8Array) {
    res.writeHead(endpoint.status, { ...head, 'Content-Length': bytes.length }).end(bytes)
    return
  }
  // The first piece comes before the head, so that what cannot be begun is still refused in words.
  const pieces = bytes[Symbol.asyncIterator]()
  try {
    let piece = await pieces.next()
    res.writeHead(endpoint.status, head)
    while (piece.done !== true && !res.destroyed) {
      if (!res.write(piece.value)) await drained(res)
      piece = await pieces.next()
    }
    res.end()
  } finally {
    await pieces.return?.()
  }
}

/** Or nobody reads any longer. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done)
      res.off('close', done)
      resolve()
    }
    res.on('drain', done)
    res.on('close', done)
  })
}

/** Each cookie is a header line of its own. */
export function writeRedirect(res: ServerResponse, endpoint: Endpoint, location: string, cookies: string[]): void {
  const headers = cookies.length === 0 ? {} : { 'Set-Cookie': cookies }
  res.writeHead(endpoint.status, { Location: location, 'Cache-Control': 'no-store', 'Content-Length': 0, ...headers })
  res.end()
}

/** Ends when the events do, when the client goes away, or when the credential no longer holds. */
export async function writeEvents(
  res: ServerResponse,
  endpoint: Endpoint,
  events: AsyncIterable<unknown>,
  { signal, isStillAllowed, checkMs, heartbeatMs }: StreamOptions,
): Promise<void> {
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  })
  res.write(': open\n\n')
  const iterator = events[Symbol.asyncIterator]()
  const gone = new Promise<'gone'>((resolve) => signal.addEventListener('abort', () => resolve('gone'), { once: true }))
  let beat: NodeJS.Timeout | undefined
  const nextBeat = () =>
    new Promise<'beat'>((resolve) => {
      beat = setTimeout(resolve, checkMs, 'beat')
    })
  try {
    let pending = iterator.next()
    let heartbeat = nextBeat()
    let silentMs = 0
    while (!signal.aborted) {
      const happened = await Promise.race([pending, heartbeat, gone])
      if (happened === 'gone') break
      if (happened === 'beat') {
        // Nobody knows at the moment: whoever was let in stays, and the next second asks again.
        if (!(await isStillAllowed().catch(() => true))) break
        silentMs += checkMs
        if (silentMs >= heartbeatMs) {
          res.write(': still here\n\n')
          silentMs = 0
        }
        heartbeat = nextBeat()
        continue
      }
      if (happened.done === true) break
      const data = JSON.stringify(endpoint.result.parse(happened.value))
      if (!res.write(`data: ${data}\n\n`)) await once(res, 'drain', { signal })
      pending = iterator.next()
    }
  } finally {
    clearTimeout(beat)
    // Not awaited: a generator that waits for its next event only ends when its own signal tells it to.
    void iterator.return?.()
    res.end()
  }
}

const safeFileName = (name: string): string => name.replaceAll(/[^a-zA-Z0-9._-]/g, '_').slice(0, 128)
