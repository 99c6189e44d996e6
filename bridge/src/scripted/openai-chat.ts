import { pieces, type ScriptedAnswer, scriptedAnswer, type ScriptedBlock, type ScriptedRequest } from './script.ts'
import type { Posted } from './speaker.ts'
import { commandTool, isObject, type Json, objectsOf, splitTurn, textOf } from './tools.ts'

/** Chat Completions. Thinking is told as the servers that tell it do, in `reasoning_content`. */

const finishReasons = { done: 'stop', tool: 'tool_calls', cut: 'length' } as const

export const chatCompletion: Posted = (body, bytes) => {
  if (!Array.isArray(body['messages'])) return 'messages: a list is required'
  const answer = scriptedAnswer(readChat(body, bytes))
  const id = answer.digest
  if (body['stream'] !== true) return { json: completion(answer), id }
  const withUsage = isObject(body['stream_options']) && body['stream_options']['include_usage'] === true
  return { events: streamEvents(answer, withUsage), id }
}

function readChat(body: Json, bytes: Uint8Array): ScriptedRequest {
  const { answered, latest } = splitTurn(objectsOf(body['messages']), (item) => item['role'] === 'assistant')
  const result = latest.findLast((item) => item['role'] === 'tool' || item['role'] === 'function')
  const functions = objectsOf(body['tools']).map((tool) => (isObject(tool['function']) ? tool['function'] : {}))
  const format = isObject(body['response_format']) ? body['response_format']['json_schema'] : null
  return {
    model: String(body['model']),
    bytes,
    answered,
    latest,
    prompt: textOf(latest.findLast((item) => item['role'] === 'user')?.['content']),
    result: result === undefined ? null : textOf(result['content']),
    tool:
      body['tool_choice'] === 'none'
        ? null
        : commandTool(functions.map((one) => ({ name: one['name'], schema: one['parameters'] }))),
    schema: isObject(format) && isObject(format['schema']) ? format['schema'] : null,
    thinks: body['reasoning_effort'] !== undefined && body['reasoning_effort'] !== 'none',
    tokensMax: body['max_completion_tokens'] ?? body['max_tokens'],
  }
}

const shell = (answer: ScriptedAnswer, object: string) => ({
  id: `chatcmpl-scripted-${answer.digest}`,
  object,
  created: 1_793_491_200,
  model: answer.model,
})

function completion(answer: ScriptedAnswer): object {
  const joined = (type: 'thinking' | 'text'): string | null =>
    answer.blocks.map((block) => (block.type === type ? block.text : '')).join('') || null
  const calls = answer.blocks.flatMap((block) => (block.type === 'call' ? [toolCall(block, answer.digest)] : []))
  const thinking = joined('thinking')
  const message = {
    role: 'assistant',
    content: joined('text'),
    refusal: null,
    ...(thinking === null ? {} : { reasoning_content: thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
  return {
    ...shell(answer, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReasons[answer.end] }],
    usage: usageOf(answer),
  }
}

function toolCall({ tool, input }: ScriptedBlock & { type: 'call' }, digest: string, text = JSON.stringify(input)) {
  return { id: `call_scripted_${digest}`, type: 'function', function: { name: tool.name, arguments: text } }
}

function usageOf({ usage }: ScriptedAnswer): object {
  const read = usage.fresh + usage.cacheRead + usage.cacheWrite
  return {
    prompt_tokens: read,
    completion_tokens: usage.written,
    total_tokens: read + usage.written,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    completion_tokens_details: { reasoning_tokens: usage.thinking },
  }
}

function* streamEvents(answer: ScriptedAnswer, withUsage: boolean): Generator<string> {
  const chunk = (choices: readonly object[], more: object = {}): string =>
    `data: ${JSON.stringify({ ...shell(answer, 'chat.completion.chunk'), choices, ...more })}\n\n`
  const choice = (delta: object, finish_reason: string | null = null): object => ({ index: 0, delta, finish_reason })
  const noUsage = withUsage ? { usage: null } : {}
  yield chunk([choice({ role: 'assistant', content: '' })], noUsage)
  for (const block of answer.blocks) {
    for (const delta of blockDeltas(block, answer.digest)) yield chunk([choice(delta)], noUsage)
  }
  yield chunk([choice({}, finishReasons[answer.end])], noUsage)
  if (withUsage) yield chunk([], { usage: usageOf(answer) })
  yield 'data: [DONE]\n\n'
}

function* blockDeltas(block: ScriptedBlock, digest: string): Generator<object> {
  switch (block.type) {
    case 'thinking':
      for (const reasoning_content of pieces(block.text)) yield { reasoning_content }
      return
    case 'text':
      for (const content of pieces(block.text)) yield { content }
      return
    case 'call':
      yield { tool_calls: [{ index: 0, ...toolCall(block, digest, '') }] }
      for (const part of pieces(JSON.stringify(block.input)))
        yield { tool_calls: [{ index: 0, function: { arguments: part } }] }
  }
}
