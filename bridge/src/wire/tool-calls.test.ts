import { silentLog, systemClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { chunkFrame } from '../../../test/support/bedrock-frames.ts'
import { Gatekeeper } from '../gate/gatekeeper.ts'
import { Hold } from '../gate/hold.ts'
import { defaultLimits } from '../limits.ts'
import { fixturesOf } from '../testing/fixtures.ts'
import { readFixture } from '../testing/read-answer.ts'
import { anthropicReader } from './anthropic-messages/reader.ts'
import { anthropicToolCalls } from './anthropic-messages/tool-calls.ts'
import { bedrockToolCalls } from './bedrock/tool-calls.ts'
import { writeFrame } from './bedrock/frames.ts'
import { geminiReader } from './gemini/reader.ts'
import { geminiToolCalls } from './gemini/tool-calls.ts'
import { openaiChatReader } from './openai-chat/reader.ts'
import { chatToolCalls } from './openai-chat/tool-calls.ts'
import { openaiResponsesReader } from './openai-responses/reader.ts'
import { responsesToolCalls } from './openai-responses/tool-calls.ts'
import type { ToolCallFormat } from './tool-calls.ts'

/** What of a stream leaves where Bash is denied and all else is allowed, up to the end of the stream. */
function left(
  format: ToolCallFormat,
  stream: string | Buffer,
  forbidden = 'Bash',
): { text: string; denied: boolean; names: string[] } {
  const parts = { limits: defaultLimits, clock: systemClock, log: silentLog, observe: () => {} }
  const keeper = new Gatekeeper(
    { decide: ({ name }) => (name === forbidden ? { rule: 'no Bash', message: 'no' } : null) },
    'a',
    parts,
  )
  const hold = new Hold({ format, keeper, ...parts })
  const out = [...hold.take(Buffer.from(stream)).now, ...hold.end().now]
  return {
    text: Buffer.concat(out).toString('latin1'),
    denied: hold.denial !== null,
    names: keeper.decisions.map(({ name }) => name),
  }
}

const data = (...events: readonly (object | string)[]): string =>
  events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('')
const start = (index: number, block: object) => ({ type: 'content_block_start', index, content_block: block })
const use = (name: string) => ({ type: 'tool_use', id: 't', name, input: {} })
const stop = (index: number) => ({ type: 'content_block_stop', index })
const chat = (delta: object, more: object = {}) => ({ choices: [{ index: 0, delta, ...more }] })
const named = (name: string, more: object = {}) => ({ function: { name, arguments: '{}' }, ...more })
const item = (name: string, more: object = {}) => ({
  type: 'function_call',
  call_id: 'c',
  name,
  arguments: '{}',
  ...more,
})
const gemini = (part: object) => ({ candidates: [{ content: { parts: [part] } }] })

/** Streams that call Bash for some client, or that some client could take for one. None of them may leave whole. */
const hostile: readonly (readonly [string, ToolCallFormat, string | Buffer])[] = [
  [
    'a name that occurs twice',
    anthropicToolCalls,
    data(
      '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"Read","name":"Bash","input":{}}}',
      stop(0),
    ),
  ],
  ['a name in another case', anthropicToolCalls, data(start(0, { ...use('Read'), Name: 'Bash' }), stop(0))],
  [
    'only a name in another case',
    anthropicToolCalls,
    data(start(0, { type: 'tool_use', id: 't', input: {}, NAME: 'Bash' }), stop(0)),
  ],
  [
    'a key in escapes',
    anthropicToolCalls,
    data(
      '{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","n\\u0061me":"Bash","input":{}}}',
      stop(0),
    ),
  ],
  ['a call of an unknown type', anthropicToolCalls, data(start(0, { ...use('Bash'), type: 'tool_use_2' }), stop(0))],
  [
    'a call in the beginning of the message',
    anthropicToolCalls,
    data({ type: 'message_start', message: { content: [use('Bash')] } }),
  ],
  ['a call in an unknown event', anthropicToolCalls, data({ type: 'surprise', content_block: use('Bash') })],
  ['a call in a delta', anthropicToolCalls, data({ type: 'content_block_delta', index: 0, delta: use('Bash') })],
  ['an event named otherwise', anthropicToolCalls, `event: ping\n${data(start(0, use('Bash')))}${data(stop(0))}`],
  ['two calls at once', anthropicToolCalls, data(start(0, use('Read')), start(1, use('Bash')), stop(0), stop(1))],
  ['two calls in one place', anthropicToolCalls, data(start(0, use('Read')), start(0, use('Bash')), stop(0))],
  [
    'a call without a name',
    anthropicToolCalls,
    data(
      start(0, { type: 'tool_use', input: {} }),
      { type: 'content_block_delta', index: 0, delta: { type: 'x', name: 'Bash' } },
      stop(0),
    ),
  ],
  [
    'input for a text',
    anthropicToolCalls,
    data(
      start(0, { type: 'text', text: '' }),
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '"Bash"' } },
      stop(0),
    ),
  ],
  [
    'input in two places',
    anthropicToolCalls,
    data(
      start(0, { ...use('Read'), input: { a: 'Bash' } }),
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{}' } },
      stop(0),
    ),
  ],
  [
    'no JSON',
    anthropicToolCalls,
    data('{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","name":"Bash"'),
  ],
  ['a list', anthropicToolCalls, data(JSON.stringify([start(0, use('Bash')), stop(0)]))],
  [
    'line ends that some do not know',
    anthropicToolCalls,
    `: hello\rdata: ${JSON.stringify(start(0, use('Bash')))}\n\n${data(stop(0))}`,
  ],
  ['an event that is cut off', anthropicToolCalls, `data: ${JSON.stringify(start(0, use('Bash')))}`],
  ['a call that never stops', anthropicToolCalls, data(start(0, use('Bash')))],
  [
    'a name in pieces',
    chatToolCalls,
    data(
      chat({ tool_calls: [{ index: 0, id: 'a', ...named('Ba') }] }),
      chat({ tool_calls: [{ index: 0, ...named('sh') }] }),
      chat({}, { finish_reason: 'tool_calls' }),
    ),
  ],
  [
    'a later name',
    chatToolCalls,
    data(
      chat({ tool_calls: [{ index: 0, id: 'a', ...named('Read') }] }),
      chat({ tool_calls: [{ index: 0, ...named('Bash') }] }),
      chat({}, { finish_reason: 'tool_calls' }),
    ),
  ],
  [
    'another id in one place',
    chatToolCalls,
    data(
      chat({ tool_calls: [{ index: 0, id: 'a', ...named('Read') }] }),
      chat({ tool_calls: [{ index: 0, id: 'b', ...named('Bash') }] }),
      '[DONE]',
    ),
  ],
  ['calls without places', chatToolCalls, data(chat({ tool_calls: [named('Read'), named('Bash')] }), '[DONE]')],
  [
    'a message instead of a delta',
    chatToolCalls,
    data({ choices: [{ index: 0, delta: { content: 'a' }, message: { tool_calls: [named('Bash')] } }] }, '[DONE]'),
  ],
  [
    'the older form',
    chatToolCalls,
    data(chat({ function_call: { name: 'Bash', arguments: '' } }), chat({}, { finish_reason: 'function_call' })),
  ],
  [
    'the newer form',
    chatToolCalls,
    data(chat({ tool_calls: [{ index: 0, custom: { name: 'Bash', input: '' } }] }), '[DONE]'),
  ],
  ['a call beside the choices', chatToolCalls, data({ choices: [], extra: { tool_calls: [named('Bash')] } })],
  ['keys in another case', chatToolCalls, data(chat({ Tool_Calls: [named('Bash')] }), '[DONE]')],
  ['keys without underscores', chatToolCalls, data(chat({ toolCalls: [named('Bash')] }), '[DONE]')],
  ['calls that are no list', chatToolCalls, data(chat({ tool_calls: { 0: named('Bash') } }), '[DONE]')],
  [
    'an item that becomes another',
    responsesToolCalls,
    data(
      { type: 'response.output_item.added', output_index: 0, item: item('Read') },
      { type: 'response.output_item.done', output_index: 0, item: item('Bash') },
    ),
  ],
  [
    'an item that was another',
    responsesToolCalls,
    data(
      { type: 'response.output_item.added', output_index: 0, item: item('Bash') },
      { type: 'response.output_item.done', output_index: 0, item: { type: 'message' } },
    ),
  ],
  ['only at the end', responsesToolCalls, data({ type: 'response.completed', response: { output: [item('Bash')] } })],
  ['at the beginning', responsesToolCalls, data({ type: 'response.created', response: { output: [item('Bash')] } })],
  ['in an unknown event', responsesToolCalls, data({ type: 'response.surprise', thing: item('Bash') })],
  [
    'an unknown item',
    responsesToolCalls,
    data({ type: 'response.output_item.done', output_index: 0, item: { type: 'program', call_id: 'c', name: 'Bash' } }),
  ],
  [
    'a tool without a name of its own',
    responsesToolCalls,
    data({ type: 'response.output_item.done', output_index: 0, item: { type: 'Bash_call', action: {} } }),
  ],
  [
    'arguments that name it',
    responsesToolCalls,
    data(
      { type: 'response.output_item.added', output_index: 0, item: item('Read') },
      { type: 'response.function_call_arguments.done', output_index: 0, name: 'Bash', arguments: '{}' },
      { type: 'response.output_item.done', output_index: 0, item: item('Read') },
    ),
  ],
  [
    'a function without a name',
    responsesToolCalls,
    data({ type: 'response.output_item.done', output_index: 0, item: { ...item(''), function: { name: 'Bash' } } }),
  ],
  [
    'both spellings',
    geminiToolCalls,
    data(gemini({ functionCall: { name: 'Read' }, function_call: { name: 'Bash' } })),
  ],
  ['the other spelling', geminiToolCalls, data(gemini({ function_call: { name: 'Bash' } }))],
  ['no spelling of the API', geminiToolCalls, data(gemini({ FunctionCall: { name: 'Bash' } }))],
  ['another place', geminiToolCalls, data({ candidates: [{ extra: { functionCall: { name: 'Bash' } } }] })],
  [
    'a call that goes on',
    geminiToolCalls,
    data(gemini({ functionCall: { name: 'Bash', willContinue: true } }), gemini({ functionCall: {} })),
  ],
  [
    'a call that becomes another',
    geminiToolCalls,
    data(gemini({ functionCall: { name: 'Read', willContinue: true } }), gemini({ functionCall: { name: 'Bash' } })),
  ],
  [
    'a name that comes later',
    geminiToolCalls,
    data(gemini({ functionCall: { willContinue: true } }), gemini({ functionCall: { name: 'Bash' } })),
  ],
  [
    'a call in a frame',
    bedrockToolCalls,
    Buffer.concat([start(0, use('Bash')), stop(0)].map((event) => chunkFrame(JSON.stringify(event)))),
  ],
  [
    'a frame with two bytes',
    bedrockToolCalls,
    writeFrame(
      { ':event-type': 'chunk', ':message-type': 'event' },
      Buffer.from(
        `{"bytes":"${btoa('{"type":"ping"}')}","bytes":"${btoa(JSON.stringify({ type: 'x', a: use('Bash') }))}"}`,
      ),
    ),
  ],
  [
    'a frame with nothing carried',
    bedrockToolCalls,
    writeFrame({ ':message-type': 'event' }, Buffer.from(JSON.stringify({ type: 'x', a: use('Bash') }))),
  ],
  [
    'bytes that decoders read differently',
    bedrockToolCalls,
    writeFrame(
      { ':message-type': 'event' },
      Buffer.from(`{"bytes":"${btoa('{"type":"ping"}')}====${btoa(JSON.stringify(use('Bash')))}"}`),
    ),
  ],
]

test.each(hostile)('hostile: %s', (_what, format, stream) => {
  const { text, denied } = left(format, stream)
  expect(denied).toBe(true)
  expect(text).not.toContain('Bash')
})

/** What looks like a call, and is none of a tool of the client. */
const harmless: readonly (readonly [string, ToolCallFormat, string])[] = [
  [
    'a tool that the provider runs',
    anthropicToolCalls,
    data(
      start(0, { type: 'server_tool_use', id: 's', name: 'Bash', input: {} }),
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{}' } },
      stop(0),
    ),
  ],
  [
    'text about tools',
    anthropicToolCalls,
    data(
      start(0, { type: 'text', text: '' }),
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: '{"type":"tool_use","name":"Bash"}' },
      },
      stop(0),
    ),
  ],
  [
    'input with keys of its own',
    anthropicToolCalls,
    data(start(0, { ...use('Read'), input: { Name: 'a', name: 'b', type: 'tool_use' } }), stop(0)),
  ],
  [
    'no calls',
    chatToolCalls,
    data(chat({ content: 'a', tool_calls: null, function_call: null }), chat({ tool_calls: [] }), '[DONE]'),
  ],
  [
    'a search of the provider',
    responsesToolCalls,
    data({
      type: 'response.output_item.done',
      output_index: 0,
      item: { type: 'web_search_call', action: { query: 'Bash' } },
    }),
  ],
  [
    'tools that were offered',
    responsesToolCalls,
    data({
      type: 'response.created',
      response: { output: [], tools: [{ type: 'function', name: 'Bash', call_id: 'x' }] },
    }),
  ],
  ['code that the provider ran', geminiToolCalls, data(gemini({ executableCode: { code: 'Bash' } }))],
]

test.each(harmless)('harmless: %s', (_what, format, stream) => {
  const { text, denied } = left(format, stream)
  expect(denied).toBe(false)
  expect(text).toBe(stream)
})

const formats = [
  ['anthropic-messages', anthropicToolCalls, anthropicReader],
  ['openai-chat', chatToolCalls, openaiChatReader],
  ['openai-responses', responsesToolCalls, openaiResponsesReader],
  ['gemini', geminiToolCalls, geminiReader],
] as const

test.each(formats)('%s: the calls that are decided on are those that the record shows', (name, format, reader) => {
  let compared = 0
  for (const fixture of fixturesOf(name)) {
    const { observations } = readFixture(reader, fixture)
    const calls = observations.filter(({ kind, note }) => kind === 'tool_call' && note !== 'by_provider')
    // What is no JSON is shown as far as it can be, and not passed on.
    if (fixture.name === 'unknown-events' || fixture.contentType !== 'text/event-stream' || calls.length === 0) continue
    if (calls.some(({ note }) => note === 'truncated')) continue
    compared++
    const { names, denied } = left(format, fixture.bytes, '')
    expect(denied, fixture.name).toBe(false)
    const shown = calls.map(({ toolName }) => toolName)
    expect(new Set(names), fixture.name).toEqual(new Set(shown))
  }
  expect(compared).toBeGreaterThan(0)
})
