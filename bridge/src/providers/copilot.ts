import { anthropicMessages } from '../wire/anthropic-messages/anthropic-messages.ts'
import { openaiChat } from '../wire/openai-chat/openai-chat.ts'
import { openaiResponses } from '../wire/openai-responses/openai-responses.ts'
import { openaiProvider } from './openai.ts'
import type { Provider, ProviderOptions, ProviderRoute } from './provider.ts'

/** What its clients reach beside models: agents and MCP servers of the subscription. Recorded, and not understood. */
const beside = /^\/(?:agents|mcp)(?:\/[^/]+){0,6}$/

const routes: readonly ProviderRoute[] = [
  { method: 'POST', path: /^\/chat\/completions$/, kind: 'chat_completions', wire: openaiChat },
  { method: 'POST', path: /^\/responses$/, kind: 'responses', wire: openaiResponses },
  { method: 'POST', path: /^\/v1\/messages$/, kind: 'messages', wire: anthropicMessages },
  { method: 'GET', path: /^\/models(?:\/[^/]+){0,2}$/, kind: 'models', wire: openaiChat },
  ...(['GET', 'POST', 'DELETE'] as const).map((method): ProviderRoute => ({
    method,
    path: beside,
    kind: 'passthrough',
    wire: openaiChat,
  })),
]

/** GitHub Copilot. Everybody brings the token of his own subscription; there is no key that a company could share. */
export function copilotProvider(settings: ProviderOptions): Provider {
  const openai = openaiProvider(settings)
  const basePath = openai.upstreamPath('')
  return { ...openai, type: 'copilot', routes, upstreamPath: (path) => basePath + path }
}
