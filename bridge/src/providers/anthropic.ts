import { Fault, type Secret } from '@reeve/base'
import { anthropicMessages } from '../wire/anthropic-messages/anthropic-messages.ts'
import type { Provider, ProviderRoute } from './provider.ts'

const routes: readonly ProviderRoute[] = [
  { method: 'POST', path: /^\/v1\/messages$/, kind: 'messages' },
  { method: 'POST', path: /^\/v1\/messages\/count_tokens$/, kind: 'count_tokens' },
  { method: 'GET', path: /^\/v1\/models$/, kind: 'models' },
  { method: 'GET', path: /^\/v1\/models\/[^/]+$/, kind: 'models' },
  // Claude Code asks this without a credential to see whether anybody is there.
  { method: 'HEAD', path: /^\/api\/hello$/, kind: null },
]

/**
 * The Anthropic API, or a gateway that speaks it. A path of the base URL is kept; one that ends in `/v1` is tolerated,
 * since other tools want it so. Throws a Fault when the URL cannot be used.
 */
export function anthropicProvider(settings: { name: string; baseUrl: string; key: Secret | null }): Provider {
  const url = URL.canParse(settings.baseUrl) ? new URL(settings.baseUrl) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new Fault(
      'invalid',
      `The base URL of the provider ${settings.name} must be http(s)://host[:port][/path] without credentials`,
    )
  }
  const basePath = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
  const { key } = settings
  return {
    name: settings.name,
    wire: anthropicMessages,
    routes,
    origin: url.origin,
    upstreamPath: (path) => basePath + path,
    credential: () => (key === null ? [] : ['x-api-key', key.reveal()]),
    key,
  }
}
