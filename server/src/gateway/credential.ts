/**
 * Finds our credential in a request to a provider. Clients put it wherever their provider's key would be, so it is
 * looked for in each of those places; one that is in several places must be the same in all of them, because nothing
 * says which one was meant. In a header of its own it leaves the others to the user's own credential at the provider.
 */
export type Credential =
  | {
      readonly kind: 'token'
      readonly token: string
      /** Whether it came in a header of its own. */
      readonly apart: boolean
    }
  | { readonly kind: 'missing' | 'ambiguous' | 'in_query'; readonly message: string }

/** The second is for clients that were set up for another gateway. */
const ownNames = ['x-reeve-token', 'x-coder-ai-governance-token']
const places: ReadonlyMap<string, 'own' | 'shared' | 'session'> = new Map([
  ...ownNames.map((name) => [name, 'own'] as const),
  ...['x-api-key', 'authorization', 'x-goog-api-key', 'api-key'].map((name) => [name, 'shared'] as const),
  ...['reeve-session-token', 'coder-session-token'].map((name) => [name, 'session'] as const),
])
const queryNames = /^(?:key|api[-_]?key|x[-_]api[-_]key|token|access[-_]token|auth[-_]token|authorization)$/i

export function findCredential(rawHeaders: readonly string[], query: string): Credential {
  if (hasCredential(query)) {
    return {
      kind: 'in_query',
      message:
        'a credential was sent in the URL, where proxies and logs keep it: revoke it, and send a token in the x-api-key header',
    }
  }
  const shared = new Map<string, string>()
  const apart = new Map<string, string>()
  const seen = new Set<string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    const place = places.get(name)
    if (place === undefined) continue
    if (seen.has(name)) return { kind: 'ambiguous', message: `the ${name} header was sent twice` }
    seen.add(name)
    const token = tokenOf(name, rawHeaders[i + 1]!.trim())
    // An empty one is a variable that was not set: what stands in the others is not meant for us.
    if (place === 'own' && token === '') return { kind: 'missing', message: `the ${name} header is empty` }
    if (place !== 'shared') apart.set(name, token)
    if (place !== 'own') shared.set(name, token)
  }
  const isApart = ownNames.some((name) => apart.has(name))
  const found = [...(isApart ? apart : shared)].filter(([, token]) => token !== '')
  const tokens = new Set(found.map(([, token]) => token))
  if (tokens.size > 1) {
    const names = found.map(([name]) => name).join(' and ')
    return { kind: 'ambiguous', message: `different tokens were sent in ${names}: send one` }
  }
  const [token] = tokens
  if (token !== undefined) return { kind: 'token', token, apart: isApart }
  return { kind: 'missing', message: 'no token was sent: put a Reeve token into x-api-key or Authorization: Bearer' }
}

/** A scheme other than Bearer stays in the value, which then is no token of ours. */
function tokenOf(name: string, value: string): string {
  return name === 'authorization' ? value.replace(/^bearer(?:\s+|$)/i, '') : value
}

function hasCredential(query: string): boolean {
  if (query === '') return false
  for (const [name, value] of new URLSearchParams(query)) {
    if (queryNames.test(name) || value.startsWith('rv_')) return true
  }
  return false
}
