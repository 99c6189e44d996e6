import { once } from 'node:events'
import { request } from 'node:http'

export interface CallOptions {
  readonly token?: string
  readonly body?: unknown
  /** Each pair is one header line, so that a test can send one twice. */
  readonly headers?: readonly (readonly [string, string])[]
  /** Where the request seems to come from. */
  readonly from?: string
}

export interface TestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // SAFETY of the loose type: a test reads what the contract promises and fails where it is absent.
  // oxlint-disable-next-line no-explicit-any
  readonly json: any
}

/** One request on a connection of its own, its header lines exactly as given. */
export async function ask(url: string, method: string, path: string, options: CallOptions = {}): Promise<TestAnswer> {
  const { token, body, headers = [], from } = options
  const lines = headers.map(([name, value]): [string, string] => [name, value])
  if (token !== undefined) lines.push(['Reeve-Session-Token', token])
  if (from !== undefined) lines.push(['X-Forwarded-For', from])
  const bytes = body === undefined ? null : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  if (bytes !== null) {
    if (!lines.some(([name]) => /^content-type$/i.test(name))) lines.push(['Content-Type', 'application/json'])
    lines.push(['Content-Length', String(bytes.length)])
  }
  const { host, hostname, port } = new URL(url)
  const req = request({
    hostname,
    port,
    path,
    method,
    agent: false,
    headers: ['Host', host, ...lines.flat()],
    setHost: false,
  })
  req.end(bytes ?? undefined)
  const [res] = await once(req, 'response')
  const text = Buffer.concat(await Array.fromAsync<Buffer>(res)).toString()
  const isJson = text !== '' && /json/.test(res.headers['content-type'] ?? '')
  return { status: res.statusCode, headers: res.headers, json: isJson ? JSON.parse(text) : text }
}
