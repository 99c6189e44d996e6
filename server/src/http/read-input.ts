import type { IncomingMessage } from 'node:http'
import { Fault, type Problem } from '@reeve/base'
import type { Endpoint, Schema, Upload, Uploaded } from '@reeve/sdk'
import { ZodError } from 'zod'
import { type Refusal, refusal } from './faults.ts'
import type { RouteInput } from './implement.ts'

/** The edge at which a request becomes typed input. Past it nothing is checked again. */

export const bodyBytesMax = 1024 * 1024

/** Throws one `Fault('invalid')` with every problem of parameters, query and body. */
export function parseInput(endpoint: Endpoint, raw: RouteInput<unknown, URLSearchParams, unknown>): RouteInput {
  const problems: Problem[] = []
  const query: Record<string, string> = {}
  for (const [name, value] of raw.query) {
    if (name in query) problems.push({ field: name, detail: 'is given more than once' })
    Object.defineProperty(query, name, { value, enumerable: true, configurable: true })
  }
  const read = (schema: Schema<unknown>, value: unknown, slot: string): unknown => {
    const bad = unstorable(value)
    if (bad) problems.push({ field: slot, detail: 'holds a NUL character or half of a surrogate pair' })
    try {
      return schema.parse(value)
    } catch (thrown) {
      if (!(thrown instanceof ZodError)) throw thrown
      for (const issue of thrown.issues) {
        // A field that nobody reads may be a mistyped one, or an attempt to set what is not the caller's to set.
        const unknown = issue.code === 'unrecognized_keys' ? issue.keys : []
        const path = issue.path.map(String)
        for (const key of unknown)
          problems.push({ field: [...path, sayable(key)].join('.'), detail: 'is not a known field' })
        if (unknown.length === 0) problems.push({ field: path.join('.') || slot, detail: issue.message })
      }
      return undefined
    }
  }
  const input = {
    params: read(endpoint.params, raw.params, 'path'),
    query: read(endpoint.query, query, 'query'),
    body:
      endpoint.body === null ? undefined : endpoint.upload === null ? read(endpoint.body, raw.body, 'body') : raw.body,
  }
  if (problems.length > 0) throw new Fault('invalid', 'the request has problems', { problems })
  return input
}

/** A name that nobody gives to a field may be a password in the wrong place: it is not said again. */
const sayable = (key: string): string => (/^[a-z]{1,20}(_[a-z]{1,20}){0,4}$/i.test(key) ? key : '(not a field name)')

/** Reads a JSON body. An absent one is `undefined`; whether that will do is for the schema to say. */
export async function readJsonBody(req: IncomingMessage, deadline: AbortSignal): Promise<{ body: unknown } | Refusal> {
  const declared = Number(req.headers['content-length'] ?? 0)
  if (declared === 0 && req.headers['transfer-encoding'] === undefined) return { body: undefined }
  const bytes = declared > bodyBytesMax ? tooLarge(bodyBytesMax) : await readBytes(req, deadline, bodyBytesMax)
  if (!Buffer.isBuffer(bytes)) return bytes
  if (bytes.length === 0) return { body: undefined }
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(req.headers['content-type'] ?? '')) {
    return refusal(415, new Fault('invalid', 'the body must be JSON', { fix: 'send Content-Type: application/json' }))
  }
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
    return refusal(415, new Fault('invalid', 'the body must not be compressed'))
  }
  try {
    return { body: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return refusal(400, new Fault('invalid', 'the body is not valid JSON in UTF-8'))
  }
}

/** Reads a body that is taken as it comes. */
export async function readUpload(
  req: IncomingMessage,
  { types, bytesMax }: Upload,
  deadline: AbortSignal,
): Promise<{ body: Uploaded } | Refusal> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (!types.includes(type)) {
    const fix = `send Content-Type: ${types.join(' or ')}`
    return refusal(415, new Fault('invalid', `this takes ${types.join(' or ')}`, { fix }), close)
  }
  const declared = Number(req.headers['content-length'] ?? 0)
  const bytes = declared > bytesMax ? tooLarge(bytesMax) : await readBytes(req, deadline, bytesMax)
  return Buffer.isBuffer(bytes) ? { body: { type, bytes } } : bytes
}

function readBytes(req: IncomingMessage, deadline: AbortSignal, most: number): Promise<Buffer | Refusal> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const finish = (answer: Buffer | Refusal) => {
      req.off('data', onData)
      deadline.removeEventListener('abort', onLate)
      resolve(answer)
    }
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > most) finish(tooLarge(most))
      else chunks.push(chunk)
    }
    const onLate = () => finish(refusal(408, new Fault('timeout', 'the body took too long to arrive'), close))
    deadline.addEventListener('abort', onLate)
    req.on('data', onData)
    req.once('end', () => finish(Buffer.concat(chunks)))
    req.once('error', reject)
    req.once('close', () => reject(new Error('the client went away')))
  })
}

/** The rest of a body that nobody will read must not hold the connection. */
const close = { Connection: 'close' }

const tooLarge = (most: number): Refusal =>
  refusal(413, new Fault('too_large', `the body is larger than ${most / 1024 / 1024} MiB`), close)

/** PostgreSQL stores neither in text. Walks without recursion: a body of brackets is deeper than any stack. */
function unstorable(value: unknown): boolean {
  const queue: unknown[] = [value]
  for (let next = queue.pop(); queue.length > 0 || next !== undefined; next = queue.pop()) {
    if (typeof next === 'string') {
      if (next.includes('\0') || !next.isWellFormed()) return true
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, inner] of Object.entries(next)) {
        queue.push(key)
        if (inner !== undefined) queue.push(inner)
      }
    }
  }
  return false
}
