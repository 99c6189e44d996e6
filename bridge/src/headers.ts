import type { HeaderValues } from './clients.ts'

/** What is known of a header name. */
interface KnownName {
  readonly lower: string
  readonly dropped: boolean
}

/** So many spellings of names are remembered; clients invent them, so there must be a bound. */
const namesMax = 4096

/**
 * Knows which names to drop, from a list of names in lower case; one that ends with `*` stands for all that begin like
 * it. The same few names come with every request, so what was found out about them is kept.
 */
function nameTable(...listed: readonly string[]): (name: string) => KnownName {
  const exact = new Set(listed.filter((name) => !name.endsWith('*')))
  const beginnings = listed.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  const known = new Map<string, KnownName>()
  return (name) => {
    const found = known.get(name)
    if (found !== undefined) return found
    const lower = name.toLowerCase()
    const dropped = exact.has(lower) || beginnings.some((beginning) => lower.startsWith(beginning))
    if (known.size === namesMax) known.clear()
    known.set(name, { lower, dropped })
    return { lower, dropped }
  }
}

const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]

const ours = ['coder-*', 'x-coder-*', 'reeve-*', 'x-reeve-*', 'x-ai-bridge-actor*']

const toProvider = nameTable(
  ...hopByHop,
  ...ours,
  // What the connection to the provider decides for itself.
  'host',
  'content-length',
  'content-encoding',
  'accept-encoding',
  'expect',
  // Credentials: the client's are for us, and the provider gets its own.
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-amz-*',
  'cookie',
  'cookie2',
  // Where the client sits is nobody's business.
  'forwarded',
  'via',
  'x-forwarded-*',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
  'x-envoy-*',
  // Traces of the organization, and what goes with them, are its own; where a setting says so, ours is added.
  'traceparent',
  'tracestate',
  'baggage',
  // Who somebody is, is ours to say.
  'remote-user',
  'x-remote-user',
  'x-user-id',
  'x-user-name',
  'x-user-email',
  'x-auth-request-*',
  'x-authenticated-*',
)

const toClient = nameTable(
  ...hopByHop,
  ...ours,
  // The relay decides about it.
  'content-length',
  // Whatever would make a browser do something on the origin that Reeve's own pages come from.
  'set-cookie',
  'set-cookie2',
  'alt-svc',
  'content-security-policy*',
  'strict-transport-security',
  'public-key-pins*',
  'access-control-*',
  'cross-origin-*',
  'origin-agent-cluster',
  'service-worker-allowed',
  'permissions-policy',
  'referrer-policy',
  'x-frame-options',
  'x-content-type-options',
  'x-xss-protection',
  'clear-site-data',
  'report-to',
  'reporting-endpoints',
  'nel',
  'expect-ct',
  'refresh',
  'link',
  'sourcemap',
  'www-authenticate',
)

/**
 * The headers for the provider: the client's, in their order and case, without what is only between us and the client,
 * and then what is added: the provider's credential, and who asks. A header that carries our token under any name is left
 * out, and so are those that are named in `leftOut`, in lower case.
 */
export function upstreamHeaders(
  rawHeaders: readonly string[],
  token: string,
  added: readonly string[],
  leftOut: readonly string[] = [],
): string[] {
  const named = namedByConnection(rawHeaders)
  const kept: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    const value = rawHeaders[i + 1]!
    const { lower, dropped } = toProvider(name)
    if (dropped || leftOut.includes(lower) || named?.includes(lower) || (token !== '' && value.includes(token)))
      continue
    kept.push(name, value)
  }
  kept.push('accept-encoding', 'identity', ...added)
  return kept
}

/** The provider's answer headers as far as the client gets them, and what the relay needs to know of them. */
export interface AnswerHeaders {
  readonly headers: string[]
  readonly contentType: string | null
  readonly requestId: string | null
  readonly contentLength: string | null
  readonly compressed: boolean
  /** Whether the end of the connection is all that tells the end of the body. */
  readonly endsWithConnection: boolean
}

/** Reads the headers that undici gives: names in lower case, one value or several of each. */
export function answerHeaders(given: HeaderValues, mask: (text: string) => string): AnswerHeaders {
  const first = (name: string): string | null => [given[name]].flat()[0] ?? null
  const connection = [given['connection']].flat().join(',').toLowerCase()
  const headers: string[] = []
  for (const name of Object.keys(given)) {
    if (toClient(name).dropped || (connection.includes(name) && connection.split(/[\s,]+/).includes(name))) continue
    const values = given[name]
    if (typeof values === 'string') headers.push(name, mask(values))
    else for (const value of values ?? []) headers.push(name, mask(value))
  }
  const contentLength = first('content-length')
  return {
    headers,
    contentType: first('content-type'),
    requestId: first('request-id') ?? first('x-request-id') ?? first('x-amzn-requestid'),
    contentLength,
    compressed: (first('content-encoding')?.trim().toLowerCase() ?? 'identity') !== 'identity',
    endsWithConnection: contentLength === null && first('transfer-encoding') === null,
  }
}

/** Names that a Connection header makes hop-by-hop; null when there is none. */
function namedByConnection(rawHeaders: readonly string[]): readonly string[] | null {
  let named: string[] | null = null
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (toProvider(rawHeaders[i]!).lower !== 'connection') continue
    for (const name of rawHeaders[i + 1]!.split(',')) (named ??= []).push(name.trim().toLowerCase())
  }
  return named
}
