import { type JsonObject, stringOf } from '../json.ts'
import { type Observation, observation } from '../observation.ts'
import { contentText } from './content-text.ts'

/** A content block of an answer while it grows. */
export interface OpenBlock {
  readonly type: string
  /** Text, thinking, or the input of a tool call as the JSON that arrived so far. */
  readonly text: string
  readonly toolName: string | null
  readonly toolCallId: string | null
  readonly signed: boolean
  /** The block as it was opened, for types that come whole. */
  readonly whole: JsonObject
}

export function openBlock(block: JsonObject): OpenBlock {
  return {
    type: stringOf(block['type']) ?? 'unknown',
    text: stringOf(block['text']) ?? stringOf(block['thinking']) ?? '',
    toolName: stringOf(block['name']),
    toolCallId: stringOf(block['id']) ?? stringOf(block['tool_use_id']),
    signed: typeof block['signature'] === 'string' && block['signature'] !== '',
    whole: block,
  }
}

/** The block that a delta without a beginning must belong to; null when its type says nothing. */
export function emptyBlock(delta: JsonObject): OpenBlock | null {
  const type = { text_delta: 'text', thinking_delta: 'thinking', input_json_delta: 'tool_use' }[String(delta['type'])]
  return type === undefined ? null : openBlock({ type })
}

export function growBlock(block: OpenBlock, delta: JsonObject): OpenBlock {
  if (delta['type'] === 'signature_delta') return { ...block, signed: true }
  const more = stringOf(delta['text']) ?? stringOf(delta['thinking']) ?? stringOf(delta['partial_json'])
  return more === null ? block : { ...block, text: block.text + more }
}

/** What a block says. `truncated` when the answer broke off before its end. */
export function closeBlock(block: OpenBlock, { truncated }: { truncated: boolean }): readonly Observation[] {
  const { type, toolName, toolCallId } = block
  if (type === 'text')
    return block.text === '' ? [] : [observation('text', 'model', block.text, noted(truncated, null))]
  if (type === 'thinking') {
    const empty = block.text === '' && !block.signed
    return empty ? [] : [observation('thinking', 'model', block.text, noted(truncated, block.signed ? 'signed' : null))]
  }
  if (type === 'redacted_thinking') return [observation('thinking', 'model', null, { note: 'redacted' })]
  if (type === 'tool_use') {
    return [observation('tool_call', 'model', toolInput(block), { toolName, toolCallId, ...noted(truncated, null) })]
  }
  if (type.endsWith('_tool_use')) {
    return [
      observation('tool_call', 'model', toolInput(block), { toolName, toolCallId, ...noted(truncated, 'by_provider') }),
    ]
  }
  if (type.endsWith('_tool_result')) {
    const text = contentText(block.whole['content'])
    const isError = block.whole['is_error'] === true || isToolError(block.whole['content'])
    return [observation('tool_result', 'model', text, { toolCallId, isError, note: 'by_provider' })]
  }
  return []
}

function noted(truncated: boolean, otherwise: Observation['note']): { note: Observation['note'] } {
  return { note: truncated ? 'truncated' : otherwise }
}

/** The input as it was streamed, which need not be JSON when the answer broke off; else as the block was opened with. */
function toolInput(block: OpenBlock): string {
  return block.text !== '' ? block.text : JSON.stringify(block.whole['input'] ?? {})
}

function isToolError(content: unknown): boolean {
  return typeof content === 'object' && content !== null && 'type' in content && String(content.type).endsWith('_error')
}
