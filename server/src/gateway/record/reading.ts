import { z } from 'zod'

/**
 * What was understood of a request and of its answer: the facts that become rows. With capture level `full` the drain
 * reads them out of the journaled bytes; with the lower levels they are read before anything is journaled, cut down to
 * the level, and travel in the journal in place of the bytes.
 */
export const Item = z.object({
  kind: z.enum(['prompt', 'context', 'thinking', 'text', 'tool_call', 'tool_result', 'error']),
  origin: z.enum(['human', 'agent', 'client', 'model', 'gateway']),
  /** Null when there is none, or when the capture level kept it out. */
  text: z.string().nullable(),
  textBytes: z.number(),
  truncated: z.boolean(),
  notCaptured: z.boolean(),
  toolName: z.string().nullable(),
  toolCallId: z.string().nullable(),
  isError: z.boolean(),
})
export type Item = z.infer<typeof Item>

export const RequestReading = z.object({
  items: z.array(Item),
  /** Of a request that carries on a conversation there is an answer in the body already. */
  continues: z.boolean(),
  /** A request of the client's own making: a title, a quota probe. It is nobody's turn. */
  side: z.boolean(),
  /** How the conversation begins, as a hash; null when the body holds none. */
  beginning: z.string().nullable(),
  /** What this request brought and after how much, as a hash: equal for a request that was sent again. */
  turn: z.string().nullable(),
  /** The stored response that it follows. Journals from before this was looked for do not have it. */
  follows: z.string().nullable().default(null),
})
export type RequestReading = z.infer<typeof RequestReading>

export const Tokens = z.object({
  input: z.number(),
  output: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
  // Journals from before these were told apart do not have them.
  cacheWrite1h: z.number().default(0),
  reasoning: z.number().default(0),
  audioInput: z.number().default(0),
  audioOutput: z.number().default(0),
})
export type Tokens = z.infer<typeof Tokens>

export const ResponseReading = z.object({
  items: z.array(Item),
  modelServed: z.string().nullable(),
  responseId: z.string().nullable(),
  stopReason: z.string().nullable(),
  tokens: Tokens.nullable(),
  /** The provider's own usage object, last value of each field. */
  usageRaw: z.record(z.string(), z.unknown()).nullable(),
  /** Whether the answer reached its end, so that its tokens are final. */
  complete: z.boolean(),
  errorType: z.string().nullable(),
  errorMessage: z.string().nullable(),
})
export type ResponseReading = z.infer<typeof ResponseReading>
