import type { ScriptedAnswer, ScriptedBlock } from './script.ts'

/** A scripted answer as the Messages API writes it: one JSON document, or the events of a stream. */

export function wholeMessage(answer: ScriptedAnswer): object {
  return {
    id: answer.id,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content: answer.blocks,
    stop_reason: answer.stopReason,
    stop_sequence: null,
    usage: answer.usage,
  }
}

export function* streamEvents(answer: ScriptedAnswer): Generator<string> {
  const message = {
    ...wholeMessage(answer),
    content: [],
    stop_reason: null,
    usage: { ...answer.usage, output_tokens: 1 },
  }
  yield event('message_start', { message })
  yield event('ping', {})
  for (const [index, block] of answer.blocks.entries()) {
    yield event('content_block_start', { index, content_block: emptyBlock(block) })
    for (const delta of blockDeltas(block)) yield event('content_block_delta', { index, delta })
    yield event('content_block_stop', { index })
  }
  const delta = { stop_reason: answer.stopReason, stop_sequence: null }
  yield event('message_delta', { delta, usage: { output_tokens: answer.usage.output_tokens } })
  yield event('message_stop', {})
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}

function emptyBlock(block: ScriptedBlock): object {
  switch (block.type) {
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'text':
      return { type: 'text', text: '' }
    case 'tool_use':
      return { type: 'tool_use', id: block.id, name: block.name, input: {} }
  }
}

function* blockDeltas(block: ScriptedBlock): Generator<object> {
  switch (block.type) {
    case 'thinking':
      for (const thinking of pieces(block.thinking)) yield { type: 'thinking_delta', thinking }
      yield { type: 'signature_delta', signature: block.signature }
      return
    case 'text':
      for (const text of pieces(block.text)) yield { type: 'text_delta', text }
      return
    case 'tool_use':
      for (const partial_json of pieces(JSON.stringify(block.input))) yield { type: 'input_json_delta', partial_json }
  }
}

/** A model's text arrives a few words at a time; never half a character. */
function pieces(text: string): string[] {
  return text.match(/[\s\S]{1,24}/gu) ?? []
}
