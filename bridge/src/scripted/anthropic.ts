import {
  countTokens,
  pieces,
  type ScriptedAnswer,
  scriptedAnswer,
  type ScriptedBlock,
  type ScriptedRequest,
} from './script.ts'
import { describeModel, type Posted, type Speaker } from './speaker.ts'
import { commandTool, isObject, type Json, objectsOf, splitTurn, textOf } from './tools.ts'

/** Anthropic Messages. */

const signature = Buffer.from('scripted by reeve').toString('base64')
const stopReasons = { done: 'end_turn', tool: 'tool_use', cut: 'max_tokens' } as const

export const anthropicSpeaker: Speaker = {
  prefix: '',
  post(path) {
    if (path === '/v1/messages') return checked(message)
    if (path === '/v1/messages/count_tokens')
      return checked((_, bytes) => ({ json: { input_tokens: countTokens(bytes.length) } }))
    return null
  },
  modelsPath: /^\/v1\/models(?:\/(.+))?$/,
  models(ids) {
    const data = ids.map(this.model)
    return { data, has_more: false, first_id: ids[0], last_id: ids.at(-1) }
  },
  model: (id) => ({ type: 'model', id, display_name: describeModel(id), created_at: '2026-11-01T00:00:00Z' }),
  error: (status, text) => ({ type: 'error', error: { type: errorTypes[status] ?? 'api_error', message: text } }),
}

const errorTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  404: 'not_found_error',
  413: 'request_too_large',
}

const checked =
  (posted: Posted): Posted =>
  (body, bytes) => {
    if (typeof body['model'] !== 'string') return 'model: a string is required'
    if (!Array.isArray(body['messages'])) return 'messages: a list is required'
    return posted(body, bytes)
  }

const message: Posted = (body, bytes) => {
  const answer = scriptedAnswer(readMessages(body, bytes))
  const id = answer.digest
  return body['stream'] === true ? { events: streamEvents(answer), id } : { json: wholeMessage(answer), id }
}

function readMessages(body: Json, bytes: Uint8Array): ScriptedRequest {
  const { answered, latest } = splitTurn(objectsOf(body['messages']), (item) => item['role'] === 'assistant')
  const said = latest.filter((item) => item['role'] === 'user').map((item) => item['content'])
  const blocks = said.flatMap((content) => (typeof content === 'string' ? [{ text: content }] : objectsOf(content)))
  const result = blocks.findLast((block) => block['type'] === 'tool_result')
  const config = isObject(body['output_config']) ? body['output_config']['format'] : null
  const mayCall = !isObject(body['tool_choice']) || body['tool_choice']['type'] !== 'none'
  const tools = objectsOf(body['tools']).map((tool) => ({ name: tool['name'], schema: tool['input_schema'] }))
  return {
    model: String(body['model']),
    bytes,
    answered,
    latest,
    prompt: textOf(blocks.filter((block) => typeof block['text'] === 'string').slice(-1)),
    result: result === undefined ? null : textOf(result['content']),
    tool: mayCall ? commandTool(tools) : null,
    schema: isObject(config) && isObject(config['schema']) ? config['schema'] : null,
    thinks: isObject(body['thinking']) && body['thinking']['type'] !== 'disabled',
    tokensMax: body['max_tokens'],
  }
}

function wholeMessage(answer: ScriptedAnswer): object {
  return {
    id: `msg_scripted_${answer.digest}`,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content: answer.blocks.map((block) => contentBlock(block, answer.digest)),
    stop_reason: stopReasons[answer.end],
    stop_sequence: null,
    usage: {
      input_tokens: answer.usage.fresh,
      cache_creation_input_tokens: answer.usage.cacheWrite,
      cache_read_input_tokens: answer.usage.cacheRead,
      output_tokens: answer.usage.written,
    },
  }
}

function contentBlock(block: ScriptedBlock, digest: string): object {
  switch (block.type) {
    case 'thinking':
      return { type: 'thinking', thinking: block.text, signature }
    case 'text':
      return block
    case 'call':
      return { type: 'tool_use', id: `toolu_scripted_${digest}`, name: block.tool.name, input: block.input }
  }
}

function* streamEvents(answer: ScriptedAnswer): Generator<string> {
  const begun = { ...answer, blocks: [], usage: { ...answer.usage, written: 1 } }
  yield event('message_start', { message: { ...wholeMessage(begun), stop_reason: null } })
  yield event('ping', {})
  for (const [index, block] of answer.blocks.entries()) {
    yield event('content_block_start', { index, content_block: emptyBlock(block, answer.digest) })
    for (const delta of blockDeltas(block)) yield event('content_block_delta', { index, delta })
    yield event('content_block_stop', { index })
  }
  const delta = { stop_reason: stopReasons[answer.end], stop_sequence: null }
  yield event('message_delta', { delta, usage: { output_tokens: answer.usage.written } })
  yield event('message_stop', {})
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}

function emptyBlock(block: ScriptedBlock, digest: string): object {
  if (block.type === 'thinking') return { type: 'thinking', thinking: '', signature: '' }
  return contentBlock(block.type === 'text' ? { type: 'text', text: '' } : { ...block, input: {} }, digest)
}

function* blockDeltas(block: ScriptedBlock): Generator<object> {
  switch (block.type) {
    case 'thinking':
      for (const thinking of pieces(block.text)) yield { type: 'thinking_delta', thinking }
      yield { type: 'signature_delta', signature }
      return
    case 'text':
      for (const text of pieces(block.text)) yield { type: 'text_delta', text }
      return
    case 'call':
      for (const partial_json of pieces(JSON.stringify(block.input))) yield { type: 'input_json_delta', partial_json }
  }
}
