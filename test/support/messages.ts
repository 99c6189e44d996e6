import { randomBytes } from 'node:crypto'
import { eventStream, type HeaderList, json } from './replies.ts'
import type { SeenRequest, Step } from './upstream.ts'

/** What a scripted model says in one turn. */
export type Block =
  | { readonly type: 'thinking'; readonly thinking: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: unknown }

export interface Usage {
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cache_read_input_tokens?: number
  readonly cache_creation_input_tokens?: number
}

export interface Turn {
  readonly id?: string
  readonly model?: string
  readonly blocks: readonly Block[]
  readonly usage: Usage
}

const stopReason = (turn: Turn): string =>
  turn.blocks.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn'

const event = (type: string, facts: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...facts })}\n\n`

/** The events of a streamed Messages answer. Content comes in small pieces, as from a model. */
export function messageEvents(turn: Turn): string[] {
  const { output_tokens, ...read } = turn.usage
  const message = { ...shell(turn), content: [], stop_reason: null, stop_sequence: null }
  const events = [event('message_start', { message: { ...message, usage: { ...read, output_tokens: 1 } } })]
  turn.blocks.forEach((block, index) => {
    events.push(event('content_block_start', { index, content_block: emptied(block) }))
    events.push(...deltas(block).map((delta) => event('content_block_delta', { index, delta })))
    events.push(event('content_block_stop', { index }))
  })
  const delta = { stop_reason: stopReason(turn), stop_sequence: null }
  events.push(event('message_delta', { delta, usage: { output_tokens } }), event('message_stop', {}))
  return events
}

/** The same answer in one piece. */
export function messageJson(turn: Turn): object {
  const content = turn.blocks.map((block) => (block.type === 'thinking' ? { ...block, signature: 'c2lnbmVk' } : block))
  return { ...shell(turn), content, stop_reason: stopReason(turn), stop_sequence: null, usage: turn.usage }
}

/** Answers the way the request asked for it, streamed or whole. */
export function answerTurn(request: SeenRequest, turn: Turn, headers: HeaderList = {}): readonly Step[] {
  return asksForStream(request) ? eventStream(messageEvents(turn), { headers }) : json(messageJson(turn), { headers })
}

export function asksForStream(request: SeenRequest): boolean {
  return /"stream"\s*:\s*true/.test(request.body.toString())
}

function shell(turn: Turn): object {
  // Claude Code joins messages that have the same id, so each answer gets its own.
  const id = turn.id ?? `msg_${randomBytes(9).toString('hex')}`
  return { id, type: 'message', role: 'assistant', model: turn.model ?? 'claude-scripted' }
}

function emptied(block: Block): object {
  if (block.type === 'thinking') return { type: 'thinking', thinking: '', signature: '' }
  if (block.type === 'text') return { type: 'text', text: '' }
  return { ...block, input: {} }
}

function deltas(block: Block): object[] {
  if (block.type === 'thinking') {
    const pieces = inPieces(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking }))
    return [...pieces, { type: 'signature_delta', signature: 'c2lnbmVk' }]
  }
  if (block.type === 'text') return inPieces(block.text).map((text) => ({ type: 'text_delta', text }))
  return inPieces(JSON.stringify(block.input)).map((partial_json) => ({ type: 'input_json_delta', partial_json }))
}

function inPieces(text: string): string[] {
  return text.match(/.{1,16}/gsu) ?? []
}
