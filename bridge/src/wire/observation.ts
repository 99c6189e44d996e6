/** One thing that a request brought or that an answer said, in order. All text in it is hostile. */
export interface Observation {
  readonly kind: 'prompt' | 'context' | 'thinking' | 'text' | 'tool_call' | 'tool_result' | 'error'
  /** Who wrote it, as far as the bytes can tell. */
  readonly origin: 'human' | 'agent' | 'client' | 'model'
  readonly text: string | null
  readonly toolName: string | null
  readonly toolCallId: string | null
  readonly isError: boolean
  /**
   * `signed`: thinking that came with a signature. `redacted`: thinking that the provider encrypted. `truncated`: the
   * answer broke off inside it, so that the input of a tool call may not be JSON. `by_provider`: a tool that the
   * provider ran itself.
   */
  readonly note: 'signed' | 'redacted' | 'truncated' | 'by_provider' | null
}

/** An observation of which only what differs from the ordinary needs saying. */
export function observation(
  kind: Observation['kind'],
  origin: Observation['origin'],
  text: string | null,
  more: Partial<Omit<Observation, 'kind' | 'origin' | 'text'>> = {},
): Observation {
  return { kind, origin, text, toolName: null, toolCallId: null, isError: false, note: null, ...more }
}

/** What the bytes of a request say about the turn that it asks for. */
export interface RequestReading {
  /** Only what follows the last answer in the conversation: the rest came with earlier requests. */
  readonly observations: readonly Observation[]
  /** Whether the body holds an answer already, so that this request carries a conversation on. */
  readonly continues: boolean
  /** A request of the client program's own making: a title, a quota probe. It is nobody's turn. */
  readonly side: boolean
  /** SHA-256 (hex) of how the conversation begins: system text and first user text. Null when it has no messages. */
  readonly beginning: string | null
  /** SHA-256 (hex) of what this request brought and after how much: equal when a client asks the same again. */
  readonly turn: string | null
  readonly toolsOffered: readonly string[]
  /** The stored response that it follows, where it says so instead of holding what was said. */
  readonly follows?: string | null
}

/** Of what cannot be read. */
export const nothingRead: RequestReading = {
  observations: [],
  continues: false,
  side: false,
  beginning: null,
  turn: null,
  toolsOffered: [],
}

/** Tokens by class. `input` is fresh input only: with the two cache classes it adds up to everything that was read. */
export interface Usage {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  /** Of `cacheWrite`: what the provider keeps for an hour instead of for minutes. */
  readonly cacheWrite1h: number
  /** Of `output`: what the model thought and did not say. */
  readonly reasoning: number
  /** Of `input` and of `output`: sound. */
  readonly audioInput: number
  readonly audioOutput: number
}

export const noUsage: Usage = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cacheWrite1h: 0,
  reasoning: 0,
  audioInput: 0,
  audioOutput: 0,
}

/** What the bytes of an answer say. */
export interface ResponseReading {
  readonly observations: readonly Observation[]
  readonly responseId: string | null
  /** The model that answered, by its own word. */
  readonly modelServed: string | null
  readonly stopReason: string | null
  readonly usage: Usage | null
  /** The provider's own usage object: of each field the last value that it stated. */
  readonly usageRaw: Readonly<Record<string, unknown>> | null
  /** Whether the answer reached its end, so that its tokens are final. */
  readonly complete: boolean
  readonly error: { readonly type: string; readonly message: string } | null
}
