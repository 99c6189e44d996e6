import { chmodSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Fault, type FaultCode, type Log, toError } from '@reeve/base'

/** One question that processes of the workspace may ask: its query and its body, as somebody wrote them. */
export type LocalRoute = (
  query: URLSearchParams,
  body: unknown,
  signal: AbortSignal,
) => Promise<object | null> | object | null

const bodyBytesMax = 256 * 1024

/**
 * What processes of the workspace ask of the agent: HTTP over a socket that only its user can open. The commands of the
 * workspace are its clients; what they learn here they could not get without the agent's token, which stays with it.
 */
export async function serveLocally(
  path: string,
  { routes, log }: { readonly routes: Readonly<Record<string, LocalRoute>>; readonly log: Log },
): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    answer(routes, request, response).catch((thrown: unknown) => {
      const fault = thrown instanceof Fault ? thrown : new Fault('internal', 'the agent failed', { cause: thrown })
      if (fault.code === 'internal') log.error({ error: toError(thrown).message }, 'a local request failed')
      write(response, statuses[fault.code] ?? 500, { code: fault.code, message: fault.message, detail: fault.fix })
    })
  })
  server.maxConnections = 128
  server.listen(path)
  await once(server, 'listening')
  chmodSync(path, 0o600)
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  routes: Readonly<Record<string, LocalRoute>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://agent')
  const name = `${request.method} ${pathname}`
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined
  if (route === undefined) throw new Fault('not_found', `there is no ${name.slice(0, 100)}`)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const result = await route(searchParams, await readBody(request), gone.signal)
  write(response, result === null ? 204 : 200, result)
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request) {
    // SAFETY: without an encoding the pieces of a request are buffers.
    const chunk = piece as Buffer
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new Fault('too_large', 'this is too much')
    pieces.push(chunk)
  }
  if (bytes === 0) return null
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'))
  } catch {
    throw new Fault('invalid', 'this is not JSON')
  }
}

function write(response: ServerResponse, status: number, body: object | null): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(body === null ? undefined : JSON.stringify(body))
}

const statuses: Partial<Record<FaultCode, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  limited: 429,
  upstream: 502,
  unavailable: 503,
}
