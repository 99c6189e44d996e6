import { openaiChat } from '../wire/openai-chat/openai-chat.ts'
import { openaiResponses } from '../wire/openai-responses/openai-responses.ts'
import type { Provider, ProviderOptions, ProviderRoute } from './provider.ts'
import { providerUrl } from './provider-url.ts'

const chat = { wire: openaiChat } as const
const responses = { wire: openaiResponses } as const
/** What the provider has stored, and what is about that only. */
const stored = { kind: 'passthrough', ...responses } as const

/** Clients may or may not have the version in their base URL. */
const routes: readonly ProviderRoute[] = [
  { method: 'POST', path: /^(?:\/v1)?\/chat\/completions$/, kind: 'chat_completions', ...chat },
  { method: 'POST', path: /^(?:\/v1)?\/responses$/, kind: 'responses', overSocket: true, ...responses },
  // A conversation made shorter by a model, which costs what any answer costs.
  { method: 'POST', path: /^(?:\/v1)?\/responses\/compact$/, kind: 'responses', ...responses },
  { method: 'POST', path: /^(?:\/v1)?\/responses\/(?:input_tokens|[^/]+\/cancel)$/, ...stored },
  { method: 'GET', path: /^(?:\/v1)?\/responses\/[^/]+(?:\/input_items)?$/, ...stored },
  { method: 'DELETE', path: /^(?:\/v1)?\/responses\/[^/]+$/, ...stored },
  { method: 'POST', path: /^(?:\/v1)?\/conversations(?:\/[^/]+(?:\/items)?)?$/, ...stored },
  { method: 'GET', path: /^(?:\/v1)?\/conversations\/[^/]+(?:\/items(?:\/[^/]+)?)?$/, ...stored },
  { method: 'DELETE', path: /^(?:\/v1)?\/conversations\/[^/]+(?:\/items\/[^/]+)?$/, ...stored },
  // Ids of models hold a slash at providers that offer those of others.
  { method: 'GET', path: /^(?:\/v1)?\/models(?:\/[^/]+){0,2}$/, kind: 'models', ...chat },
]

/**
 * The OpenAI API, or one of the many servers that speak it. The base URL is what those have in common: the version is
 * part of it, where there is any, and whatever path it has is kept. Throws a Fault when it cannot be used.
 */
export function openaiProvider(settings: ProviderOptions): Provider {
  const url = providerUrl(settings)
  const basePath = url.pathname.replace(/\/+$/, '')
  return {
    name: settings.name,
    type: 'openai',
    wire: openaiChat,
    routes,
    origin: url.origin,
    upstreamPath: (path) => basePath + path.replace(/^\/v1(?=\/)/, ''),
    keys: settings.keys,
    ownCredentialHeaders: ['authorization'],
    authorization: (secret) => ['authorization', `Bearer ${secret.reveal()}`],
  }
}
