import { modelName } from '../wire/json.ts'
import { openaiChat } from '../wire/openai-chat/openai-chat.ts'
import type { WireFormat } from '../wire/wire-format.ts'
import { openaiProvider } from './openai.ts'
import type { Provider, ProviderOptions, ProviderRoute } from './provider.ts'

const deployment = /^\/openai\/deployments\/([^/]+)\//

/** With a deployment in the path, that is what answers, whatever the body calls it. */
const deployed: WireFormat = {
  ...openaiChat,
  requestFacts: (body, scan, path) => ({
    ...openaiChat.requestFacts(body, scan, path),
    model: modelName(deployment.exec(path)?.[1] ?? ''),
  }),
}

const deployedChat: ProviderRoute = {
  method: 'POST',
  path: /^\/openai\/deployments\/[^/]+\/chat\/completions$/,
  kind: 'chat_completions',
  wire: deployed,
}

/**
 * Azure OpenAI. Its clients write `/openai/deployments/<name>/…` or `/openai/v1/…`; those of OpenAI's own API may leave
 * `/openai/v1` out. The base URL is the resource; a `/openai` or `/openai/v1` at its end is tolerated.
 */
export function azureProvider(settings: ProviderOptions): Provider {
  const openai = openaiProvider(settings)
  const basePath = openai.upstreamPath('').replace(/\/openai(?:\/v1)?$/, '')
  const below = openai.routes.map((route) => ({
    ...route,
    path: new RegExp(`^(?:/openai)?${route.path.source.slice(1)}`),
  }))
  return {
    ...openai,
    type: 'azure',
    routes: [deployedChat, ...below],
    upstreamPath: (path) =>
      basePath + (path.startsWith('/openai/') ? path : `/openai/v1${path.replace(/^\/v1(?=\/)/, '')}`),
    ownCredentialHeaders: ['api-key', 'authorization'],
    authorization: (secret) => ['api-key', secret.reveal()],
  }
}
