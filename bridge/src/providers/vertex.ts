import type { Secret } from '@reeve/base'
import { anthropicMessages } from '../wire/anthropic-messages/anthropic-messages.ts'
import { modelName } from '../wire/json.ts'
import type { WireFormat } from '../wire/wire-format.ts'
import { geminiProvider } from './gemini.ts'
import { accountOf, googleTokens } from './google-account.ts'
import type { Post, Provider, ProviderOptions, ProviderRoute, ProviderSettings, RequestToSign } from './provider.ts'
import { vertexMessages } from './vertex-messages/vertex-messages.ts'

const asked = /\/models\/([^/]+):(rawPredict|streamRawPredict)$/

/** Anthropic's Messages API as Vertex AI has it: the model and the kind of answer stand in the path. */
const anthropicAtVertex: WireFormat = {
  ...anthropicMessages,
  requestFacts(body, scan, path) {
    const [, model = '', method] = asked.exec(path) ?? []
    return {
      ...anthropicMessages.requestFacts(body, scan, path),
      model: modelName(model),
      streaming: method === 'streamRawPredict',
    }
  },
}

/** The version is part of the base URL of Anthropic's clients, and may be left out of it. */
const models = '^(?:/v1)?/projects/[^/]+/locations/[^/]+/publishers/anthropic/models'
const wire = anthropicAtVertex

const anthropic: readonly ProviderRoute[] = [
  // Before the models: its name would be one.
  { method: 'POST', path: new RegExp(`${models}/count-tokens:rawPredict$`), kind: 'count_tokens', wire },
  { method: 'POST', path: new RegExp(`${models}/[^/:]+:(?:rawPredict|streamRawPredict)$`), kind: 'messages', wire },
]

/** For clients that speak Anthropic's own API. */
function translated({ project, location, models: named = [], capabilities = [] }: ProviderSettings) {
  const target = { project: project ?? null, location: location ?? 'global', models: named, capabilities }
  const path = /^\/v1\/messages$/
  const counted = /^\/v1\/messages\/count_tokens$/
  const route = { method: 'POST', wire: anthropicMessages } as const
  return [
    { ...route, path, kind: 'messages', translation: vertexMessages(target, 'messages') },
    { ...route, path: counted, kind: 'count_tokens', translation: vertexMessages(target, 'count_tokens') },
  ] as const
}

const tokenUrl = 'https://oauth2.googleapis.com/token'

/**
 * Google's Vertex AI: Gemini and Anthropic's models, each in its own API. A key is that of a service account
 * (`serviceAccountKey`), which is exchanged for access tokens, or an API key. Throws a Fault when the base URL cannot be
 * used.
 */
export function vertexProvider(settings: ProviderOptions): Provider {
  const gemini = geminiProvider(settings)
  const tokenFor = googleTokens(settings.settings?.token_url ?? tokenUrl)
  return {
    ...gemini,
    type: 'vertex',
    routes: [...anthropic, ...translated(settings.settings ?? {}), ...gemini.routes],
    upstreamPath: (path) => gemini.upstreamPath(path.startsWith('/projects/') ? `/v1${path}` : path),
    ownCredentialHeaders: ['authorization', 'x-goog-api-key'],
    sign: (secret, request, post) => signed(secret, request, post),
  }

  function signed(secret: Secret, { at }: RequestToSign, post: Post) {
    const account = accountOf(secret)
    if (account === null) return gemini.authorization(secret)
    const token = tokenFor(account, at, post)
    return typeof token === 'string' ? bearer(token) : token.then(bearer)
  }
}

const bearer = (token: string): readonly string[] => ['authorization', `Bearer ${token}`]
