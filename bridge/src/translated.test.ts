import { createHash } from 'node:crypto'
import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { isSignedWith } from '../../test/support/aws-signed.ts'
import { bedrockReply, framesHead, turnFrames } from '../../test/support/bedrock-replies.ts'
import { messageEvents, type Turn } from '../../test/support/messages.ts'
import { chunk, json, lastChunk } from '../../test/support/replies.ts'
import { startUpstream } from '../../test/support/upstream.ts'
import { patchBody } from './edits.ts'
import type { ProviderKey } from './pool/pool.ts'
import { clientToken } from './testing/raw-http.ts'
import { startBridge, type TestBridge } from './testing/start-bridge.ts'

const turn: Turn = {
  id: 'msg_bdrk_1',
  blocks: [
    { type: 'text', text: 'Looking.' },
    { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls' } },
  ],
  usage: { input_tokens: 12, output_tokens: 7 },
}
const secrets = ['s3cret-of-the-first-key', 's3cret-of-the-second-key'] as const
const keys: readonly ProviderKey[] = secrets.map((secret, i) => ({
  id: `key-${i}`,
  secret: new Secret(`AKIAABCDEFGHIJK${i}:${secret}`),
  weight: 0,
}))
const settings = { region: 'eu-central-1' }
const asked = {
  model: 'claude-sonnet-4-5',
  max_tokens: 1_000,
  messages: [{ role: 'user', content: 'list the files' }],
  metadata: { user_id: 'user-1' },
}

const ask = (reeve: TestBridge, given: object = { stream: true }, path = '/v1/messages?beta=true') =>
  fetch(`http://127.0.0.1:${reeve.port}${path}`, {
    method: 'POST',
    headers: {
      'x-api-key': clientToken,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'context-management-2025-06-27,unheard-of-2026-01-01',
    },
    body: JSON.stringify({ ...asked, ...given }),
  })

test('a client of Anthropic’s API is answered by Bedrock: signed, translated, and on record as what went over the wire', async () => {
  await using upstream = await startUpstream((request) => bedrockReply(request, turn))
  await using reeve = await startBridge(upstream.url, { provider: 'bedrock', keys, settings })
  const response = await ask(reeve)
  const text = await response.text()
  expect([response.status, response.headers.get('content-type'), response.headers.get('request-id')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    'aws-request-1',
  ])
  expect(text).toBe(messageEvents(turn).join(''))

  const seen = upstream.seen[0]!
  expect(seen.path).toBe('/model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream')
  expect([isSignedWith(seen, secrets[0]), isSignedWith(seen, secrets[1])]).toEqual([true, false])
  expect(seen.head.toString()).not.toMatch(/anthropic-(?:beta|version)|x-api-key/i)
  expect(JSON.parse(seen.body.toString())).toEqual({
    anthropic_version: 'bedrock-2023-05-31',
    anthropic_beta: ['context-management-2025-06-27'],
    max_tokens: 1_000,
    messages: asked.messages,
  })

  await reeve.recorder.ended(1)
  expect(reeve.recorder.violations).toEqual([])
  const { start, answer, end } = reeve.recorder.records[0]!
  expect(start).toMatchObject({ provider: 'bedrock', route: 'messages', model: 'claude-sonnet-4-5', streaming: true })
  expect(Buffer.from(start.body.bytes).toString()).toBe(JSON.stringify({ ...asked, stream: true }))
  expect(patchBody(Buffer.from(start.body.bytes), start.sent!.patch)).toEqual(seen.body)
  expect(start.sent).toMatchObject({ path: seen.path, bytes: seen.body.length })
  expect(start.sent!.sha256).toEqual(createHash('sha256').update(seen.body).digest())
  expect(answer.toString()).toBe(text)
  expect(end).toMatchObject({ outcome: 'ok', statusCode: 200, providerRequestId: 'aws-request-1' })
})

test('ten equal requests are ten equal requests to the provider', async () => {
  await using upstream = await startUpstream((request) => bedrockReply(request, turn))
  await using reeve = await startBridge(upstream.url, { provider: 'bedrock', keys, settings })
  for (let i = 0; i < 10; i++) await (await ask(reeve)).text()
  expect(new Set(upstream.seen.map(({ path, body }) => `${path}\n${body}`)).size).toBe(1)
})

test('another key signs the same body anew', async () => {
  await using upstream = await startUpstream((request, index) =>
    index === 0 ? json({ message: 'Too many requests' }, { status: 429 }) : bedrockReply(request, turn),
  )
  await using reeve = await startBridge(upstream.url, { provider: 'bedrock', keys, settings })
  expect(await (await ask(reeve)).text()).toBe(messageEvents(turn).join(''))
  const [first, second] = upstream.seen
  expect([isSignedWith(first!, secrets[0]), isSignedWith(second!, secrets[1])]).toEqual([true, true])
  expect(second!.body).toEqual(first!.body)
})

test('an answer in one piece, a count of tokens and an error are those of Anthropic’s API', async () => {
  await using upstream = await startUpstream((request) => bedrockReply(request, turn))
  await using reeve = await startBridge(upstream.url, { provider: 'bedrock', keys, settings })
  expect(await (await ask(reeve, {})).json()).toMatchObject({ type: 'message', usage: turn.usage })
  expect(upstream.seen[0]!.path).toMatch(/\/invoke$/)

  upstream.answer(() => json({ inputTokens: 31 }))
  expect(await (await ask(reeve, {}, '/v1/messages/count_tokens')).json()).toEqual({ input_tokens: 31 })
  const counted = upstream.seen[1]!
  expect(isSignedWith(counted, secrets[0])).toBe(true)
  const { start } = reeve.recorder.records[1]!
  expect(patchBody(Buffer.from(start.body.bytes), start.sent!.patch)).toEqual(counted.body)

  upstream.answer(() => json({ message: 'The model is not enabled.' }, { status: 400 }))
  const refused = await ask(reeve, {})
  expect([refused.status, await refused.json()]).toEqual([
    400,
    { type: 'error', error: { type: 'invalid_request_error', message: 'The model is not enabled.' } },
  ])
  await reeve.recorder.ended(3)
  expect(reeve.recorder.records[2]!.end).toMatchObject({
    outcome: 'upstream_error',
    errorType: 'invalid_request_error',
  })
})

test('what Bedrock does not have is refused in Anthropic’s words, and it is not asked', async () => {
  await using upstream = await startUpstream()
  await using reeve = await startBridge(upstream.url, { provider: 'bedrock', keys, settings })
  const unnamed = await ask(reeve, { model: '../../x' })
  expect([unnamed.status, await unnamed.json()]).toMatchObject([404, { error: { type: 'not_found_error' } }])
  const listed = await fetch(`http://127.0.0.1:${reeve.port}/v1/models?limit=9`, {
    headers: { 'x-api-key': clientToken },
  })
  expect([listed.status, await listed.json()]).toMatchObject([404, { error: { type: 'not_found_error' } }])
  await reeve.recorder.ended(2)
  expect(reeve.recorder.records.map(({ end }) => end?.outcome)).toEqual(['refused', 'refused'])
  expect(upstream.seen).toEqual([])
})

test('a stream that breaks off, in a frame or between two, ends with an error event', async () => {
  await using upstream = await startUpstream()
  await using reeve = await startBridge(upstream.url, { provider: 'bedrock', keys, settings })
  const [first, second] = turnFrames(turn)
  for (const [i, half] of [second!.subarray(0, 30), Buffer.alloc(0)].entries()) {
    const rest = half.length === 0 ? [] : [chunk(half)]
    upstream.answer(() => [framesHead, chunk(first!), ...rest, lastChunk])
    const text = await (await ask(reeve)).text()
    expect(text).toMatch(/^event: message_start\n[^\n]+\n\nevent: error\ndata: .*"api_error"[^\n]*\n\n$/)
    await reeve.recorder.ended(i + 1)
    expect(reeve.recorder.records[i]!.end?.outcome).toBe('upstream_aborted')
  }
})
