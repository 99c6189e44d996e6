import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'

let provider: ScriptedProvider
beforeAll(async () => {
  provider = await startScriptedProvider()
})
afterAll(async () => {
  await provider[Symbol.asyncDispose]()
})

const bash = {
  name: 'Bash',
  input_schema: {
    type: 'object',
    properties: { command: { type: 'string' }, description: { type: 'string' }, timeout: { type: 'number' } },
    required: ['command', 'description'],
  },
}
const prompt = { role: 'user', content: [{ type: 'text', text: 'show me' }] }

function post(path: string, body: object | string): Promise<Response> {
  return fetch(provider.url + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })
}

async function message(body: object) {
  const answer = await post('/v1/messages', { model: 'scripted-1', max_tokens: 1000, ...body })
  expect(answer.status).toBe(200)
  return JSON.parse(await answer.text())
}

test('a prompt with a command tool is thought about, announced and answered with a harmless command', async () => {
  const answer = await message({ messages: [prompt], tools: [bash], thinking: { type: 'adaptive' } })
  expect(answer.content.map((block: { type: string }) => block.type)).toEqual(['thinking', 'text', 'tool_use'])
  expect(answer.content[2].input).toEqual({ command: "printf 'hello from reeve'", description: 'Print a greeting' })
  expect(answer.stop_reason).toBe('tool_use')
  expect(answer.content[1].text).toContain('no model was asked')
})

test('the result of the command is cited', async () => {
  const call = { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} }
  const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'hello from reeve' }] }
  const messages = [prompt, { role: 'assistant', content: [call] }, { role: 'user', content: [result] }]
  const answer = await message({ messages, tools: [bash] })
  expect(answer.content).toHaveLength(1)
  expect(answer.content[0].text).toContain('hello from reeve')
  expect(answer.stop_reason).toBe('end_turn')
  expect(answer.usage.cache_read_input_tokens).toBeGreaterThan(0)
})

test('thinking comes only when it is asked for, and a tool only when one is offered', async () => {
  const answer = await message({ messages: [{ role: 'user', content: 'what is a reeve?' }] })
  expect(answer.content).toHaveLength(1)
  expect(answer.content[0].text).toContain('what is a reeve?')
})

test('a stream says the same as the whole message', async () => {
  const body = {
    messages: [prompt],
    tools: [bash],
    thinking: { type: 'adaptive' },
    model: 'scripted-1',
    max_tokens: 1000,
  }
  const streamed = await (await post('/v1/messages', { ...body, stream: true })).text()
  const events = streamed
    .trim()
    .split('\n\n')
    .map((event) => JSON.parse(event.split('\ndata: ')[1] ?? ''))
  expect(events.at(0).type).toBe('message_start')
  expect(events.at(-1).type).toBe('message_stop')
  const deltas = events.filter((event) => event.type === 'content_block_delta').map((event) => event.delta)
  const joined = (field: string) => deltas.map((delta) => delta[field] ?? '').join('')
  const whole = await message(body)
  expect(joined('thinking')).toBe(whole.content[0].thinking)
  expect(joined('text')).toBe(whole.content[1].text)
  expect(JSON.parse(joined('partial_json'))).toEqual(whole.content[2].input)
})

test('a request for an answer in a schema gets one that fits', async () => {
  const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] }
  const answer = await message({ messages: [prompt], output_config: { format: { type: 'json_schema', schema } } })
  expect(JSON.parse(answer.content[0].text)).toEqual({ title: 'Scripted session' })
})

test('few tokens cut the answer as a provider would', async () => {
  const answer = await message({ messages: [prompt], max_tokens: 1 })
  expect(answer.stop_reason).toBe('max_tokens')
  expect(answer.content[0].text).toHaveLength(4)
})

test('bad requests get errors in Anthropic’s shape', async () => {
  for (const [path, body, status] of [
    ['/v1/messages', '{', 400],
    ['/v1/messages', '[]', 400],
    ['/v1/messages', '{"messages":[]}', 400],
    ['/v1/messages', '{"model":"m"}', 400],
    ['/v1/files', '{}', 404],
  ] as const) {
    const answer = await post(path, body)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ type: 'error', error: { message: expect.any(String) } })
  }
})

test('models, token counts and the greeting of Claude Code are answered', async () => {
  const models = JSON.parse(await (await fetch(`${provider.url}/v1/models?limit=1000`)).text())
  expect(models.data.map((model: { id: string }) => model.id)).toContain('scripted-1')
  expect((await fetch(`${provider.url}/v1/models/scripted-1`)).status).toBe(200)
  expect((await fetch(`${provider.url}/v1/models/other`)).status).toBe(404)
  const counted = await post('/v1/messages/count_tokens', { model: 'scripted-1', messages: [prompt] })
  expect(await counted.json()).toEqual({ input_tokens: expect.any(Number) })
  expect((await fetch(`${provider.url}/api/hello`, { method: 'HEAD' })).status).toBe(200)
})
