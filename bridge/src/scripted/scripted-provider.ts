import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { anthropicSpeaker } from './anthropic.ts'
import { geminiSpeaker } from './gemini.ts'
import { openaiSpeaker } from './openai.ts'
import type { Reply, Speaker } from './speaker.ts'
import { isObject, type Json } from './tools.ts'

/**
 * The scripted provider: a real HTTP server on loopback that speaks the APIs of three makers, so that Reeve can be tried
 * and tested without a key or a network. The bridge reaches it like any other provider.
 */
export interface ScriptedProvider extends AsyncDisposable {
  /** Base URL as a client of Anthropic's API would have it, without a slash at the end. */
  readonly url: string
  /** As a client of OpenAI's API would have it, with the version. */
  readonly openaiUrl: string
  readonly geminiUrl: string
}

/** The models that it lists. Any other name is answered too, under that name. */
export const scriptedModels = ['scripted-1', 'scripted-1-small'] as const

const bodyBytesMax = 64 * 1024 * 1024
/** The one without a prefix comes last. */
const speakers: readonly Speaker[] = [openaiSpeaker, geminiSpeaker, anthropicSpeaker]

/** @param options.port 0, the default, takes a free one */
export async function startScriptedProvider(options: { readonly port?: number } = {}): Promise<ScriptedProvider> {
  const server = createServer((req, res) => {
    answer(req, res).catch(() => res.destroy())
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  const url = `http://127.0.0.1:${address.port}`
  return {
    url,
    openaiUrl: `${url}${openaiSpeaker.prefix}/v1/`,
    geminiUrl: `${url}${geminiSpeaker.prefix}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://scripted')
  if (req.method === 'HEAD' && pathname === '/api/hello') return void res.writeHead(200).end()
  const speaker = speakers.find(({ prefix }) => prefix === '' || pathname.startsWith(`${prefix}/`)) ?? anthropicSpeaker
  const path = pathname.slice(speaker.prefix.length)
  const refuse = (status: number, message: string): void => send(res, status, speaker.error(status, message))

  const listed = req.method === 'GET' ? speaker.modelsPath.exec(path) : null
  if (listed !== null) {
    const [, id] = listed
    if (id === undefined) return send(res, 200, speaker.models(scriptedModels))
    const known = scriptedModels.some((name) => name === id)
    return known ? send(res, 200, speaker.model(id)) : refuse(404, 'model: no such model')
  }
  const posted = req.method === 'POST' ? speaker.post(path, searchParams) : null
  if (posted === null) return refuse(404, 'the scripted provider has no such path')
  const bytes = await readBody(req)
  if (bytes === null) return refuse(413, 'the body is too large')
  const body = parseObject(bytes)
  if (body === null) return refuse(400, 'the body is not a JSON object')
  const reply = posted(body, bytes)
  if (typeof reply === 'string') return refuse(400, reply)
  return 'json' in reply ? send(res, 200, reply.json, reply.id) : stream(res, reply)
}

async function stream(res: ServerResponse, reply: Extract<Reply, { events: unknown }>): Promise<void> {
  res.writeHead(200, {
    'content-type': reply.contentType ?? 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    ...requestIds(reply.id),
  })
  for (const event of reply.events) {
    if (res.destroyed) return
    if (!res.write(event)) await Promise.race([once(res, 'drain'), once(res, 'close')])
  }
  res.end()
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

function parseObject(bytes: Buffer): Json | null {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function send(res: ServerResponse, status: number, body: object, id?: string): void {
  const bytes = Buffer.from(JSON.stringify(body))
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...requestIds(id) })
  res.end(bytes)
}

/** Under the names that Anthropic and OpenAI have for it. */
function requestIds(id?: string): Readonly<Record<string, string>> {
  const value = id === undefined ? 'req_scripted' : `req_scripted_${id}`
  return { 'request-id': value, 'x-request-id': value }
}
