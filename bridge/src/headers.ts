/** Header names in lower case; a name that ends with `*` stands for all that begin like it. */
interface NameSet {
  has(lowerCaseName: string): boolean
}

function names(...listed: readonly string[]): NameSet {
  const exact = new Set(listed.filter((name) => !name.endsWith('*')))
  const beginnings = listed.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  return { has: (name) => exact.has(name) || beginnings.some((beginning) => name.startsWith(beginning)) }
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

const keptFromProvider = names(
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
)

const keptFromClient = names(
  ...hopByHop,
  ...ours,
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
 * and then the provider's own credential. A header that carries our token under any name is left out.
 */
export function upstreamHeaders(rawHeaders: readonly string[], token: string, credential: readonly string[]): string[] {
  const named = namedByConnection(rawHeaders)
  const kept: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    const value = rawHeaders[i + 1]!
    const lower = name.toLowerCase()
    if (keptFromProvider.has(lower) || named.includes(lower) || (token !== '' && value.includes(token))) continue
    kept.push(name, value)
  }
  kept.push('accept-encoding', 'identity', ...credential)
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

// oxlint-disable-next-line no-control-regex -- everything but control characters may stand in a header
const writable = /^[\t\x20-\x7e\x80-\xff]*$/

export function answerHeaders(raw: unknown, mask: (text: string) => string): AnswerHeaders {
  const pairs = Array.isArray(raw)
    ? raw.map((part) => (Buffer.isBuffer(part) ? part.toString('latin1') : String(part)))
    : []
  const named = namedByConnection(pairs)
  const headers: string[] = []
  let contentType: string | null = null
  let requestId: string | null = null
  let contentLength: string | null = null
  let compressed = false
  let chunked = false
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = pairs[i]!
    const value = pairs[i + 1]!
    const lower = name.toLowerCase()
    if (lower === 'transfer-encoding') chunked = true
    if (keptFromClient.has(lower) || named.includes(lower) || !writable.test(value)) continue
    if (lower === 'content-length') contentLength = value
    else {
      if (lower === 'content-type') contentType = value
      else if (lower === 'request-id') requestId = value
      else if (lower === 'content-encoding') compressed = value.trim().toLowerCase() !== 'identity'
      headers.push(name, mask(value))
    }
  }
  return {
    headers,
    contentType,
    requestId,
    contentLength,
    compressed,
    endsWithConnection: !chunked && contentLength === null,
  }
}

/** Names that a Connection header makes hop-by-hop. */
function namedByConnection(rawHeaders: readonly string[]): readonly string[] {
  const named: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() !== 'connection') continue
    for (const name of rawHeaders[i + 1]!.split(',')) named.push(name.trim().toLowerCase())
  }
  return named
}
