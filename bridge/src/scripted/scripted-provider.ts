import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { countTokens, scriptedAnswer } from './script.ts'
import { streamEvents, wholeMessage } from './wire.ts'

/**
 * The scripted provider: a real HTTP server on loopback that speaks Anthropic Messages, so that Reeve can be tried and
 * tested without a key or a network. The bridge reaches it like any other provider.
 */
export interface ScriptedProvider extends AsyncDisposable {
  /** Base URL, without a slash at the end. */
  readonly url: string
}

/** The models that it lists. Any other name is answered too, under that name. */
export const scriptedModels = ['scripted-1', 'scripted-1-small'] as const

const bodyBytesMax = 64 * 1024 * 1024

/** @param options.port 0, the default, takes a free one */
export async function startScriptedProvider(options: { readonly port?: number } = {}): Promise<ScriptedProvider> {
  const server = createServer((req, res) => {
    answer(req, res).catch(() => res.destroy())
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = new URL(req.url ?? '/', 'http://scripted').pathname
  if (req.method === 'HEAD' && path === '/api/hello') return void res.writeHead(200).end()
  if (req.method === 'GET' && path === '/v1/models') return send(res, 200, modelPage())
  if (req.method === 'GET' && path.startsWith('/v1/models/')) return sendModel(res, path.slice('/v1/models/'.length))
  if (req.method === 'POST' && (path === '/v1/messages' || path === '/v1/messages/count_tokens')) {
    const bytes = await readBody(req)
    if (bytes === null) return refuse(res, 413, 'request_too_large', 'the body is too large')
    const body = parseObject(bytes)
    if (body === null) return refuse(res, 400, 'invalid_request_error', 'the body is not a JSON object')
    if (typeof body['model'] !== 'string')
      return refuse(res, 400, 'invalid_request_error', 'model: a string is required')
    if (!Array.isArray(body['messages']))
      return refuse(res, 400, 'invalid_request_error', 'messages: a list is required')
    if (path.endsWith('count_tokens')) return send(res, 200, { input_tokens: countTokens(bytes.length) })
    return sendMessage(res, body, bytes)
  }
  refuse(res, 404, 'not_found_error', 'the scripted provider has no such path')
}

async function sendMessage(res: ServerResponse, body: Readonly<Record<string, unknown>>, bytes: Buffer): Promise<void> {
  const scripted = scriptedAnswer(body, bytes)
  const requestId = `req_${scripted.id.slice('msg_'.length)}`
  if (body['stream'] !== true) return send(res, 200, wholeMessage(scripted), requestId)
  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'request-id': requestId,
  })
  for (const event of streamEvents(scripted)) {
    if (res.destroyed) return
    if (!res.write(event)) await Promise.race([once(res, 'drain'), once(res, 'close')])
  }
  res.end()
}

function modelPage(): object {
  const data = scriptedModels.map(presentModel)
  return { data, has_more: false, first_id: data[0]?.id, last_id: data.at(-1)?.id }
}

function sendModel(res: ServerResponse, id: string): void {
  const model = scriptedModels.find((name) => name === id)
  if (model === undefined) return refuse(res, 404, 'not_found_error', 'model: no such model')
  send(res, 200, presentModel(model))
}

function presentModel(id: string): { type: string; id: string; display_name: string; created_at: string } {
  return {
    type: 'model',
    id,
    display_name: `${id} (a script built into Reeve, not a model)`,
    created_at: '2026-11-01T00:00:00Z',
  }
}

async function readBody(req: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    size += chunk.length
    if (size > bodyBytesMax) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

function refuse(res: ServerResponse, status: number, type: string, message: string): void {
  send(res, status, { type: 'error', error: { type, message } })
}

function send(res: ServerResponse, status: number, body: object, requestId = 'req_scripted'): void {
  const bytes = Buffer.from(JSON.stringify(body))
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, 'request-id': requestId })
  res.end(bytes)
}
