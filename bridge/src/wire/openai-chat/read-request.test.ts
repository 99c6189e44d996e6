import fc from 'fast-check'
import { expect, test } from 'vitest'
import { requestFacts } from '../openai/request-facts.ts'
import { readRequest } from './read-request.ts'
import { scanBody } from './scan-body.ts'

const read = (body: unknown, options?: { subAgent?: boolean }) =>
  readRequest(Buffer.from(JSON.stringify(body)), options)
const seen = (messages: unknown, more: object = {}) =>
  read({ model: 'm', messages, ...more }).observations.map(({ kind, origin, text }) => [kind, origin, text])
const facts = (body: object) => {
  const bytes = Buffer.from(JSON.stringify(body))
  const scanned = scanBody(bytes)
  return scanned.ok ? requestFacts(bytes, scanned.scan) : null
}

const system = { role: 'system', content: 'You are an agent.' }
const user = (content: unknown) => ({ role: 'user', content })
const text = (value: string) => ({ type: 'text', text: value })
const call = (id: string, name: string) => ({ id, type: 'function', function: { name, arguments: '{}' } })
const assistant = { role: 'assistant', content: null, tool_calls: [call('c1', 'read'), call('c2', 'write')] }

test('instructions are context, what a person wrote is the prompt, and what the client put around it is not', () => {
  const wrapped = '<environment_details>\nlinux\n</environment_details>'
  expect(
    seen([system, { role: 'developer', content: [text('Be brief.')] }, user([text('fix it'), text(wrapped)])]),
  ).toEqual([
    ['context', 'client', 'You are an agent.'],
    ['context', 'client', 'Be brief.'],
    ['context', 'client', wrapped],
    ['prompt', 'human', 'fix it'],
  ])
  expect(seen([user('plain')])).toEqual([['prompt', 'human', 'plain']])
})

test('all results behind the last answer are read, with the names of their calls', () => {
  const messages = [
    system,
    user('old'),
    { role: 'assistant', content: 'older answer' },
    user('older prompt'),
    assistant,
    { role: 'tool', tool_call_id: 'c1', content: 'text of the file' },
    { role: 'tool', tool_call_id: 'c2', content: [text('done'), text('well')] },
    { role: 'tool', tool_call_id: 'c9', content: '' },
    user('and now'),
  ]
  const { observations, continues } = read({ messages })
  expect(continues).toBe(true)
  expect(observations).toMatchObject([
    { kind: 'tool_result', origin: 'client', text: 'text of the file', toolCallId: 'c1', toolName: 'read' },
    { kind: 'tool_result', text: 'done\nwell', toolCallId: 'c2', toolName: 'write' },
    { kind: 'tool_result', text: '', toolCallId: 'c9', toolName: null },
    { kind: 'prompt', text: 'and now' },
  ])
  expect(
    read({ messages: [user('x'), { role: 'function', name: 'weather', content: '{}' }] }).observations,
  ).toMatchObject([{ kind: 'prompt' }, { kind: 'tool_result', toolName: 'weather', toolCallId: null }])
})

test('what a person attached is noted in the prompt, without its bytes', () => {
  const content = [
    { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAAAAAA' } },
    { type: 'image_url', image_url: { url: 'https://x.example/a.png' } },
    { type: 'input_audio', input_audio: { format: 'wav', data: 'AAAA' } },
    { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
    { type: 'mystery', n: 1 },
    text('what is this'),
  ]
  expect(seen([user(content)])).toEqual([
    [
      'prompt',
      'human',
      '[image image/png 6 bytes]\n[image https://x.example/a.png]\n[audio wav 3 bytes]\n[file a.pdf application/pdf 3 bytes]\n{"type":"mystery","n":1}\nwhat is this',
    ],
  ])
})

test('words put into the model’s mouth do not hide the prompt; calls without results bring nothing', () => {
  expect(seen([user('write json'), { role: 'assistant', content: '{' }])).toEqual([['prompt', 'human', 'write json']])
  expect(seen([user('go'), assistant])).toEqual([])
})

test('a prompt of a sub-agent was written by an agent, and a title is nobody’s turn', () => {
  expect(read({ messages: [user('search')] }, { subAgent: true }).observations[0]).toMatchObject({ origin: 'agent' })
  const title = [{ role: 'system', content: 'You are a title generator. You output ONLY a thread title.' }, user('hi')]
  expect(read({ messages: title })).toMatchObject({ side: true })
  expect(read({ messages: title, tools: [call('', 'x')] }).side).toBe(false)
  expect(read({ messages: [user('x')], max_tokens: 1 }).side).toBe(true)
})

test('the tools that were offered are named, whatever their kind', () => {
  const tools = [
    { type: 'function', function: { name: 'bash' } },
    { type: 'custom', custom: { name: 'patch' } },
    { type: 'web_search' },
    7,
  ]
  expect(read({ messages: [], tools, functions: [{ name: 'old' }] }).toolsOffered).toEqual([
    'bash',
    'patch',
    'web_search',
    'old',
  ])
})

test('asking the same again has the same turn, carrying on has the same beginning', () => {
  const first = read({ messages: [system, user('hi')], stream: true })
  const again = read({ messages: [system, user([text('hi')])], stream: false })
  const next = read({ messages: [system, user('hi'), assistant, { role: 'tool', tool_call_id: 'c1', content: 'x' }] })
  expect(again.turn).toBe(first.turn)
  expect([again.beginning, next.beginning]).toEqual([first.beginning, first.beginning])
  expect(next.turn).not.toBe(first.turn)
  expect(read({ messages: [system, user('ho')] }).beginning).not.toBe(first.beginning)
})

test('the body says the model, whether it streams, and the session where the client has one', () => {
  const key = '0199aa00-1111-7000-8000-000000000001'
  expect(facts({ model: 'gpt-5.5', stream: true, messages: [], prompt_cache_key: key })).toEqual({
    model: 'gpt-5.5',
    streaming: true,
    bodySessionId: key,
  })
  expect(facts({ model: 7, stream: 'true', prompt_cache_key: 'my-app' })).toEqual({
    model: '',
    streaming: false,
    bodySessionId: null,
  })
})

test('a body that parsers could read in two ways is a problem', () => {
  for (const body of [
    '{"model":"a","model":"b"}',
    '{"Model":"a"}',
    '{"messages":[],"messages":[]}',
    '{"stream":true,"STREAM":false}',
  ])
    expect(scanBody(Buffer.from(body)).ok, body).toBe(false)
})

test('wrong shapes never throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (a, b, c) => {
      read(a)
      read({ messages: a, tools: b, functions: c, client_metadata: a, prompt_cache_key: b, max_tokens: c })
      read({
        messages: [
          { role: a, content: b },
          { role: 'assistant', content: a, tool_calls: [b, { id: 'x', function: c, namespace: a }] },
          { role: 'tool', tool_call_id: a, content: b, name: c },
          { role: 'user', content: [a, { type: 'image_url', image_url: b }, { type: 'file', file: c }, { text: a }] },
        ],
        tools: [{ type: a, name: b, function: { name: c } }],
      })
    }),
  )
  expect(readRequest(Buffer.from('{"messages":')).observations).toEqual([])
})
