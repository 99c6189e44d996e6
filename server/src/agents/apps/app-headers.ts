import type { IncomingMessage } from 'node:http'

/** What passes between a browser and an app: all but what is of this connection, and what is ours. */

const ofConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
])
const ours = new Set(['reeve-session-token', 'coder-session-token'])
/** Who asks is told by us, and nobody else. */
const told = new Set(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'])

/** Our cookies, with and without the prefix; an app neither sees nor sets them. */
const isOurCookie = (name: string): boolean => /^(?:__Host-|__Secure-)?reeve_/i.test(name.trim())
const isOurToken = (value: string): boolean => /^\s*bearer\s+rv_/i.test(value)

export interface Passing {
  readonly sourceIp: string | null
  readonly scheme: string
  readonly upgrade: boolean
}

/** Names and values, one after the other, as they go to the app. */
export function toApp(req: IncomingMessage, { sourceIp, scheme, upgrade }: Passing): string[] {
  const listed = listedIn(req.headers.connection)
  const headers = pairs(req.rawHeaders).flatMap(([name, value]) => {
    const key = name.toLowerCase()
    if (ofConnection.has(key) || listed.has(key) || ours.has(key) || told.has(key)) return []
    if (key === 'authorization' && isOurToken(value)) return []
    if (key !== 'cookie') return [name, value]
    const theirs = value.split(';').filter((cookie) => !isOurCookie(cookie.split('=')[0] ?? ''))
    return theirs.length === 0 ? [] : [name, theirs.join(';').trim()]
  })
  if (upgrade) headers.push('Connection', 'Upgrade', 'Upgrade', req.headers.upgrade ?? 'websocket')
  else headers.push('Connection', 'close')
  if (sourceIp !== null) headers.push('X-Forwarded-For', sourceIp)
  headers.push('X-Forwarded-Host', req.headers.host ?? '', 'X-Forwarded-Proto', scheme)
  return headers
}

/**
 * For the browser. An app speaks for its own host, and for nothing beside or above it. One that is mounted knows nothing
 * of the prefix before the paths that it names in cookies: all of the host is its own, so that they are for all of it.
 */
export function fromApp(
  raw: readonly string[],
  { upgrade, mounted }: Pick<Passing, 'upgrade'> & { readonly mounted: boolean },
): string[] {
  const given = pairs(raw)
  const listed = listedIn(given.find(([name]) => name.toLowerCase() === 'connection')?.[1])
  const headers = given.flatMap(([name, value]) => {
    const key = name.toLowerCase()
    // It would take cookies of the whole domain away, and ours are there.
    if (ofConnection.has(key) || listed.has(key) || key === 'clear-site-data') return []
    if (key !== 'set-cookie') return [name, value]
    const [first = '', ...attributes] = value.split(';')
    if (isOurCookie(first.split('=')[0] ?? '')) return []
    const kept = attributes.filter((each) => !(mounted ? /^\s*(?:domain|path)\s*=/i : /^\s*domain\s*=/i).test(each))
    return [name, [first, ...kept, ...(mounted ? [' Path=/'] : [])].join(';')]
  })
  return upgrade ? [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'] : headers
}

const listedIn = (connection: string | undefined): ReadonlySet<string> =>
  new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()))

function pairs(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = []
  for (let at = 0; at + 1 < raw.length; at += 2) found.push([raw[at]!, raw[at + 1]!])
  return found
}

/**
 * Whether a page of another origin made this request: the apps of one deployment are of one site, and a browser sends the
 * cookie of each along for any of them. To go there, in a window of its own, is everybody's to ask.
 */
export function isForeign({ headers, method }: IncomingMessage, origin: string): boolean {
  const site = headers['sec-fetch-site']
  if (headers.origin !== undefined && headers.origin !== origin) return true
  if (site === undefined || site === 'same-origin' || site === 'none') return false
  const isVisit = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  return !(isVisit && (method === 'GET' || method === 'HEAD'))
}
