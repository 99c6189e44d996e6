import { anthropicMessages } from '../wire/anthropic-messages/anthropic-messages.ts'
import type { Provider, ProviderOptions, ProviderRoute } from './provider.ts'
import { providerUrl } from './provider-url.ts'

const routes: readonly ProviderRoute[] = [
  { method: 'POST', path: /^\/v1\/messages$/, kind: 'messages', wire: anthropicMessages },
  { method: 'POST', path: /^\/v1\/messages\/count_tokens$/, kind: 'count_tokens', wire: anthropicMessages },
  { method: 'GET', path: /^\/v1\/models$/, kind: 'models', wire: anthropicMessages },
  { method: 'GET', path: /^\/v1\/models\/[^/]+$/, kind: 'models', wire: anthropicMessages },
  // Claude Code asks this without a credential to see whether anybody is there.
  { method: 'HEAD', path: /^\/api\/hello$/, kind: null, wire: anthropicMessages },
]

/**
 * The Anthropic API, or a gateway that speaks it. A path of the base URL is kept; one that ends in `/v1` is tolerated,
 * since other tools want it so. Throws a Fault when the URL cannot be used.
 */
export function anthropicProvider(settings: ProviderOptions): Provider {
  const url = providerUrl(settings)
  const basePath = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
  return {
    name: settings.name,
    type: 'anthropic',
    wire: anthropicMessages,
    routes,
    origin: url.origin,
    upstreamPath: (path) => basePath + path,
    keys: settings.keys,
    // Claude Code with a key and a subscription uses the key.
    ownCredentialHeaders: ['x-api-key', 'authorization'],
    authorization: (secret) => ['x-api-key', secret.reveal()],
  }
}
