import type { Secret } from '@reeve/base'
import { openaiChat } from '../wire/openai-chat/openai-chat.ts'
import type { Provider, ProviderRoute } from './provider.ts'
import { providerUrl } from './provider-url.ts'

const chat = { wire: openaiChat } as const

/** Clients may or may not have the version in their base URL. */
const routes: readonly ProviderRoute[] = [
  { method: 'POST', path: /^(?:\/v1)?\/chat\/completions$/, kind: 'chat_completions', ...chat },
  // Ids of models hold a slash at providers that offer those of others.
  { method: 'GET', path: /^(?:\/v1)?\/models(?:\/[^/]+){0,2}$/, kind: 'models', ...chat },
]

/**
 * The OpenAI API, or one of the many servers that speak it. The base URL is what those have in common: the version is
 * part of it, where there is any, and whatever path it has is kept. Throws a Fault when it cannot be used.
 */
export function openaiProvider(settings: { name: string; baseUrl: string; key: Secret | null }): Provider {
  const url = providerUrl(settings)
  const basePath = url.pathname.replace(/\/+$/, '')
  const { key } = settings
  return {
    name: settings.name,
    type: 'openai',
    wire: openaiChat,
    routes,
    origin: url.origin,
    upstreamPath: (path) => basePath + path.replace(/^\/v1(?=\/)/, ''),
    credential: () => (key === null ? [] : ['authorization', `Bearer ${key.reveal()}`]),
    key,
  }
}
