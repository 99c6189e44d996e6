import { hash } from 'node:crypto'
import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { chunkFrame } from '../../../test/support/bedrock-frames.ts'
import { chunk, head, json, lastChunk } from '../../../test/support/replies.ts'
import { startUpstream } from '../../../test/support/upstream.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { person, testGateway } from './gateway-testing.ts'
import { readBody } from './interceptions.ts'
import { findInterception } from './queries.ts'

const model = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0'
const secret = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hL3nR6'}`
const delta = (index: number, delta: object) => ({ type: 'content_block_delta', index, delta })
const events = [
  {
    type: 'message_start',
    message: {
      id: 'msg_bdrk_1',
      type: 'message',
      model: 'claude-sonnet-4-5-20250929',
      usage: { input_tokens: 40, cache_read_input_tokens: 60, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  delta(0, { type: 'text_delta', text: `It is ${secret.slice(0, 15)}` }),
  delta(0, { type: 'text_delta', text: `${secret.slice(15)} there.` }),
  { type: 'content_block_stop', index: 0 },
  {
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} },
  },
  delta(1, { type: 'input_json_delta', partial_json: '{"command":"ls"}' }),
  { type: 'content_block_stop', index: 1 },
  { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 20 } },
  { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 40, outputTokenCount: 20 } },
]
const frames = events.map((event) => chunkFrame(JSON.stringify(event)))
const streamHead = head(200, {
  'content-type': 'application/vnd.amazon.eventstream',
  'transfer-encoding': 'chunked',
})
const body = JSON.stringify({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 1000,
  messages: [{ role: 'user', content: [{ type: 'text', text: 'list the files' }] }],
})

/** The interception with this id and its items, when the drain has ended it. */
async function ended(db: TestDatabase, id: string) {
  for (;;) {
    const row = await db.sql.selectFrom('interceptions').selectAll().where('id', '=', id).executeTakeFirst()
    if (row !== undefined && row.outcome !== 'live') {
      const items = db.sql.selectFrom('interception_items').selectAll().where('interception_id', '=', id)
      return { row, items: await items.orderBy('seq').execute() }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('a client of Bedrock gets its frames byte for byte; prompt, call and tokens are on record, a secret is not', async () => {
  await using db = await testDatabase()
  await using upstream = await startUpstream()
  const dana = await person(db, 'dana')
  const setting = { keys: [new Secret('ABSK-upstream')], keyEnv: 'X', isNamed: true, baseUrl: upstream.url }
  await using open = await testGateway(db, upstream.url, {
    providers: [{ ...setting, name: 'bedrock', type: 'bedrock' }],
  })
  const ask = (method: string) =>
    fetch(`${open.url}/bedrock/model/${encodeURIComponent(model)}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${dana.token}` },
      body,
    })

  upstream.answer(() => [streamHead, ...frames.map(chunk), lastChunk])
  const response = await ask('invoke-with-response-stream')
  expect(response.headers.get('content-type')).toBe('application/vnd.amazon.eventstream')
  expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.concat(frames))
  const seen = upstream.seen.at(-1)!
  expect(seen.body.toString()).toBe(body)
  expect(seen.head.toString()).toMatch(/^authorization: Bearer ABSK-upstream\r$/im)
  const { row, items } = await ended(db, response.headers.get('x-reeve-interception-id') ?? '')
  expect(row).toMatchObject({
    route: 'messages',
    provider: 'bedrock',
    provider_name: 'bedrock',
    model,
    model_served: 'claude-sonnet-4-5-20250929',
    provider_response_id: 'msg_bdrk_1',
    streaming: true,
    outcome: 'ok',
    stop_reason: 'tool_use',
    prompt: 'list the files',
    input_tokens: 40,
    cache_read_tokens: 60,
    output_tokens: 20,
    usage_source: 'provider',
    tool_calls: 1,
  })
  expect(items).toMatchObject([
    { kind: 'prompt', origin: 'human', text: 'list the files' },
    { kind: 'text', origin: 'model' },
    { kind: 'tool_call', origin: 'model', tool_name: 'Bash', text: '{"command":"ls"}' },
  ])
  expect(items[1]?.text).toMatch(/^It is .* there\.$/)
  expect(JSON.stringify(items)).not.toContain(secret.slice(8, 30))

  const whole = { id: 'msg_2', type: 'message', content: [{ type: 'text', text: 'none' }], usage: { output_tokens: 3 } }
  upstream.answer(() => json(whole))
  const one = await ask('invoke')
  expect(await one.json()).toEqual(whole)
  const second = await ended(db, one.headers.get('x-reeve-interception-id') ?? '')
  expect(second.row).toMatchObject({ model, streaming: false, outcome: 'ok', output_tokens: 3 })

  upstream.answer(() => json({ message: 'The model is not enabled.' }, { status: 403 }))
  const refused = await ask('invoke')
  expect([refused.status, await refused.json()]).toEqual([403, { message: 'The model is not enabled.' }])
  const third = await ended(db, refused.headers.get('x-reeve-interception-id') ?? '')
  expect(third.row).toMatchObject({ outcome: 'upstream_error', error_message: 'The model is not enabled.' })

  const nobody = await fetch(`${open.url}/bedrock/model/${model}/invoke`, { method: 'POST', body: '{}' })
  expect([nobody.status, await nobody.json()]).toEqual([401, { message: expect.stringMatching(/token/) }])
})

test('a client of Anthropic’s API is served by the same provider; what was sent can be read, and is what was sent', async () => {
  await using db = await testDatabase()
  await using upstream = await startUpstream()
  const dana = await person(db, 'dana')
  const setting = { keys: [new Secret('ABSK-upstream')], keyEnv: 'X', isNamed: true, baseUrl: upstream.url }
  await using open = await testGateway(db, upstream.url, {
    providers: [{ ...setting, name: 'bedrock', type: 'bedrock' }],
  })
  const ask = (token: string) =>
    fetch(`${open.url}/bedrock/v1/messages?beta=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': token, 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({
        model: 'claude-haiku-4-5',
        metadata: { user_id: 'u' },
        stream: true,
        max_tokens: 1000,
        messages: [{ role: 'user', content: `the key is ${secret}` }],
      }),
    })

  upstream.answer(() => [streamHead, ...frames.map(chunk), lastChunk])
  const response = await ask(dana.token)
  expect(await response.text()).toMatch(/^event: message_start\n/)
  const seen = upstream.seen.at(-1)!
  expect(seen.head.toString()).toContain('/model/global.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke-with-')
  const { row, items } = await ended(db, response.headers.get('x-reeve-interception-id') ?? '')
  expect(row).toMatchObject({
    route: 'messages',
    provider: 'bedrock',
    model: 'claude-haiku-4-5',
    streaming: true,
    outcome: 'ok',
    input_tokens: 40,
    cache_read_tokens: 60,
    output_tokens: 20,
    tool_calls: 1,
    sent: { path: seen.path, bytes: seen.body.length, sha256: hash('sha256', seen.body) },
  })
  expect(items.map(({ kind }) => kind)).toEqual(['prompt', 'text', 'tool_call'])
  const kept = (await readBody(db, (await findInterception(db.sql, row.id))!, 'sent')).bytes
  // The same bytes but for the secret, which is masked in its length.
  const at = seen.body.indexOf(secret)
  expect(kept.length).toBe(seen.body.length)
  expect(Buffer.from(kept.subarray(0, at))).toEqual(seen.body.subarray(0, at))
  expect(Buffer.from(kept).includes(secret)).toBe(false)

  const nobody = await ask('rv_nobody')
  expect([nobody.status, await nobody.json()]).toMatchObject([401, { error: { type: 'authentication_error' } }])
})
