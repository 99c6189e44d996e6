import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { isSignedWith } from '../support/aws-signed.ts'
import { bedrockReply } from '../support/bedrock-replies.ts'
import { runClaude } from '../support/claude.ts'
import type { Turn } from '../support/messages.ts'
import { allInterceptions, settledSession, timeline } from '../support/record.ts'
import { json } from '../support/replies.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type SeenRequest, startUpstream, type Upstream } from '../support/upstream.ts'

/** Clients that know nothing of Amazon, at a provider that is nothing else: it answers only what is signed. */
const secret = 'wJalrXUtnFEMI/scripted+secret/of/the/key'
const usage = { input_tokens: 1_201, output_tokens: 57, cache_read_input_tokens: 9_000 }
const bash: Turn = {
  blocks: [{ type: 'tool_use', id: 'toolu_marker', name: 'Bash', input: { command: 'echo made > marker' } }],
  usage,
}
const last: Turn = { blocks: [{ type: 'text', text: 'The file is there.' }], usage }

function answer(request: SeenRequest, turn: Turn) {
  if (isSignedWith(request, secret)) return bedrockReply(request, turn)
  return json({ message: 'The request signature we calculated does not match.' }, { status: 403 })
}

let upstream: Upstream
let server: RunningServer
let token: string
let baseUrl: string
beforeAll(async () => {
  upstream = await startUpstream()
  server = await startServer({
    env: {
      CODER_AIBRIDGE_BEDROCK_REGION: 'eu-central-1',
      CODER_AIBRIDGE_BEDROCK_ACCESS_KEY: 'AKIASCRIPTEDKEY00000',
      REEVE_AIBRIDGE_BEDROCK_ACCESS_KEY_SECRET: secret,
      REEVE_AIBRIDGE_BEDROCK_BASE_URL: upstream.url,
      REEVE_AIBRIDGE_BEDROCK_SMALL_FAST_MODEL: 'eu.anthropic.claude-haiku-4-5-20251001-v1:0',
    },
  })
  token = await server.gatewayToken()
  baseUrl = `${server.url}/api/v2/aibridge/bedrock`
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})
beforeEach(() => void upstream.answer((request) => answer(request, last)))

test(
  'Claude Code in its plain mode works through prompt, tool and answer at Amazon Bedrock, and its session is on record',
  { timeout: 240_000 },
  async () => {
    using home = temporaryFolder()
    upstream.answer((request) => answer(request, request.body.includes('"tool_result"') ? last : bash))
    const from = upstream.seen.length
    const run = await runClaude({ baseUrl, token, prompt: 'Make the marker', home: home.path })

    expect(run.result).toMatchObject({ is_error: false, result: 'The file is there.' })
    expect(readFileSync(join(home.path, 'marker'), 'utf8')).toBe('made\n')
    const seen = upstream.seen.slice(from)
    expect(seen.length).toBeGreaterThanOrEqual(2)
    for (const request of seen) {
      expect(isSignedWith(request, secret)).toBe(true)
      expect(request.path).toMatch(/^\/model\/global\.anthropic\.claude-[\w.-]+\/invoke-with-response-stream$/)
      const body = JSON.parse(request.body.toString())
      expect(body).toMatchObject({ anthropic_version: 'bedrock-2023-05-31', thinking: { type: 'adaptive' } })
      for (const name of ['model', 'stream', 'metadata', 'anthropic_beta', 'context_management'])
        expect(body).not.toHaveProperty(name)
      expect(request.head.toString() + request.body.toString()).not.toContain(token)
    }
    const session = await settledSession(server, run.sessionId, seen.length)
    expect(session).toMatchObject({ client: 'Claude Code', first_prompt: 'Make the marker', tool_calls: 1 })
    expect(session.token_usage_summary).toMatchObject({
      input_tokens: seen.length * usage.input_tokens,
      output_tokens: seen.length * usage.output_tokens,
      cache_read_input_tokens: seen.length * usage.cache_read_input_tokens,
    })
    const rows = (await allInterceptions(server)).filter((row) => row.session_id === session.id)
    expect(rows.map((row) => [row.outcome, row.streaming, row.provider, row.sent.path]).toSorted()).toEqual(
      seen.map(({ path }) => ['ok', true, 'bedrock', path]).toSorted(),
    )
    const told = ['prompt', 'tool_call', 'tool_result', 'text']
    const events = await timeline(server, session.id)
    expect(events.map(({ kind }) => kind).filter((kind) => told.includes(kind))).toEqual(told)
  },
)

test('Anthropic’s SDK gets streams, whole answers, counts and errors from Amazon Bedrock as from Anthropic', async () => {
  const client = new Anthropic({ baseURL: baseUrl, apiKey: token, maxRetries: 0 })
  const asked = {
    model: 'claude-haiku-4-5',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: 'hello' }],
  }
  const turn: Turn = { ...last, id: 'msg_bdrk_9' }
  upstream.answer((request) => answer(request, turn))
  const whole = await client.messages.create(asked)
  const streamed = await client.messages.stream(asked).finalMessage()
  expect(streamed).toMatchObject({ id: 'msg_bdrk_9', content: whole.content, stop_reason: 'end_turn' })
  expect(upstream.seen.at(-1)!.path).toContain('/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/')

  upstream.answer((request) => (isSignedWith(request, secret) ? json({ inputTokens: 11 }) : []))
  const { max_tokens: _, ...counted } = asked
  expect(await client.messages.countTokens(counted)).toEqual({ input_tokens: 11 })

  upstream.answer(() => json({ message: 'Too many tokens, please wait.' }, { status: 429 }))
  await expect(client.messages.create(asked)).rejects.toThrow(Anthropic.RateLimitError)
  const unknown = client.messages.create({ ...asked, model: 'no such model' })
  await expect(unknown).rejects.toThrow(Anthropic.NotFoundError)
  await expect(client.models.list()).rejects.toThrow(/does not list its models/)
})
