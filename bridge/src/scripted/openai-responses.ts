import { pieces, type ScriptedAnswer, scriptedAnswer, type ScriptedBlock, type ScriptedRequest } from './script.ts'
import type { Posted } from './speaker.ts'
import { type CommandTool, commandTool, isObject, type Json, objectsOf, splitTurn, textOf } from './tools.ts'

/** Responses. Nothing is stored: a client that relies on an earlier response has to send what it was about. */

export const response: Posted = (body, bytes) => {
  if (typeof body['input'] !== 'string' && !Array.isArray(body['input'])) return 'input: a text or a list is required'
  const answer = scriptedAnswer(readResponse(body, bytes))
  const id = answer.digest
  return body['stream'] === true ? { events: streamEvents(answer), id } : { json: wholeResponse(answer), id }
}

function readResponse(body: Json, bytes: Uint8Array): ScriptedRequest {
  const input = body['input']
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : objectsOf(input)
  const { answered, latest } = splitTurn(items, isModels)
  const result = latest.findLast((item) => String(item['type']).endsWith('_output'))
  const brought = items
    .filter((item) => item['type'] === 'additional_tools')
    .flatMap((item) => objectsOf(item['tools']))
  const format = isObject(body['text']) ? body['text']['format'] : null
  return {
    model: String(body['model']),
    bytes,
    answered,
    latest,
    prompt: textOf(latest.findLast((item) => item['role'] === 'user')?.['content']),
    result: result === undefined ? null : textOf(result['output']),
    tool: body['tool_choice'] === 'none' ? null : toolOf([...objectsOf(body['tools']), ...brought]),
    schema: isObject(format) && isObject(format['schema']) ? format['schema'] : null,
    thinks: isObject(body['reasoning']) && body['reasoning']['effort'] !== 'none',
    tokensMax: body['max_output_tokens'],
  }
}

const isModels = (item: Json): boolean =>
  item['role'] === 'assistant' || item['type'] === 'reasoning' || String(item['type']).endsWith('_call')

/** Codex has a function that runs commands or, with newer models, a tool that takes a program which calls that. */
function toolOf(tools: readonly Json[]): CommandTool | null {
  const flat = tools.flatMap((tool) => (tool['type'] === 'namespace' ? objectsOf(tool['tools']) : [tool]))
  const functions = flat.filter((tool) => tool['type'] === 'function')
  const found = commandTool(functions.map((tool) => ({ name: tool['name'], schema: tool['parameters'] })))
  if (found !== null) return found
  const program = flat.find((tool) => tool['type'] === 'custom' && tool['name'] === 'exec')
  if (program === undefined) return null
  return { name: 'exec', schema: { type: 'object', properties: { cmd: { type: 'string' } } }, inside: 'exec_command' }
}

function wholeResponse(answer: ScriptedAnswer): object {
  const cut = answer.end === 'cut'
  const { usage } = answer
  const read = usage.fresh + usage.cacheRead + usage.cacheWrite
  return {
    ...begun(answer),
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    output: answer.blocks.map((block, index) => itemOf(block, answer.digest, index)),
    usage: {
      input_tokens: read,
      input_tokens_details: { cached_tokens: usage.cacheRead },
      output_tokens: usage.written,
      output_tokens_details: { reasoning_tokens: usage.thinking },
      total_tokens: read + usage.written,
    },
  }
}

const begun = (answer: ScriptedAnswer) => ({
  id: `resp_scripted_${answer.digest}`,
  object: 'response',
  created_at: 1_793_491_200,
  status: 'in_progress',
  error: null,
  incomplete_details: null,
  model: answer.model,
  output: [],
  usage: null,
  store: false,
})

function itemOf(block: ScriptedBlock, digest: string, index: number): Json {
  const at = `scripted_${digest}_${index}`
  switch (block.type) {
    case 'thinking':
      return {
        type: 'reasoning',
        id: `rs_${at}`,
        summary: [{ type: 'summary_text', text: block.text }],
        // Without it the client could only refer to what is stored, and nothing is.
        encrypted_content: Buffer.from(at).toString('base64'),
      }
    case 'text': {
      const content = [{ type: 'output_text', text: block.text, annotations: [] }]
      return { type: 'message', id: `msg_${at}`, role: 'assistant', status: 'completed', content }
    }
    case 'call': {
      const facts = { call_id: `call_${at}`, name: block.tool.name, status: 'completed' }
      return block.tool.inside === undefined
        ? { type: 'function_call', id: `fc_${at}`, ...facts, arguments: JSON.stringify(block.input) }
        : { type: 'custom_tool_call', id: `ctc_${at}`, ...facts, input: programOf(block.tool.inside, block.input) }
    }
  }
}

const programOf = (tool: string, input: object): string =>
  `const r = await tools.${tool}(${JSON.stringify(input)}); text(r.output)`

function* streamEvents(answer: ScriptedAnswer): Generator<string> {
  let number = 0
  const event = (type: string, facts: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number++, ...facts })}\n\n`
  yield event('response.created', { response: begun(answer) })
  yield event('response.in_progress', { response: begun(answer) })
  for (const [output_index, block] of answer.blocks.entries()) {
    const item = itemOf(block, answer.digest, output_index)
    yield event('response.output_item.added', { output_index, item: { ...item, ...emptied[block.type](item) } })
    for (const [type, facts] of partsOf(block, item)) yield event(type, { item_id: item['id'], output_index, ...facts })
    yield event('response.output_item.done', { output_index, item })
  }
  const last = wholeResponse(answer)
  yield event(answer.end === 'cut' ? 'response.incomplete' : 'response.completed', { response: last })
}

/** An item as it is when it begins. */
const emptied: Readonly<Record<ScriptedBlock['type'], (item: Json) => object>> = {
  thinking: () => ({ summary: [] }),
  text: () => ({ status: 'in_progress', content: [] }),
  call: ({ type }) => ({ status: 'in_progress', ...(type === 'function_call' ? { arguments: '' } : { input: '' }) }),
}

function* partsOf(block: ScriptedBlock, item: Json): Generator<readonly [type: string, facts: object]> {
  switch (block.type) {
    case 'thinking': {
      const at = { summary_index: 0 }
      const part = { type: 'summary_text', text: block.text }
      yield ['response.reasoning_summary_part.added', { ...at, part: { ...part, text: '' } }]
      for (const delta of pieces(block.text)) yield ['response.reasoning_summary_text.delta', { ...at, delta }]
      yield ['response.reasoning_summary_text.done', { ...at, text: block.text }]
      yield ['response.reasoning_summary_part.done', { ...at, part }]
      return
    }
    case 'text': {
      const at = { content_index: 0 }
      const part = { type: 'output_text', text: block.text, annotations: [] }
      yield ['response.content_part.added', { ...at, part: { ...part, text: '' } }]
      for (const delta of pieces(block.text)) yield ['response.output_text.delta', { ...at, delta }]
      yield ['response.output_text.done', { ...at, text: block.text }]
      yield ['response.content_part.done', { ...at, part }]
      return
    }
    case 'call': {
      const isFunction = item['type'] === 'function_call'
      const [kind, field] = isFunction ? ['function_call_arguments', 'arguments'] : ['custom_tool_call_input', 'input']
      const whole = String(item[field])
      for (const delta of pieces(whole)) yield [`response.${kind}.delta`, { delta }]
      yield [`response.${kind}.done`, { [field]: whole }]
    }
  }
}
