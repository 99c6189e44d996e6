import { once } from 'node:events'
import { request } from 'node:http'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { credentialChannel } from '../identity/tokens/authenticate.ts'
import { newToken } from '../identity/tokens/token.ts'
import { answerTurn } from '../../../test/support/messages.ts'
import { eventStream } from '../../../test/support/replies.ts'
import { messageEvents } from '../../../test/support/messages.ts'
import { startUpstream, type Upstream } from '../../../test/support/upstream.ts'
import { allAt, noLimits, person, type Person, testGateway, type TestGateway } from './gateway-testing.ts'
import { bodyOf } from './testing.ts'

let db: TestDatabase
let upstream: Upstream
let dana: Person
let open: TestGateway
beforeAll(async () => {
  db = await testDatabase()
  upstream = await startUpstream()
  dana = await person(db, 'dana')
  open = await testGateway(db, upstream.url)
})
afterAll(async () => {
  await open[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const turn = { blocks: [{ type: 'text' as const, text: 'hello there' }], usage: { input_tokens: 5, output_tokens: 3 } }
const prompt = bodyOf([{ role: 'user', content: 'hello' }])
const errorOf = async (response: Response) => {
  // SAFETY: the test asserts on what it finds.
  const body = (await response.json()) as { type: string; error: { type: string; message: string } }
  return {
    status: response.status,
    type: body.type,
    error: body.error.type,
    message: body.error.message,
    retry: response.headers.get('x-should-retry'),
  }
}

/** The one interception with this id, when the drain has ended it. */
async function ended(id: string) {
  for (;;) {
    const row = await db.sql.selectFrom('interceptions').selectAll().where('id', '=', id).executeTakeFirst()
    if (row !== undefined && row.outcome !== 'live') return row
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('an answer comes through untouched, is recorded as whose it is, and our token does not go to the provider', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  const response = await open.ask(dana.token, prompt)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ content: [{ type: 'text', text: 'hello there' }] })
  const row = await ended(response.headers.get('x-reeve-interception-id') ?? '')
  expect(row).toMatchObject({
    user_id: dana.actor.userId,
    api_key_id: dana.keyId,
    outcome: 'ok',
    prompt: 'hello',
    output_tokens: 3,
  })
  const sent = upstream.seen.at(-1)!
  expect(sent.body.equals(prompt)).toBe(true)
  expect(JSON.stringify(sent)).not.toContain(dana.token)
})

test('a missing, malformed, unknown, expired, revoked or other-scope token is refused in the shape of the provider', async () => {
  const before = upstream.seen.length
  const post = (headers: Record<string, string>, query = '') =>
    fetch(`${open.url}/anthropic/v1/messages${query}`, { method: 'POST', headers, body: prompt }).then(errorOf)
  const refused = { type: 'error', error: 'authentication_error', status: 401, retry: 'false' }
  expect(await post({})).toMatchObject(refused)
  expect(await post({ 'x-api-key': 'sk-ant-something' })).toMatchObject(refused)
  expect(await post({ authorization: 'Basic abc' })).toMatchObject(refused)

  const expired = await person(db, 'expired')
  await db.sql
    .updateTable('api_keys')
    .set({ expires_at: new Date(0) })
    .where('id', '=', expired.keyId)
    .execute()
  expect(await post({ 'x-api-key': expired.token })).toMatchObject(refused)
  const suspended = await person(db, 'suspended')
  await db.sql.updateTable('users').set({ status: 'suspended' }).where('id', '=', suspended.actor.userId).execute()
  expect(await post({ 'x-api-key': suspended.token })).toMatchObject(refused)

  const manager = await person(db, 'manager', { scopes: ['api'] })
  expect(await post({ 'x-api-key': manager.token })).toMatchObject({
    status: 403,
    error: 'permission_error',
    retry: 'false',
  })
  expect(await post({ 'x-api-key': dana.token, authorization: `Bearer ${manager.token}` })).toMatchObject({
    status: 400,
  })
  expect(await post({ 'x-api-key': dana.token }, '?key=abc')).toMatchObject({
    status: 400,
    error: 'invalid_request_error',
  })
  expect(upstream.seen.length).toBe(before)

  const audited = await db.sql.selectFrom('audit_events').select(['resource_id', 'action', 'outcome']).execute()
  expect(audited.map((event) => event.resource_id).sort()).toEqual(
    [expired.keyId, suspended.keyId, manager.keyId].sort(),
  )
  expect(audited.every((event) => event.outcome === 'refused')).toBe(true)
  expect(await open.registry.metrics()).toContain('reeve_gateway_refused_total{reason="unauthenticated"}')
})

test('one auth header sent twice is refused, also when both are the same', async () => {
  const { port } = new URL(open.url)
  const req = request({ port, host: '127.0.0.1', method: 'POST', path: '/api/v2/aibridge/anthropic/v1/messages' })
  req.setHeader('x-api-key', [dana.token, dana.token])
  req.end(prompt)
  const [response] = await once(req, 'response')
  expect(response.statusCode).toBe(400)
  response.resume()
  await once(response, 'end')
})

test('a provider without a key says which setting is missing; an unknown one is not found', async () => {
  await using bare = await testGateway(db, upstream.url, { providers: allAt(upstream.url, null) })
  const answer = await errorOf(await bare.ask(dana.token, prompt))
  expect(answer).toMatchObject({ status: 503, type: 'error', retry: 'false' })
  expect(answer.message).toContain('REEVE_AIBRIDGE_ANTHROPIC_KEY')
  expect(bare.gateway.status().providers).toMatchObject([
    { name: 'anthropic', ready: false },
    { name: 'openai', ready: false },
    { name: 'gemini', ready: false },
  ])
  const other = await fetch(`${bare.url}/nobody/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': dana.token },
    body: prompt,
  })
  expect(await errorOf(other)).toMatchObject({ status: 404, error: 'not_found_error' })
})

test('the scripted provider answers over real HTTP without a key, under both paths', async () => {
  await using scripted = await testGateway(db, upstream.url, { scripted: true })
  for (const base of [scripted.url, scripted.url.replace('aibridge', 'ai-gateway')]) {
    const headers = { authorization: `Bearer ${dana.token}` }
    const response = await fetch(`${base}/scripted/v1/messages`, { method: 'POST', headers, body: prompt })
    expect(response.status).toBe(200)
    const row = await ended(response.headers.get('x-reeve-interception-id') ?? '')
    expect(row).toMatchObject({ provider_name: 'scripted', outcome: 'ok' })
  }
})

test('paths of the management API are not taken for providers', () => {
  for (const path of ['sessions', 'sessions/x', 'sessions-watch', 'interceptions', 'models', 'clients', 'status']) {
    expect(open.gateway.matches(`/api/v2/aibridge/${path}`)).toBe(false)
  }
  expect(open.gateway.matches('/api/v2/aibridge/anthropic/v1/messages')).toBe(true)
  expect(open.gateway.matches('/api/v2/ai-gateway/scripted')).toBe(true)
  expect(open.gateway.matches('/api/v2/users')).toBe(false)
})

test('a revoked token cuts its open streams, and the record says so', async () => {
  const gone = await person(db, 'leaver')
  const [first, ...rest] = messageEvents(turn)
  const cut = Promise.withResolvers<void>()
  upstream.answer(() => [
    ...eventStream([first!], {}).slice(0, 2),
    { do: 'until', settled: cut.promise },
    { do: 'reset' },
  ])
  const response = await open.ask(gone.token, bodyOf([{ role: 'user', content: 'long' }], { stream: true }))
  const reader = response.body!.getReader()
  expect(rest.length).toBeGreaterThan(0)
  await reader.read()
  await db.sql.deleteFrom('api_keys').where('id', '=', gone.keyId).execute()
  await sql`select pg_notify(${credentialChannel}, ${`key ${gone.keyId}`})`.execute(db.sql)
  await expect(reader.read()).rejects.toThrow()
  cut.resolve()
  const id = response.headers.get('x-reeve-interception-id') ?? ''
  expect(await ended(id)).toMatchObject({ outcome: 'interrupted', error_type: 'credential_revoked' })
  expect(await errorOf(await open.ask(gone.token, prompt))).toMatchObject({ status: 401 })
  upstream.answer(() => [{ do: 'reset' }])
})

test('a flood of bad tokens is told to stop, and a good token passes from the same address', async () => {
  await using flooded = await testGateway(db, upstream.url)
  upstream.answer((seen) => answerTurn(seen, turn))
  const statuses: number[] = []
  for (let i = 0; i < 60; i++)
    statuses.push((await errorOf(await flooded.ask(newToken().token.reveal(), prompt))).status)
  expect(new Set(statuses)).toEqual(new Set([401]))
  const limited = await flooded.ask('sk-ant-something', prompt)
  expect(limited.headers.get('retry-after')).toBe('5')
  expect(await errorOf(limited)).toMatchObject({
    status: 429,
    type: 'error',
    error: 'rate_limit_error',
    retry: 'false',
  })
  const good = await flooded.ask(dana.token, prompt)
  expect(good.status).toBe(200)
  await good.arrayBuffer()
  expect((await errorOf(await flooded.ask('', prompt))).status).toBe(429)
  expect(await flooded.registry.metrics()).toContain('reeve_gateway_refused_total{reason="limited"} 2')
  // One line for each that was noted, none for the rest.
  expect(flooded.lines.filter((line) => line.message === 'a request to the bridge was turned away').length).toBe(60)
})

test('more requests than the bound are told to come back', async () => {
  await using small = await testGateway(db, upstream.url, { limits: { ...noLimits, open: 1 } })
  const arrived = upstream.seen.length + 1
  upstream.answer(() => [{ do: 'stall' }])
  const stop = new AbortController()
  const first = small.ask(dana.token, prompt, {}, stop.signal).catch(() => null)
  await upstream.arrived(arrived)
  const second = await small.ask(dana.token, prompt)
  expect(second.headers.get('retry-after')).toBe('1')
  expect(await errorOf(second)).toMatchObject({ status: 503, type: 'error' })
  stop.abort()
  await first
})

test('models, counts of tokens and bodies that are refused are on record, too; a probe without a token is not', async () => {
  await using scripted = await testGateway(db, upstream.url, { scripted: true })
  const call = (method: string, path: string, body?: string) =>
    fetch(`${scripted.url}/scripted${path}`, {
      method,
      headers: { 'x-api-key': dana.token, 'content-type': 'application/json' },
      ...(body !== undefined && { body }),
    })
  const recorded = async (response: Response) => {
    await response.arrayBuffer()
    return ended(response.headers.get('x-reeve-interception-id') ?? '')
  }
  expect(await recorded(await call('GET', '/v1/models'))).toMatchObject({
    route: 'models',
    outcome: 'ok',
    request_bytes: 0,
  })
  const counted = await recorded(await call('POST', '/v1/messages/count_tokens', prompt.toString()))
  expect(counted).toMatchObject({ route: 'count_tokens', outcome: 'ok', prompt: null, input_tokens: 0 })
  const refused = await recorded(await call('POST', '/v1/messages', '{"model": '))
  expect(refused).toMatchObject({ outcome: 'refused', status_code: 400, request_bytes: 10 })

  const probe = await fetch(`${scripted.url}/scripted/api/hello`, { method: 'HEAD' })
  expect([probe.status, probe.headers.get('x-reeve-interception-id')]).toEqual([200, null])
  expect(scripted.lines.filter((line) => line.level === 'error')).toEqual([])
})
