import { GoogleGenAI, type Content } from '@google/genai'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'

/** The script in the words of other makers, as their own SDKs understand it. */

let provider: ScriptedProvider
let openai: OpenAI
let google: GoogleGenAI
beforeAll(async () => {
  provider = await startScriptedProvider()
  openai = new OpenAI({ baseURL: provider.openaiUrl, apiKey: 'none', maxRetries: 0 })
  google = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: provider.geminiUrl } })
})
afterAll(() => provider[Symbol.asyncDispose]())

const model = 'scripted-1'
const schema = { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] }
const command = { command: "printf 'hello from reeve'" }
const prompt = { role: 'user' as const, content: 'show me' }
const fn = { name: 'shell', parameters: schema }

test('chat completions: a command, then what it printed, streamed and whole alike', async () => {
  const tools = [{ type: 'function' as const, function: fn }]
  const asked = { model, messages: [prompt], tools, reasoning_effort: 'low' as const }
  const whole = await openai.chat.completions.create(asked)
  const streamed = openai.chat.completions.stream({ ...asked, stream_options: { include_usage: true } })
  const last = await streamed.finalChatCompletion()
  const [call] = whole.choices[0]!.message.tool_calls!
  expect(whole.choices[0]!.finish_reason).toBe('tool_calls')
  expect(call).toMatchObject({ type: 'function', function: { name: 'shell', arguments: JSON.stringify(command) } })
  expect(last.choices[0]!.message.content).toBe(whole.choices[0]!.message.content)
  expect(last.choices[0]!.message.tool_calls).toMatchObject([{ ...call, id: expect.any(String) }])
  expect(last.usage?.total_tokens).toBeGreaterThan(whole.usage!.completion_tokens)

  const result = { role: 'tool' as const, tool_call_id: call!.id, content: 'hello from reeve' }
  const next = await openai.chat.completions.create({
    ...asked,
    messages: [prompt, { role: 'assistant', tool_calls: [call!] }, result],
  })
  expect(next.choices[0]).toMatchObject({
    finish_reason: 'stop',
    message: { content: expect.stringContaining('printed: hello') },
  })
  expect(next.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(0)
})

test('responses: a command, then what it printed, streamed and whole alike', async () => {
  const asked = {
    model,
    input: [prompt],
    tools: [{ type: 'function' as const, ...fn, strict: false }],
    reasoning: { effort: 'low' as const },
  }
  const whole = await openai.responses.create(asked)
  const last = await openai.responses.stream(asked).finalResponse()
  expect(whole.output.map((item) => item.type)).toEqual(['reasoning', 'message', 'function_call'])
  expect(last.output_text).toBe(whole.output_text)
  expect(last.output.at(-1)).toMatchObject({ name: 'shell', arguments: JSON.stringify(command) })
  const call = whole.output.find((item) => item.type === 'function_call')!
  const result = { type: 'function_call_output' as const, call_id: call.call_id, output: 'hello from reeve' }
  const next = await openai.responses.create({ ...asked, input: [prompt, call, result] })
  expect(next.output_text).toContain('printed: hello from reeve')
  expect(next.usage?.input_tokens_details.cached_tokens).toBeGreaterThan(0)
})

test('responses: where Codex has one tool that takes a program, the command is inside of one', async () => {
  const tools = [{ type: 'namespace', name: 'functions', tools: [{ type: 'custom', name: 'exec' }] }]
  const answer = await fetch(`${provider.openaiUrl}responses`, {
    method: 'POST',
    body: JSON.stringify({ model, input: [{ type: 'additional_tools', role: 'developer', tools }, prompt] }),
  })
  expect(await answer.json()).toMatchObject({
    output: [
      { type: 'message' },
      { type: 'custom_tool_call', name: 'exec', input: expect.stringContaining('tools.exec_command({"cmd":"printf') },
    ],
  })
})

test('responses: few tokens end it as incomplete', async () => {
  const cut = await openai.responses.create({ model, input: 'hello', max_output_tokens: 1 })
  expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
})

test('gemini: a command, then what it printed, streamed and whole alike', async () => {
  const user: Content = { role: 'user', parts: [{ text: 'show me' }] }
  const config = {
    tools: [{ functionDeclarations: [{ name: 'run_shell_command', parametersJsonSchema: schema }] }],
    thinkingConfig: { includeThoughts: true },
  }
  const whole = await google.models.generateContent({ model, contents: [user], config })
  expect(whole.functionCalls).toMatchObject([{ name: 'run_shell_command', args: command }])
  let text = ''
  let last = whole
  for await (const piece of await google.models.generateContentStream({ model, contents: [user], config })) {
    for (const part of piece.candidates?.[0]?.content?.parts ?? []) if (part.thought !== true) text += part.text ?? ''
    last = piece
  }
  expect(text).toBe(whole.candidates![0]!.content!.parts![1]!.text)
  expect(last.functionCalls).toEqual(whole.functionCalls)
  expect(last.usageMetadata).toEqual(whole.usageMetadata)
  const response = { name: 'run_shell_command', response: { output: 'hello from reeve' } }
  const contents = [user, whole.candidates![0]!.content!, { role: 'user', parts: [{ functionResponse: response }] }]
  const next = await google.models.generateContent({ model, contents, config })
  expect(next.candidates?.[0]?.content?.parts?.at(-1)?.text).toContain('printed: hello from reeve')
  expect(next.usageMetadata?.cachedContentTokenCount).toBeGreaterThan(0)
})

test('gemini: without alt=sse a stream is one JSON list', async () => {
  const url = `${provider.geminiUrl}/v1beta/models/${model}:streamGenerateContent`
  const answer = await fetch(url, { method: 'POST', body: '{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}' })
  expect(answer.headers.get('content-type')).toContain('application/json')
  const pieces: unknown = await answer.json()
  expect(pieces).toHaveLength(Math.ceil('Scripted answer from Reeve; no model was asked. You wrote: hi'.length / 24))
})

test('a schema is answered with what fits it, whatever the API', async () => {
  const title = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] }
  const said = await openai.chat.completions.create({
    model,
    messages: [prompt],
    response_format: { type: 'json_schema', json_schema: { name: 'title', schema: title } },
  })
  const config = { responseMimeType: 'application/json', responseJsonSchema: title }
  const written = await google.models.generateContent({ model, contents: 'hello', config })
  for (const text of [said.choices[0]!.message.content, written.text]) {
    expect(JSON.parse(text ?? '')).toEqual({ title: 'Scripted session' })
  }
})

test('models are listed, and what is no request is refused, in the maker’s own shape', async () => {
  expect((await openai.models.list()).data.map(({ id }) => id)).toContain(model)
  expect((await google.models.list()).page.map(({ name }) => name)).toContain(`models/${model}`)
  await expect(openai.models.retrieve('other')).rejects.toMatchObject({ status: 404, type: 'not_found_error' })
  for (const [url, body] of [
    [`${provider.openaiUrl}chat/completions`, '{"model":"m"}'],
    [`${provider.openaiUrl}responses`, '{"model":"m"}'],
    [`${provider.openaiUrl}responses`, '{"input":"x"}'],
    [`${provider.geminiUrl}/v1/models/m:generateContent`, '[]'],
    [`${provider.geminiUrl}/v1/models/m:generateContent`, '{}'],
  ] as const) {
    const answer = await fetch(url, { method: 'POST', body })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { message: expect.any(String) } })
  }
})
