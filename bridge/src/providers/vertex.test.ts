import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { messageEvents, type Turn } from '../../../test/support/messages.ts'
import { eventStream, json } from '../../../test/support/replies.ts'
import { startUpstream } from '../../../test/support/upstream.ts'
import { patchBody } from '../edits.ts'
import { routeRequest } from '../routes.ts'
import { fixturesOf } from '../testing/fixtures.ts'
import { clientToken } from '../testing/raw-http.ts'
import { testServiceAccount } from '../../../test/support/service-account.ts'
import { startBridge, type TestBridge } from '../testing/start-bridge.ts'
import { providerPromises } from './conformance.ts'
import { serviceAccountKey } from './google-account.ts'
import { oneKey } from './provider.ts'
import { vertexProvider } from './vertex.ts'

const vertex = vertexProvider({ name: 'vertex', baseUrl: 'https://aiplatform.googleapis.com', keys: [] })
const models = '/v1/projects/corp/locations/europe-west1/publishers'
const claude = `${models}/anthropic/models/claude-sonnet-4-5@20250929`
const stream = (format: 'anthropic-messages' | 'gemini', name?: string) =>
  fixturesOf(format).find(
    (one) => one.status === 200 && one.contentType === 'text/event-stream' && (name ?? one.name) === one.name,
  )!.bytes
const gemini = `${models}/google/models/gemini-2.5-pro`

for (const { promise, check } of providerPromises) {
  test(`vertex, Anthropic: ${promise}`, () =>
    check(vertex, {
      stream: stream('anthropic-messages', 'thinking-and-tool'),
      body: Buffer.from('{"anthropic_version":"vertex-2023-10-16","messages":[],"stream":true}'),
      model: 'claude-sonnet-4-5@20250929',
      path: `${claude}:streamRawPredict`,
    }))
}

test('models of both makers have their paths, with the version or without, and nothing else has one', () => {
  const routed = (path: string) => {
    const found = routeRequest(vertex, 'POST', path)
    return found === null ? null : [found.route.kind, found.pathAndQuery]
  }
  for (const path of [`${claude}:rawPredict`, `${claude.slice(3)}:rawPredict`])
    expect(routed(path), path).toEqual(['messages', `${claude}:rawPredict`])
  const count = `${models}/anthropic/models/count-tokens:rawPredict`
  expect(routed(count)).toEqual(['count_tokens', count])
  expect(routed(`${gemini}:streamGenerateContent?alt=sse`)?.[0]).toBe('generate_content')
  expect(routed('/v1beta1/publishers/google/models/gemini-2.5-pro:generateContent')?.[0]).toBe('generate_content')
  for (const path of [`${claude}:predict`, `${models}/mistralai/models/x:rawPredict`, '/v1/projects/corp/locations/x'])
    expect(routed(path), path).toBeNull()
})

const turn: Turn = {
  id: 'msg_vrtx_1',
  blocks: [{ type: 'text', text: 'hi' }],
  usage: { input_tokens: 3, output_tokens: 2 },
}
const ask = (reeve: TestBridge, path: string) =>
  fetch(`http://127.0.0.1:${reeve.port}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${clientToken}`, 'content-type': 'application/json' },
    body: '{"anthropic_version":"vertex-2023-10-16","messages":[{"role":"user","content":"hello"}],"stream":true}',
  })

test('with a service account requests carry a token that is had once; the stream is relayed and recorded', async () => {
  const account = testServiceAccount()
  let tokens = 0
  await using upstream = await startUpstream((request) => {
    if (request.path !== '/token') return eventStream(messageEvents(turn))
    const assertion = new URLSearchParams(request.body.toString()).get('assertion') ?? ''
    const isOurs = account.claimsOf(assertion)?.['iss'] === account.email
    return isOurs ? json({ access_token: `ya29.${++tokens}`, expires_in: 3600 }) : json({}, { status: 400 })
  })
  const keys = oneKey(new Secret(serviceAccountKey(account.file)!))
  const settings = { token_url: `${upstream.url}/token` }
  await using reeve = await startBridge(upstream.url, { provider: 'vertex', keys, settings })
  const answers = await Promise.all([1, 2, 3].map(() => ask(reeve, `${claude}:streamRawPredict`)))
  for (const answer of answers) expect(await answer.text()).toBe(messageEvents(turn).join(''))
  const asked = upstream.seen.filter(({ path }) => path !== '/token')
  expect(asked.map((request) => request.header('authorization'))).toEqual([
    ['Bearer ya29.1'],
    ['Bearer ya29.1'],
    ['Bearer ya29.1'],
  ])
  expect(asked[0]!.path).toBe(`${claude}:streamRawPredict`)
  await reeve.recorder.ended(3)
  expect(reeve.recorder.records[0]).toMatchObject({
    start: { provider: 'vertex', route: 'messages', model: 'claude-sonnet-4-5@20250929', streaming: true, sent: null },
    end: { outcome: 'ok' },
  })
})

test('where no token is to be had the provider is not asked, and the next request tries again', async () => {
  const account = testServiceAccount()
  await using upstream = await startUpstream(() => json({ error: 'invalid_grant' }, { status: 400 }))
  const keys = oneKey(new Secret(serviceAccountKey(account.file)!))
  const settings = { token_url: `${upstream.url}/token` }
  await using reeve = await startBridge(upstream.url, { provider: 'vertex', keys, settings })
  for (let i = 1; i < 3; i++) {
    const refused = await ask(reeve, `${claude}:rawPredict`)
    expect([refused.status, await refused.json()]).toMatchObject([502, { error: { type: 'api_error' } }])
    await reeve.recorder.ended(i)
    expect(reeve.recorder.records[i - 1]!.end).toMatchObject({
      outcome: 'upstream_aborted',
      errorType: 'credential_failed',
    })
  }
  expect(upstream.seen.map(({ path }) => path)).toEqual(['/token', '/token'])
})

test('an API key is sent as Gemini’s clients send it', async () => {
  await using upstream = await startUpstream(() => json({ candidates: [] }))
  await using reeve = await startBridge(upstream.url, {
    provider: 'vertex',
    keys: oneKey(new Secret('AIza-0123456789')),
  })
  await (await ask(reeve, `${gemini}:generateContent`)).text()
  expect(upstream.seen[0]!.header('x-goog-api-key')).toEqual(['AIza-0123456789'])
})

test('a client of Anthropic’s API is answered by Vertex AI: model in the path, betas in the header, version in the body', async () => {
  await using upstream = await startUpstream(() => eventStream(messageEvents(turn)))
  const settings = {
    project: 'corp',
    location: 'europe-west1',
    models: [{ from: 'mine', to: 'claude-opus-4-5@20251101' }],
  }
  const keys = oneKey(new Secret('AIza-0123456789'))
  await using reeve = await startBridge(upstream.url, { provider: 'vertex', keys, settings })
  const post = (path: string, body: object) =>
    fetch(`http://127.0.0.1:${reeve.port}${path}`, {
      method: 'POST',
      headers: {
        'x-api-key': clientToken,
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'claude-code-20250219, interleaved-thinking-2025-05-14,context-management-2025-06-27',
      },
      body: JSON.stringify(body),
    })
  const messages = [{ role: 'user', content: 'hello' }]
  const asked = {
    model: 'mine',
    metadata: { user_id: 'u' },
    thinking: { type: 'adaptive' },
    max_tokens: 10_000,
    messages,
  }
  const answer = await post('/v1/messages?beta=true', { ...asked, stream: true })
  expect(await answer.text()).toBe(messageEvents(turn).join(''))
  const [seen] = upstream.seen
  expect(seen!.path).toBe(`${models}/anthropic/models/claude-opus-4-5@20251101:streamRawPredict`)
  expect(seen!.header('anthropic-beta')).toEqual(['interleaved-thinking-2025-05-14,context-management-2025-06-27'])
  expect(seen!.header('anthropic-version')).toEqual([])
  expect(JSON.parse(seen!.body.toString())).toEqual({
    anthropic_version: 'vertex-2023-10-16',
    thinking: { type: 'enabled', budget_tokens: 8_000 },
    max_tokens: 10_000,
    messages,
    stream: true,
  })
  await reeve.recorder.ended(1)
  const { start } = reeve.recorder.records[0]!
  expect(patchBody(Buffer.from(start.body.bytes), start.sent!.patch)).toEqual(seen!.body)

  upstream.answer(() => json({ input_tokens: 5 }))
  expect(await (await post('/v1/messages/count_tokens', { model: 'claude-haiku-4-5', messages })).json()).toEqual({
    input_tokens: 5,
  })
  expect(upstream.seen[1]!.path).toBe(`${models}/anthropic/models/count-tokens:rawPredict`)
  expect(JSON.parse(upstream.seen[1]!.body.toString())).toMatchObject({ model: 'claude-haiku-4-5@20251001', messages })

  upstream.answer(() =>
    json({ error: { code: 403, message: 'Permission denied.', status: 'PERMISSION_DENIED' } }, { status: 403 }),
  )
  const refused = await post('/v1/messages', asked)
  expect([refused.status, await refused.json()]).toEqual([
    403,
    { type: 'error', error: { type: 'permission_error', message: 'Permission denied.' } },
  ])
  expect((await post('/v1/messages', { ...asked, model: 'a/b:predict' })).status).toBe(404)
})

test('without a project nobody is asked for a client that cannot name one', async () => {
  await using upstream = await startUpstream()
  await using reeve = await startBridge(upstream.url, { provider: 'vertex', keys: [] })
  const refused = await ask(reeve, '/v1/messages')
  expect([refused.status, await refused.json()]).toMatchObject([
    404,
    { error: { message: expect.stringContaining('project') } },
  ])
  expect(upstream.seen).toEqual([])
})
