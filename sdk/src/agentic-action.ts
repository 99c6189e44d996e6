import { z } from 'zod'
import { Id, Instant } from './common.ts'
import { Outcome, TokenUsage, withheld } from './interception.ts'

/** What interceptions are made of, each part as a row of its own: for whoever asks for `details`. */

const part = {
  id: z.string().describe('Unique and stable; of an item the id of its event in the timeline.'),
  interception_id: Id,
  provider_response_id: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  created_at: Instant,
}

export const UserPrompt = z.object({
  ...part,
  prompt: z.string().nullable(),
  origin: z.enum(['human', 'agent', 'client']),
  ...withheld,
})

export const ToolUsage = z.object({
  ...part,
  provider_tool_call_id: z.string().nullable(),
  tool: z.string().nullable(),
  input: z.string().nullable().describe('As the model wrote it.'),
  server_url: z.string().nullable().describe('Of an MCP server that the gateway asked itself; there are none.'),
  injected: z.boolean(),
  invocation_error: z
    .string()
    .nullable()
    .describe('What the client told the model when the tool failed, where that was asked with it.'),
  ...withheld,
})
export type ToolUsage = z.infer<typeof ToolUsage>

export const TokenUsageRow = TokenUsage.extend(part)

/** With each request of a list, where `details` was asked for. */
export const interceptionDetails = {
  metadata: z.record(z.string(), z.unknown()).optional(),
  token_usages: z.array(TokenUsageRow).optional(),
  user_prompts: z.array(UserPrompt).optional(),
  tool_usages: z.array(ToolUsage).optional(),
}
export type InterceptionDetails = z.infer<z.ZodObject<typeof interceptionDetails>>

/**
 * One turn of the loop that a prompt caused: what the model thought, which tools it called, and what it answered. Turns
 * without tools are there too, so that the last answer is.
 */
export const AgenticAction = z.object({
  interception_id: Id,
  model: z.string(),
  outcome: Outcome,
  error_type: z.string().nullable(),
  error_message: z.string().nullable(),
  started_at: Instant,
  ended_at: Instant.nullable(),
  token_usage: TokenUsage,
  thinking: z.array(z.object({ text: z.string().nullable() })),
  tool_calls: z.array(ToolUsage),
  answer: z.string().nullable().describe('The text that the model answered with.'),
  ...withheld,
})
export type AgenticAction = z.infer<typeof AgenticAction>
