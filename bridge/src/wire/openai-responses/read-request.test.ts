import fc from 'fast-check'
import { expect, test } from 'vitest'
import { requestFacts } from '../openai/request-facts.ts'
import { readRequest } from './read-request.ts'
import { scanBody } from './scan-body.ts'

const read = (body: unknown, options?: { subAgent?: boolean }) =>
  readRequest(Buffer.from(JSON.stringify(body)), options)
const seen = (input: unknown, more: object = {}) =>
  read({ model: 'm', input, ...more }).observations.map(({ kind, origin, text }) => [kind, origin, text])
const facts = (body: object) => {
  const bytes = Buffer.from(JSON.stringify(body))
  const scanned = scanBody(bytes)
  return scanned.ok ? requestFacts(bytes, scanned.scan) : null
}

const message = (role: string, ...texts: string[]) => ({
  type: 'message',
  role,
  content: texts.map((text) => ({ type: 'input_text', text })),
})
const environment = '<environment_context>\n  <cwd>/work</cwd>\n</environment_context>'
const call = { type: 'function_call', call_id: 'call_1', name: 'exec_command', arguments: '{}' }
const output = (more: object = {}) => ({ type: 'function_call_output', call_id: 'call_1', output: 'ok', ...more })
const answer = {
  type: 'message',
  role: 'assistant',
  phase: 'final_answer',
  content: [{ type: 'output_text', text: 'Done.' }],
}

test('plain text is a prompt', () => {
  expect(seen('run it')).toEqual([['prompt', 'human', 'run it']])
  expect(seen([{ role: 'user', content: 'run it' }], { instructions: 'You are.' })).toEqual([
    ['prompt', 'human', 'run it'],
  ])
})

test('of what Codex sends first only the last words are a person’s', () => {
  const tools = {
    type: 'additional_tools',
    role: 'developer',
    tools: [
      { type: 'namespace', name: 'functions', tools: [{ type: 'custom', name: 'exec' }] },
      {
        type: 'namespace',
        name: 'mcp__docs',
        tools: [
          { type: 'function', name: 'ask' },
          { type: 'function', name: 'find' },
        ],
      },
      { type: 'web_search' },
    ],
  }
  const input = [
    tools,
    message('developer', 'You are Codex.', '<permissions instructions>none</permissions instructions>'),
    message('user', '# AGENTS.md instructions for /work\n\n<INSTRUCTIONS>be brief</INSTRUCTIONS>', environment),
    message('user', 'run the marker'),
  ]
  const names = ['functions.exec', 'mcp__docs__ask', 'mcp__docs__find', 'web_search']
  expect(seen(input)).toEqual([
    ['context', 'client', `[tools ${names.join(', ')}]`],
    ['context', 'client', 'You are Codex.\n<permissions instructions>none</permissions instructions>'],
    ['context', 'client', '# AGENTS.md instructions for /work\n\n<INSTRUCTIONS>be brief</INSTRUCTIONS>'],
    ['context', 'client', environment],
    ['prompt', 'human', 'run the marker'],
  ])
  expect(read({ input }).toolsOffered).toEqual(names)
  expect(read({ input: [...input, call, output()] }).toolsOffered).toEqual(names)
})

test('results of every kind of call are read with the names of the calls', () => {
  const call = (type: string, call_id: string, more: object = {}) => ({ type, call_id, ...more })
  const input = [
    message('user', 'old'),
    call('function_call', 'a', { name: 'search', namespace: 'mcp__docs' }),
    call('custom_tool_call', 'b', { name: 'apply_patch' }),
    { type: 'local_shell_call', id: 'lsh', call_id: 'c' },
    call('shell_call', 'd'),
    call('computer_call', 'e'),
    call('apply_patch_call', 'f'),
    call('tool_search_call', 'g'),
    { type: 'mcp_approval_request', id: 'mcpr', server_label: 'docs', name: 'drop' },
    call('function_call_output', 'a', {
      output: [
        { type: 'input_text', text: 'one' },
        { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
      ],
    }),
    call('custom_tool_call_output', 'b', { output: 'patched' }),
    { type: 'local_shell_call_output', id: 'c', output: '{"stdout":"x"}' },
    call('shell_call_output', 'd', {
      output: [{ stdout: 'out', stderr: 'err', outcome: { type: 'exit', exit_code: 1 } }],
    }),
    call('computer_call_output', 'e', {
      output: { type: 'computer_screenshot', image_url: 'https://x.example/s.png' },
    }),
    call('apply_patch_call_output', 'f', { status: 'failed', output: 'no such file' }),
    call('tool_search_output', 'g', { tools: [{ type: 'function', name: 'found' }] }),
    { type: 'mcp_approval_response', approval_request_id: 'mcpr', approve: false, reason: 'too risky' },
    message('user', 'and now'),
  ]
  const { observations, continues } = read({ input })
  expect(continues).toBe(true)
  expect(
    observations.map(({ kind, toolName, toolCallId, text, isError }) => [kind, toolName, toolCallId, text, isError]),
  ).toEqual([
    ['tool_result', 'mcp__docs__search', 'a', 'one\n[image image/png 3 bytes]', false],
    ['tool_result', 'apply_patch', 'b', 'patched', false],
    ['tool_result', 'local_shell', 'c', '{"stdout":"x"}', false],
    ['tool_result', 'shell', 'd', 'out\nerr', false],
    ['tool_result', 'computer', 'e', '[image https://x.example/s.png]', false],
    ['tool_result', 'apply_patch', 'f', 'no such file', true],
    ['tool_result', 'tool_search', 'g', 'found', false],
    ['tool_result', 'mcp__docs__drop', 'mcpr', 'denied: too risky', true],
    ['prompt', null, null, 'and now', false],
  ])
})

test('only what follows the last answer is read, however many items the answer has', () => {
  const thought = { type: 'reasoning', summary: [], encrypted_content: 'x' }
  expect(
    seen([message('user', 'old'), thought, call, output({ output: 'old' }), thought, answer, message('user', 'new')]),
  ).toEqual([['prompt', 'human', 'new']])
  expect(
    seen([message('user', 'old'), { type: 'compaction', encrypted_content: 'x' }, message('user', 'new')]),
  ).toEqual([['prompt', 'human', 'new']])
  expect(seen([message('user', 'old'), { type: 'item_reference', id: 'fc_1' }, output()])[0]?.[0]).toBe('tool_result')
  expect(seen([message('user', 'old'), call])).toEqual([])
})

test('what carries a stored response on says so, and is told apart by what it follows', () => {
  const after = (previous_response_id: string) => read({ input: [message('user', 'go on')], previous_response_id })
  expect(after('resp_1')).toMatchObject({ continues: true, beginning: null })
  expect(after('resp_1').turn).toBe(after('resp_1').turn)
  expect(after('resp_1').turn).not.toBe(after('resp_2').turn)
  expect(read({ input: 'x', conversation: { id: 'conv_1' } }).continues).toBe(true)
  expect(read({ input: 'x', previous_response_id: null }).continues).toBe(false)
})

test('a conversation begins with what a person wrote, whatever the client put in front', () => {
  const first = [message('developer', 'You are.'), message('user', environment), message('user', 'hi')]
  const begun = read({ input: first }).beginning
  expect(begun).not.toBeNull()
  expect(read({ input: [...first, call, output()] }).beginning).toBe(begun)
  expect(read({ input: [...first.slice(0, 2), message('user', 'ho')] }).beginning).not.toBe(begun)
  expect(read({ input: first.slice(0, 2) }).beginning).toBeNull()
  expect(read({ input: 'hi' }).beginning).not.toBe(read({ input: 'hi', instructions: 'x' }).beginning)
})

test('a prompt of a sub-agent was written by an agent, and warming a cache up is nobody’s turn', () => {
  expect(read({ input: 'search' }, { subAgent: true }).observations[0]).toMatchObject({ origin: 'agent' })
  const turn = (request_kind: string) => ({ 'x-codex-turn-metadata': JSON.stringify({ request_kind }) })
  expect(read({ input: 'x', client_metadata: turn('prewarm') }).side).toBe(true)
  expect(read({ input: 'x', client_metadata: turn('turn') }).side).toBe(false)
})

test('the session comes from what Codex says of its turn, else from the key of the cache', () => {
  const key = '0199aa00-1111-7000-8000-000000000001'
  const metadata = { 'x-codex-turn-metadata': '{"session_id":"s-1","thread_id":"t-1"}' }
  expect(facts({ model: 'gpt-5.5', stream: true, prompt_cache_key: key, client_metadata: metadata })).toEqual({
    model: 'gpt-5.5',
    streaming: true,
    bodySessionId: 's-1',
  })
  expect(facts({ client_metadata: { session_id: 's-2' } })?.bodySessionId).toBe('s-2')
  expect(facts({ prompt_cache_key: key })?.bodySessionId).toBe(key)
  expect(facts({ prompt_cache_key: 'my-agent-of-choice' })?.bodySessionId).toBeNull()
})

test('a body that parsers could read in two ways is a problem', () => {
  for (const body of [
    '{"model":"a","model":"b"}',
    '{"INPUT":"a"}',
    '{"previous_response_id":"a","previous_response_id":"b"}',
  ])
    expect(scanBody(Buffer.from(body)).ok, body).toBe(false)
})

test('wrong shapes never throw', () => {
  const types = [
    'message',
    'function_call',
    'function_call_output',
    'mcp_approval_response',
    'additional_tools',
    'x_output',
  ]
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (a, b, c) => {
      read(a)
      read({ input: a, instructions: b, tools: c, previous_response_id: a, conversation: b, client_metadata: c })
      const items = types.map((type) => ({
        type,
        role: a,
        content: b,
        call_id: c,
        name: a,
        output: b,
        tools: c,
        reason: a,
      }))
      read({ input: [a, ...items], tools: [{ type: 'namespace', name: a, tools: [b, c] }] })
      read({ input: [...items, { role: 'user', content: [a, { text: b }, { type: 'input_image', image_url: c }] }] })
    }),
  )
  expect(readRequest(Buffer.from('{"input":')).observations).toEqual([])
})
