/**
 * Finds our credential in a request to a provider. Clients put it wherever their provider's key would be, so it is
 * looked for in each of those places; one that is in several places must be the same in all of them, because nothing
 * says which one was meant.
 */
export type Credential =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'missing' | 'ambiguous' | 'in_query'; readonly message: string }

const headerNames = [
  'x-api-key',
  'authorization',
  'x-goog-api-key',
  'api-key',
  'reeve-session-token',
  'coder-session-token',
]
const queryNames = /^(?:key|api[-_]?key|x[-_]api[-_]key|token|access[-_]token|auth[-_]token|authorization)$/i

export function findCredential(rawHeaders: readonly string[], query: string): Credential {
  if (hasCredential(query)) {
    return {
      kind: 'in_query',
      message:
        'a credential was sent in the URL, where proxies and logs keep it: revoke it, and send a token in the x-api-key header',
    }
  }
  const tokens = new Set<string>()
  const seen = new Set<string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (!headerNames.includes(name)) continue
    if (seen.has(name)) return { kind: 'ambiguous', message: `the ${name} header was sent twice` }
    seen.add(name)
    const token = tokenOf(name, rawHeaders[i + 1]!.trim())
    if (token !== '') tokens.add(token)
  }
  if (tokens.size > 1) {
    return { kind: 'ambiguous', message: `different tokens were sent in ${[...seen].join(' and ')}: send one` }
  }
  const [token] = tokens
  return token === undefined
    ? { kind: 'missing', message: 'no token was sent: put a Reeve token into x-api-key or Authorization: Bearer' }
    : { kind: 'token', token }
}

/** A scheme other than Bearer stays in the value, which then is no token of ours. */
function tokenOf(name: string, value: string): string {
  return name === 'authorization' ? value.replace(/^bearer(?:\s+|$)/i, '') : value
}

function hasCredential(query: string): boolean {
  for (const [name, value] of new URLSearchParams(query)) {
    if (queryNames.test(name) || value.startsWith('rv_')) return true
  }
  return false
}
