import type { RouteKind } from '../recorder.ts'
import { anthropicReader } from './anthropic-messages/reader.ts'
import { geminiReader } from './gemini/reader.ts'
import { openaiChatReader } from './openai-chat/reader.ts'
import { openaiResponsesReader } from './openai-responses/reader.ts'
import type { WireReader } from './wire-reader.ts'

const readers: Partial<Record<RouteKind, WireReader>> = {
  messages: anthropicReader,
  count_tokens: anthropicReader,
  chat_completions: openaiChatReader,
  responses: openaiResponsesReader,
  generate_content: geminiReader,
}

/** Who understands what was recorded of a route; null for one that asks no model. */
export function readerOf(route: RouteKind): WireReader | null {
  return readers[route] ?? null
}

/** The routes on which a request is a turn in a conversation. */
export const turnRoutes: readonly string[] = ['messages', 'chat_completions', 'responses', 'generate_content']
