import { chunkFrame } from '../support/bedrock-frames.ts'
import { type Block, messageEvents, messageJson } from '../support/messages.ts'
import type { Tokens, Turn } from './turn.ts'

/** A piece of an answer, and what it states of the tokens. */
export interface Piece {
  readonly bytes: string | Uint8Array
  /** As the record keeps it, where that is not as it is carried. */
  readonly kept?: string | Uint8Array
  readonly states: Tokens | null
}

/** One wire format, as a client asks in it and a provider answers. */
export interface Dialect {
  readonly name: string
  /** The provider as the gateways call it. */
  readonly provider: string
  readonly path: (streaming: boolean) => string
  readonly body: (prompt: string, streaming: boolean) => object
  readonly contentType: string
  readonly stream: (turn: Turn) => readonly Piece[]
  readonly whole: (turn: Turn) => object
  /** What of a turn's tokens this format can state. */
  readonly counts: (turn: Turn) => Tokens
}

const silent = (bytes: string | Uint8Array): Piece => ({ bytes, states: null })
const sse = (event: object): string => `data: ${JSON.stringify(event)}\n\n`
const inPieces = (text: string): string[] => text.match(/.{1,24}/gsu) ?? []
const callId = (turn: Turn): string => `call_${turn.number}`

// Anthropic Messages.

const messageOf = (turn: Turn) => {
  const { input, cacheRead, cacheWrite, output } = turn.tokens
  const blocks: Block[] = [
    { type: 'thinking', thinking: turn.thought },
    { type: 'text', text: turn.text },
  ]
  if (turn.command !== null) {
    blocks.push({ type: 'tool_use', id: callId(turn), name: 'Bash', input: { command: turn.command } })
  }
  const read = { input_tokens: input, cache_read_input_tokens: cacheRead, cache_creation_input_tokens: cacheWrite }
  return { id: `msg_${turn.number}`, blocks, usage: { ...read, output_tokens: output } }
}

const messageCounts = ({ tokens }: Turn): Tokens => ({ ...tokens, reasoning: 0 })

/** The input is stated with the first event, the output with the last but one: what is known in between is true too. */
function messageStates(turn: Turn, index: number, events: number): Tokens | null {
  if (index === 0) return { ...messageCounts(turn), output: 1 }
  return index === events - 2 ? messageCounts(turn) : null
}

const messagePieces = (turn: Turn, write: (event: string) => Omit<Piece, 'states'>): Piece[] => {
  const events = messageEvents(messageOf(turn))
  return events.map((event, index) => ({ ...write(event), states: messageStates(turn, index, events.length) }))
}

const userMessage = (prompt: string) => [{ role: 'user', content: [{ type: 'text', text: prompt }] }]

const messages: Dialect = {
  name: 'Messages',
  provider: 'anthropic',
  path: () => '/v1/messages',
  body: (prompt, stream) => ({
    model: 'claude-scripted',
    max_tokens: 1000,
    messages: userMessage(prompt),
    stream,
  }),
  contentType: 'text/event-stream',
  stream: (turn) => messagePieces(turn, (bytes) => ({ bytes })),
  whole: (turn) => messageJson(messageOf(turn)),
  counts: messageCounts,
}

// Amazon Bedrock in its own API: the events of Messages in binary frames.

const bedrock: Dialect = {
  name: 'Bedrock',
  provider: 'bedrock',
  path: (stream) => `/model/claude-scripted/${stream ? 'invoke-with-response-stream' : 'invoke'}`,
  body: (prompt) => ({
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: 1000,
    messages: userMessage(prompt),
  }),
  contentType: 'application/vnd.amazon.eventstream',
  stream: (turn) =>
    messagePieces(turn, (event) => {
      const carried = /^data: (.*)$/m.exec(event)?.[1] ?? ''
      return { bytes: chunkFrame(carried), kept: `data: ${carried}\n\n` }
    }),
  whole: messages.whole,
  counts: messageCounts,
}

// OpenAI Chat Completions.

const openaiCounts = ({ tokens }: Turn): Tokens => ({ ...tokens, cacheWrite: 0 })

const chatUsage = ({ tokens }: Turn) => ({
  prompt_tokens: tokens.input + tokens.cacheRead,
  completion_tokens: tokens.output,
  total_tokens: tokens.input + tokens.cacheRead + tokens.output,
  prompt_tokens_details: { cached_tokens: tokens.cacheRead },
  completion_tokens_details: { reasoning_tokens: tokens.reasoning },
})

const chatCall = (turn: Turn) => ({
  id: callId(turn),
  type: 'function',
  function: { name: 'Bash', arguments: JSON.stringify({ command: turn.command }) },
})

const chat: Dialect = {
  name: 'Chat',
  provider: 'openai',
  path: () => '/v1/chat/completions',
  body: (prompt, stream) => ({
    model: 'gpt-scripted',
    messages: [{ role: 'user', content: prompt }],
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
  }),
  contentType: 'text/event-stream',
  stream(turn) {
    const shell = { id: `chatcmpl-${turn.number}`, object: 'chat.completion.chunk', created: 1, model: 'gpt-scripted' }
    const delta = (content: object, finish_reason: string | null = null): Piece =>
      silent(sse({ ...shell, choices: [{ index: 0, delta: content, finish_reason }], usage: null }))
    return [
      delta({ role: 'assistant', content: '' }),
      ...inPieces(turn.text).map((content) => delta({ content })),
      ...(turn.command === null ? [] : [delta({ tool_calls: [{ index: 0, ...chatCall(turn) }] })]),
      delta({}, turn.command === null ? 'stop' : 'tool_calls'),
      { bytes: sse({ ...shell, choices: [], usage: chatUsage(turn) }), states: openaiCounts(turn) },
      silent('data: [DONE]\n\n'),
    ]
  },
  whole: (turn) => ({
    id: `chatcmpl-${turn.number}`,
    object: 'chat.completion',
    created: 1,
    model: 'gpt-scripted',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: turn.text,
          ...(turn.command === null ? {} : { tool_calls: [chatCall(turn)] }),
        },
        finish_reason: turn.command === null ? 'stop' : 'tool_calls',
      },
    ],
    usage: chatUsage(turn),
  }),
  counts: openaiCounts,
}

// OpenAI Responses, over HTTP and over a WebSocket.

const responseOf = (turn: Turn, status: 'in_progress' | 'completed') => {
  const { prompt_tokens, completion_tokens, total_tokens, ...details } = chatUsage(turn)
  const usage = {
    input_tokens: prompt_tokens,
    output_tokens: completion_tokens,
    total_tokens,
    input_tokens_details: details.prompt_tokens_details,
    output_tokens_details: details.completion_tokens_details,
  }
  const response = { id: `resp_${turn.number}`, object: 'response', created_at: 1, status, model: 'gpt-scripted' }
  return status === 'in_progress'
    ? { ...response, output: [], usage: null }
    : { ...response, output: outputOf(turn), usage }
}

const outputOf = (turn: Turn): object[] => {
  const content = [{ type: 'output_text', text: turn.text, annotations: [] }]
  const said = { type: 'message', id: `msg_${turn.number}`, role: 'assistant', status: 'completed', content }
  const input = JSON.stringify({ command: turn.command })
  const call = { type: 'function_call', id: `fc_${turn.number}`, call_id: callId(turn), name: 'Bash', arguments: input }
  return turn.command === null ? [said] : [said, call]
}

/** The events of an answer, without the frame that carries them. */
export function responseEvents(
  turn: Turn,
): { readonly event: { readonly type: string }; readonly states: Tokens | null }[] {
  const events = [
    { type: 'response.created', response: responseOf(turn, 'in_progress') },
    ...inPieces(turn.text).map((delta) => ({
      type: 'response.output_text.delta',
      item_id: `msg_${turn.number}`,
      output_index: 0,
      content_index: 0,
      delta,
    })),
    ...outputOf(turn).map((item, output_index) => ({ type: 'response.output_item.done', output_index, item })),
  ]
  const completed = { type: 'response.completed', response: responseOf(turn, 'completed') }
  return [...events.map((event) => ({ event, states: null })), { event: completed, states: openaiCounts(turn) }]
}

const responses: Dialect = {
  name: 'Responses',
  provider: 'openai',
  path: () => '/v1/responses',
  body: (prompt, stream) => ({
    model: 'gpt-scripted',
    input: [{ role: 'user', content: [{ type: 'input_text', text: prompt }] }],
    store: false,
    stream,
  }),
  contentType: 'text/event-stream',
  stream: (turn) =>
    responseEvents(turn).map(({ event, states }) => ({ bytes: `event: ${event.type}\n${sse(event)}`, states })),
  whole: (turn) => responseOf(turn, 'completed'),
  counts: openaiCounts,
}

// Gemini states what it has counted so far with every piece: the last value is the one that counts.

const geminiUsage = ({ input, cacheRead, output, reasoning }: Tokens) => ({
  promptTokenCount: input + cacheRead,
  cachedContentTokenCount: cacheRead,
  candidatesTokenCount: output - reasoning,
  thoughtsTokenCount: reasoning,
  totalTokenCount: input + cacheRead + output,
})

const geminiPiece = (turn: Turn, parts: readonly object[], tokens: Tokens, isLast: boolean) => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, ...(isLast ? { finishReason: 'STOP' } : {}) }],
  usageMetadata: geminiUsage(tokens),
  modelVersion: 'gemini-scripted',
  responseId: `gemini-${turn.number}`,
})

const geminiCall = (turn: Turn) => ({ functionCall: { name: 'Bash', args: { command: turn.command } } })

const gemini: Dialect = {
  name: 'Gemini',
  provider: 'gemini',
  path: (stream) => `/v1beta/models/gemini-scripted:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: (prompt) => ({ contents: [{ role: 'user', parts: [{ text: prompt }] }] }),
  contentType: 'text/event-stream',
  stream(turn) {
    const counts = openaiCounts(turn)
    const parts = [
      ...inPieces(turn.text).map((text) => ({ text })),
      ...(turn.command === null ? [] : [geminiCall(turn)]),
    ]
    return parts.map((part, index) => {
      const isLast = index === parts.length - 1
      const states = isLast ? counts : { ...counts, output: counts.reasoning + Math.min(index + 1, 40) }
      return { bytes: `data: ${JSON.stringify(geminiPiece(turn, [part], states, isLast))}\r\n\r\n`, states }
    })
  },
  whole: (turn) => {
    const call = turn.command === null ? [] : [geminiCall(turn)]
    return geminiPiece(turn, [{ text: turn.text }, ...call], openaiCounts(turn), true)
  },
  counts: openaiCounts,
}

export const dialects: readonly Dialect[] = [messages, chat, responses, gemini, bedrock]

/** The sixth way of asking; its traffic is in `sockets.ts`. */
export const overSockets = { name: 'Responses over WebSockets', provider: 'openai-ws', counts: openaiCounts } as const

export const formatNames: readonly string[] = [...dialects.map(({ name }) => name), overSockets.name]
