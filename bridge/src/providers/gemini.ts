import { gemini } from '../wire/gemini/gemini.ts'
import type { Provider, ProviderOptions, ProviderRoute } from './provider.ts'
import { providerUrl } from './provider-url.ts'

/** `/v1beta/models/…`, and as Vertex AI has them: below a publisher, or a project, a place and a publisher. */
const models = '^/v1(?:alpha|beta|beta1)?/(?:projects/[^/]+/locations/[^/]+/)?(?:publishers/google/)?models'

const routes: readonly ProviderRoute[] = [
  {
    method: 'POST',
    path: new RegExp(`${models}/[^/:]+:(?:generateContent|streamGenerateContent)$`),
    kind: 'generate_content',
    wire: gemini,
  },
  { method: 'POST', path: new RegExp(`${models}/[^/:]+:countTokens$`), kind: 'count_tokens', wire: gemini },
  { method: 'GET', path: new RegExp(`${models}$`), kind: 'models', wire: gemini },
  { method: 'GET', path: new RegExp(`${models}/[^/:]+$`), kind: 'models', wire: gemini },
]

/**
 * Google's Gemini API or Vertex AI with an API key, or a gateway that speaks it. A path of the base URL is kept; one that
 * ends in a version is tolerated. Throws a Fault when the URL cannot be used.
 */
export function geminiProvider(settings: ProviderOptions): Provider {
  const url = providerUrl(settings)
  const basePath = url.pathname.replace(/\/+$/, '').replace(/\/v1(?:alpha|beta|beta1)?$/, '')
  return {
    name: settings.name,
    type: 'google',
    wire: gemini,
    routes,
    origin: url.origin,
    upstreamPath: (path) => basePath + path,
    keys: settings.keys,
    ownCredentialHeaders: ['x-goog-api-key', 'authorization'],
    authorization: (secret) => ['x-goog-api-key', secret.reveal()],
  }
}
