import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRequest } from './read-request.ts'

const read = (body: unknown, options?: { subAgent?: boolean }) =>
  readRequest(Buffer.from(JSON.stringify(body)), options)
const seen = (messages: unknown, more: object = {}) =>
  read({ model: 'm', messages, ...more }).observations.map(({ kind, origin, text }) => [kind, origin, text])

const user = (...content: unknown[]) => ({ role: 'user', content })
const text = (value: string) => ({ type: 'text', text: value })
const assistant = { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} }] }
const toolResult = (content: unknown, more: object = {}) => ({
  type: 'tool_result',
  tool_use_id: 'toolu_1',
  content,
  ...more,
})

test('a person’s prompt is told from the reminders that the client puts around it', () => {
  const message = user(
    text('<system-reminder>\nContext of the project\n</system-reminder>\n'),
    text('fix the failing test'),
  )
  expect(seen([message, { role: 'system', content: '# Environment\nlinux' }])).toEqual([
    ['context', 'client', '<system-reminder>\nContext of the project\n</system-reminder>'],
    ['prompt', 'human', 'fix the failing test'],
    ['context', 'client', '# Environment\nlinux'],
  ])
})

test('a reminder in front of or behind a prompt in the same text is cut off it', () => {
  expect(
    seen([user(text('<system-reminder>a</system-reminder>\n\ndo it\n<system-reminder>b</system-reminder>'))]),
  ).toEqual([
    ['context', 'client', '<system-reminder>a</system-reminder>'],
    ['context', 'client', '<system-reminder>b</system-reminder>'],
    ['prompt', 'human', 'do it'],
  ])
  expect(seen([user(text('<current_datetime>now</current_datetime>\nrun it'))])).toEqual([
    ['context', 'client', '<current_datetime>now</current_datetime>'],
    ['prompt', 'human', 'run it'],
  ])
})

test('a notification of the client is no prompt', () => {
  const notice = '<system-reminder>\n[SYSTEM NOTIFICATION - NOT USER INPUT]\nthe agent is done\n</system-reminder>'
  expect(seen([assistant, user(text(notice))])).toEqual([['context', 'client', notice]])
  expect(seen([assistant, user(text('[Request interrupted by user for tool use]'))])[0]?.slice(0, 2)).toEqual([
    'context',
    'client',
  ])
})

test('plain string content and prompts that were queued are one prompt', () => {
  expect(seen([{ role: 'user', content: 'prompt two\nprompt three' }])).toEqual([
    ['prompt', 'human', 'prompt two\nprompt three'],
  ])
  expect(seen([user(text('one'), text('two'))])).toEqual([['prompt', 'human', 'one\ntwo']])
})

test('only what follows the last answer is read', () => {
  const { observations, continues } = read({
    messages: [user(text('old')), assistant, user(toolResult('ok')), assistant, user(toolResult('ok again'))],
  })
  expect(continues).toBe(true)
  expect(observations).toMatchObject([
    { kind: 'tool_result', text: 'ok again', toolCallId: 'toolu_1', toolName: 'Bash', isError: false },
  ])
})

test('tool results keep their text, note what is no text, and say when they are errors', () => {
  const content = [
    text('a'),
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
    { type: 'tool_reference', tool_name: 'mcp__x' },
  ]
  const { observations } = read({
    messages: [assistant, user(toolResult(content), toolResult('no', { is_error: true }), toolResult(undefined))],
  })
  expect(observations.map(({ text: said, isError }) => [said, isError])).toEqual([
    ['a\n[image image/png 3 bytes]\n[tool mcp__x]', false],
    ['no', true],
    ['', false],
  ])
})

test('a prompt typed while tools ran is found beside their results', () => {
  expect(
    seen([
      assistant,
      user(toolResult('ok'), text('<system-reminder>x</system-reminder>'), text('also update the docs')),
    ]),
  ).toEqual([
    ['tool_result', 'client', 'ok'],
    ['context', 'client', '<system-reminder>x</system-reminder>'],
    ['prompt', 'human', 'also update the docs'],
  ])
})

test('an image that a person pasted is part of the prompt', () => {
  expect(
    seen([user({ type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } }, text('what is this'))]),
  ).toEqual([['prompt', 'human', '[image https://x.example/a.png]\nwhat is this']])
})

test('the prompt of a sub-agent was written by an agent', () => {
  const { observations } = read({ messages: [user(text('search the code'))] }, { subAgent: true })
  expect(observations[0]).toMatchObject({ kind: 'prompt', origin: 'agent' })
})

test('words put into the model’s mouth do not hide the prompt, and a paused answer brings none', () => {
  expect(seen([user(text('write json')), { role: 'assistant', content: '{' }])).toEqual([
    ['prompt', 'human', 'write json'],
  ])
  expect(
    seen([
      user(text('search')),
      { role: 'assistant', content: [{ type: 'server_tool_use', id: 's', name: 'web_search' }] },
    ]),
  ).toEqual([])
})

test('requests of the client’s own making are nobody’s turn', () => {
  const system = [text('x-anthropic-billing-header: cc_version=2;'), text('title')]
  const title = { system, tools: [], output_config: { format: { type: 'json_schema' } }, messages: [user(text('hi'))] }
  expect(read(title)).toMatchObject({ side: true, observations: [{ kind: 'prompt', origin: 'client' }] })
  expect(read({ max_tokens: 1, messages: [user(text('quota'))] }).side).toBe(true)
  expect(read({ max_tokens: 100, system, tools: [{ name: 'Bash' }], messages: [user(text('hi'))] }).side).toBe(false)
})

test('asking the same again has the same turn; moving cache marks change neither turn nor beginning', () => {
  const marked = (mark: boolean) => ({ ...text('hi'), ...(mark && { cache_control: { type: 'ephemeral' } }) })
  const system = (mark: boolean, version: number) => [
    text(`x-anthropic-billing-header: v=${version};`),
    { ...text('You are'), ...(mark && { cache_control: {} }) },
  ]
  const first = read({ system: system(true, 1), messages: [user(marked(true))], stream: true })
  const again = read({ system: system(false, 2), messages: [user(marked(false))], stream: false })
  expect(again.turn).toBe(first.turn)
  expect(again.beginning).toBe(first.beginning)
  const next = read({ system: system(false, 3), messages: [user(marked(false)), assistant, user(marked(true))] })
  expect(next.beginning).toBe(first.beginning)
  expect(next.turn).not.toBe(first.turn)
})

test('the tools that were offered are named', () => {
  const tools = [{ name: 'Bash' }, { type: 'web_search_20250305' }, 7]
  expect(read({ tools, messages: [] }).toolsOffered).toEqual(['Bash', 'web_search_20250305'])
})

test('wrong shapes never throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (a, b, c) => {
      read(a)
      read({ messages: a, system: b, tools: c, metadata: a, max_tokens: b })
      read({
        messages: [
          { role: 'user', content: a },
          { role: b, content: [c] },
          {
            role: 'user',
            content: [
              { type: 'text', text: a },
              { type: 'tool_result', content: [b], tool_use_id: c },
            ],
          },
        ],
      })
    }),
  )
  expect(readRequest(Buffer.from('{"messages":')).observations).toEqual([])
})
