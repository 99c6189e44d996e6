import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'
import { beforeAll, expect, test } from 'vitest'
import { everythingAllowed, type Policy } from '../../bridge/src/policy.ts'
import { startBridge } from '../../bridge/src/testing/start-bridge.ts'
import { startSocketUpstream } from '../../bridge/src/testing/socket-upstream.ts'
import { installAgents } from '../support/agents.ts'
import { bedrockReply } from '../support/bedrock-replies.ts'
import { runClaude } from '../support/claude.ts'
import { runCodex } from '../support/codex.ts'
import { runGemini } from '../support/gemini.ts'
import { answerTurn, type Turn } from '../support/messages.ts'
import { eventStream } from '../support/replies.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startUpstream } from '../support/upstream.ts'

/** What the real agents make of a no: the tool does not run, the person reads the sentence, and nobody asks for ever. */

const token = 'rv_client_token_0123456789'
const sentence = 'This tool is not for agents here: ask Dana.'
const rule = 'tools of acme'
const noTools: Policy = { ...everythingAllowed, tools: () => ({ decide: () => ({ rule, message: sentence }) }) }
const noModels: Policy = { ...everythingAllowed, model: () => ({ rule, message: sentence }) }

beforeAll(async () => void (await installAgents()), 300_000)

const command = 'echo made > marker'
const bashTurn: Turn = {
  model: 'claude-opus-5-5',
  blocks: [
    { type: 'text', text: 'I make a file.' },
    { type: 'tool_use', id: 'toolu_marker', name: 'Bash', input: { command, description: 'Make a file' } },
  ],
  usage: { input_tokens: 10, output_tokens: 5 },
}
const denied = { outcome: 'denied', errorType: 'policy_denied', errorMessage: sentence }

// Where it has shown nothing yet, Claude Code asks once more, in one piece.
test.each([
  ['said something', bashTurn, [200]],
  ['said nothing', { ...bashTurn, blocks: bashTurn.blocks.slice(1) }, [200, 403]],
] as const)(
  'Claude Code runs no tool that is denied to a model that has %s, and shows the sentence',
  async (_what, turn, statuses) => {
    using home = temporaryFolder()
    await using upstream = await startUpstream()
    upstream.answer((request) => answerTurn(request, turn))
    await using reeve = await startBridge(upstream.url, { policy: noTools })
    const run = await runClaude({
      baseUrl: `http://127.0.0.1:${reeve.port}`,
      token,
      prompt: 'Make the marker',
      home: home.path,
      env: { CLAUDE_CODE_MAX_RETRIES: '5' },
    })
    expect(run.result.is_error).toBe(true)
    expect(run.result.result).toContain(sentence)
    expect(existsSync(join(home.path, 'marker'))).toBe(false)
    expect(upstream.seen).toHaveLength(statuses.length)
    const decisions = [{ subject: 'tool_call', name: 'Bash', toolCallId: 'toolu_marker', allowed: false, rule }]
    expect(reeve.recorder.records.map(({ end }) => end)).toMatchObject(
      statuses.map((statusCode) => ({ ...denied, statusCode, decisions })),
    )
  },
)

test('Claude Code shows why a model is denied, after one request', async () => {
  using home = temporaryFolder()
  await using upstream = await startUpstream()
  await using reeve = await startBridge(upstream.url, { policy: noModels })
  const run = await runClaude({
    baseUrl: `http://127.0.0.1:${reeve.port}`,
    token,
    prompt: 'Hello',
    home: home.path,
    env: { CLAUDE_CODE_MAX_RETRIES: '5' },
  })
  expect(run.result.result).toContain(sentence)
  expect(upstream.seen).toEqual([])
  expect(reeve.recorder.records).toHaveLength(1)
})

const call = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_marker',
  name: 'exec_command',
  arguments: JSON.stringify({ cmd: command }),
}
const codexEvents = [
  { type: 'response.created', response: { id: 'resp_1', object: 'response', status: 'in_progress', output: [] } },
  { type: 'response.output_item.added', output_index: 0, item: { ...call, arguments: '' } },
  { type: 'response.output_item.done', output_index: 0, item: call },
  {
    type: 'response.completed',
    response: {
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      output: [call],
      usage: { input_tokens: 10, output_tokens: 2, total_tokens: 12 },
    },
  },
]

test('Codex runs no tool that is denied, and shows the sentence after one request', async () => {
  using home = temporaryFolder()
  await using upstream = await startUpstream()
  upstream.answer(() =>
    eventStream(codexEvents.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)),
  )
  await using reeve = await startBridge(`${upstream.url}/v1`, { provider: 'openai', policy: noTools })
  const run = await runCodex({
    baseUrl: `http://127.0.0.1:${reeve.port}/v1`,
    token,
    prompt: 'Make the marker',
    home: home.path,
  })
  expect(run.stdout).toContain(sentence)
  expect(existsSync(join(home.path, 'marker'))).toBe(false)
  expect(upstream.seen).toHaveLength(1)
  expect(reeve.recorder.records.map(({ end }) => end)).toMatchObject([
    { ...denied, decisions: [{ name: 'exec_command', toolCallId: 'call_marker', allowed: false, rule }] },
  ])
})

test('Codex over a WebSocket runs no tool that is denied, and shows the sentence', async () => {
  using home = temporaryFolder()
  let asked = 0
  await using upstream = await startSocketUpstream((socket, message) => {
    const isPrewarm = message.includes('"generate":false')
    if (!isPrewarm) asked++
    for (const event of isPrewarm ? codexEvents.filter(({ type }) => !type.includes('output_item')) : codexEvents)
      socket.send(JSON.stringify(event))
  })
  await using reeve = await startBridge(upstream.url, { provider: 'openai', policy: noTools })
  const run = await runCodex({
    baseUrl: `http://127.0.0.1:${reeve.port}/v1`,
    token,
    prompt: 'Make the marker',
    home: home.path,
    provider: ['supports_websockets = true'],
  })
  expect(run.stdout).toContain(sentence)
  expect(existsSync(join(home.path, 'marker'))).toBe(false)
  expect(asked).toBe(1)
  expect(reeve.recorder.records.at(-1)?.end).toMatchObject(denied)
})

test('Gemini CLI runs no tool that is denied, and shows the sentence', async () => {
  using home = temporaryFolder()
  await using upstream = await startUpstream()
  const parts = [{ functionCall: { name: 'run_shell_command', args: { command, description: 'Make a file' } } }]
  const piece = (more: object) =>
    `data: ${JSON.stringify({ candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'I make a file.' }] }, ...more }] })}\r\n\r\n`
  upstream.answer(() => eventStream([piece({}), piece({ content: { role: 'model', parts }, finishReason: 'STOP' })]))
  await using reeve = await startBridge(upstream.url, { provider: 'gemini', policy: noTools })
  const run = await runGemini({
    baseUrl: `http://127.0.0.1:${reeve.port}`,
    token,
    prompt: 'Make the marker',
    home: home.path,
  })
  expect(run.stdout + run.stderr).toContain(sentence)
  expect(existsSync(join(home.path, 'marker'))).toBe(false)
  expect(reeve.recorder.records.map(({ end }) => end?.outcome)).toEqual(upstream.seen.map(() => 'denied'))
  expect(upstream.seen).toHaveLength(1)
})

test('Claude Code in its Bedrock mode runs no tool that is denied, and shows the sentence', async () => {
  using home = temporaryFolder()
  await using upstream = await startUpstream()
  upstream.answer((request) => bedrockReply(request, bashTurn))
  await using reeve = await startBridge(upstream.url, { provider: 'bedrock', policy: noTools })
  const run = await runClaude({
    baseUrl: '',
    token: '',
    prompt: 'Make the marker',
    home: home.path,
    env: {
      CLAUDE_CODE_USE_BEDROCK: '1',
      CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
      ANTHROPIC_BEDROCK_BASE_URL: `http://127.0.0.1:${reeve.port}`,
      AWS_REGION: 'eu-central-1',
      CLAUDE_CODE_MAX_RETRIES: '5',
    },
  })
  expect(run.result.result).toContain(sentence)
  expect(existsSync(join(home.path, 'marker'))).toBe(false)
  expect(reeve.recorder.records.map(({ end }) => end?.outcome)).toEqual(upstream.seen.map(() => 'denied'))
  expect(upstream.seen).toHaveLength(1)
})

test('the SDKs of OpenAI and Anthropic raise what a policy says, in a stream and in one piece', async () => {
  await using upstream = await startUpstream()
  const delta = {
    tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'run', arguments: '{}' } }],
  }
  const pieces = [
    { choices: [{ index: 0, delta }] },
    { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
  ]
  upstream.answer((request) => {
    if (request.path.includes('/messages')) return answerTurn(request, bashTurn)
    return eventStream([...pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`), 'data: [DONE]\n\n'])
  })
  await using reeve = await startBridge(upstream.url, { provider: 'openai', policy: noTools })
  const openai = new OpenAI({ baseURL: `http://127.0.0.1:${reeve.port}/v1`, apiKey: token })
  const messages = [{ role: 'user', content: 'Run it' }] as const
  const seen: unknown[] = []
  const streamed = async (): Promise<void> => {
    const stream = await openai.chat.completions.create({ model: 'm', stream: true, messages: [...messages] })
    for await (const chunk of stream) seen.push(chunk)
  }
  await expect(streamed()).rejects.toThrow(sentence)
  expect(seen).toEqual([])
  expect(upstream.seen).toHaveLength(1)

  await using other = await startBridge(upstream.url, { policy: noTools })
  const anthropic = new Anthropic({ baseURL: `http://127.0.0.1:${other.port}`, apiKey: token })
  const asked = { model: 'm', max_tokens: 64, messages: [...messages] }
  await expect(anthropic.messages.create(asked)).rejects.toThrow(sentence)
  await expect(anthropic.messages.stream(asked).finalMessage()).rejects.toThrow(sentence)
  expect(upstream.seen).toHaveLength(3)
})

test('the SDKs take the comments that tell them of a tool call that is held', async () => {
  await using upstream = await startUpstream()
  const call = { functionCall: { name: 'run', args: {} } }
  const candidates = [{ index: 0, content: { role: 'model', parts: [call] }, finishReason: 'STOP' }]
  const delta = {
    tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'run', arguments: '{}' } }],
  }
  const chunk = { choices: [{ index: 0, delta, finish_reason: 'tool_calls' }] }
  upstream.answer((request) => {
    if (request.path.includes('/messages')) return answerTurn(request, bashTurn)
    if (request.path.includes('generateContent') || request.path.includes('streamGenerateContent'))
      return eventStream([`data: ${JSON.stringify({ candidates })}\r\n\r\n`])
    return eventStream([`data: ${JSON.stringify(chunk)}\n\n`, 'data: [DONE]\n\n'])
  })
  const slow: Policy = {
    ...everythingAllowed,
    tools: () => ({ decide: () => new Promise((allow) => void setTimeout(allow, 100, null)) }),
  }
  const limits = { keepAliveMs: 20 }
  const messages = [{ role: 'user', content: 'Run it' }] as const

  await using first = await startBridge(upstream.url, { provider: 'openai', policy: slow, limits })
  const openai = new OpenAI({ baseURL: `http://127.0.0.1:${first.port}/v1`, apiKey: token })
  const names: (string | undefined)[] = []
  for await (const { choices } of await openai.chat.completions.create({
    model: 'm',
    stream: true,
    messages: [...messages],
  }))
    names.push(choices[0]?.delta.tool_calls?.[0]?.function?.name)
  expect(names).toEqual(['run'])

  await using second = await startBridge(upstream.url, { policy: slow, limits })
  const anthropic = new Anthropic({ baseURL: `http://127.0.0.1:${second.port}`, apiKey: token })
  const message = await anthropic.messages
    .stream({ model: 'm', max_tokens: 64, messages: [...messages] })
    .finalMessage()
  expect(message.content.map(({ type }) => type)).toEqual(['text', 'tool_use'])

  await using third = await startBridge(upstream.url, { provider: 'gemini', policy: slow, limits })
  const google = new GoogleGenAI({ apiKey: token, httpOptions: { baseUrl: `http://127.0.0.1:${third.port}` } })
  const calls: (string | undefined)[] = []
  for await (const piece of await google.models.generateContentStream({ model: 'm', contents: 'Run it' }))
    calls.push(piece.functionCalls?.[0]?.name)
  expect(calls).toEqual(['run'])
  for (const bridge of [first, second, third]) expect(bridge.recorder.records[0]?.end?.outcome).toBe('ok')
})
