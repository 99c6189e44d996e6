import { expect, test } from 'vitest'
import { readRequest } from './read-request.ts'

const read = (body: unknown, about: { subAgent?: boolean; client?: string } = {}) =>
  readRequest(Buffer.from(JSON.stringify(body)), { subAgent: false, client: 'Gemini CLI', ...about })
const seen = (contents: unknown, more: object = {}) =>
  read({ contents, ...more }).observations.map(({ kind, origin, text }) => [kind, origin, text])

const user = (...parts: unknown[]) => ({ role: 'user', parts })
const model = (...parts: unknown[]) => ({ role: 'model', parts })
const call = { functionCall: { name: 'run_shell_command', args: { command: 'ls' } } }

test('a person’s prompt is told from the context that the client puts before it', () => {
  const context = '<session_context>\nToday is Friday\n</session_context>'
  expect(seen([user({ text: context }), user({ text: 'fix the test' })])).toEqual([
    ['context', 'client', context],
    ['prompt', 'human', 'fix the test'],
  ])
})

test('only what follows the last answer is new, and results name their tool', () => {
  const response = { name: 'run_shell_command', id: 'c1', response: { output: 'a.txt' } }
  const reading = read({ contents: [user({ text: 'list' }), model(call), user({ functionResponse: response })] })
  expect(reading).toMatchObject({ continues: true, side: false })
  expect(reading.observations).toMatchObject([
    {
      kind: 'tool_result',
      origin: 'client',
      text: 'a.txt',
      toolName: 'run_shell_command',
      toolCallId: 'c1',
      isError: false,
    },
  ])
  expect(read({ contents: [user({ text: 'list' })] }).continues).toBe(false)
})

test('results of any shape are text, and an error is told', () => {
  const results = [{ error: 'denied' }, { output: { n: 1 } }, { n: 2 }, 'plain', undefined].map((response) => ({
    functionResponse: { name: 'f', response },
  }))
  const { observations } = read({ contents: [model(call), { role: 'function', parts: results }] })
  expect(observations.map(({ text, isError }) => [text, isError])).toEqual([
    ['denied', true],
    ['{"n":1}', false],
    ['{"n":2}', false],
    ['plain', false],
    ['', false],
  ])
})

test('pictures and files are notes, names of the protocol buffers are understood, and nothing is left out', () => {
  expect(
    seen([
      user({ text: 'what is this' }, { inline_data: { mime_type: 'image/png', data: 'AAAA' } }),
      user({ fileData: { mimeType: 'text/csv', fileUri: 'gs://b/x.csv' } }, { novelty: 1 }),
    ]),
  ).toEqual([
    ['prompt', 'human', 'what is this\n[image/png 3 bytes]'],
    ['prompt', 'human', '[text/csv gs://b/x.csv]\n{"novelty":1}'],
  ])
})

test('what Gemini CLI asks a small model on its own account is nobody’s turn; the same from a program is', () => {
  const body = { contents: [user({ text: 'route this' })], generationConfig: { responseJsonSchema: {} } }
  expect(read(body)).toMatchObject({ side: true, observations: [{ kind: 'prompt', origin: 'client' }] })
  expect(read(body, { client: 'Google Gen AI SDK' })).toMatchObject({
    side: false,
    observations: [{ origin: 'human' }],
  })
  expect(read({ ...body, tools: [{ functionDeclarations: [] }] }).side).toBe(false)
})

test('the tools on offer are functions by name and the provider’s own by kind', () => {
  const tools = [{ functionDeclarations: [{ name: 'read_file' }, { name: 7 }] }, { googleSearch: {} }, null]
  expect(read({ contents: [], tools }).toolsOffered).toEqual(['read_file', 'googleSearch'])
})

test('a conversation is known by its system text and its first user text, in either spelling', () => {
  const contents = [user({ text: 'hello' })]
  const system = { parts: [{ text: 'be brief' }] }
  const first = read({ contents, systemInstruction: system }).beginning
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect(read({ contents: [...contents, model({ text: 'hi' })], system_instruction: system }).beginning).toBe(first)
  expect(read({ contents }).beginning).not.toBe(first)
  expect(read({ contents: [] }).beginning).toBeNull()
})
