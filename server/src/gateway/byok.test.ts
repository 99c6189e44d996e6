import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerTurn } from '../../../test/support/messages.ts'
import { providerError } from '../../../test/support/replies.ts'
import { startUpstream, type Upstream } from '../../../test/support/upstream.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { allAt, noLimits, person, type Person, testGateway, type TestGateway } from './gateway-testing.ts'

let db: TestDatabase
let upstream: Upstream
let dana: Person
let eve: Person
let open: TestGateway
beforeAll(async () => {
  db = await testDatabase()
  upstream = await startUpstream()
  dana = await person(db, 'dana')
  eve = await person(db, 'eve')
  open = await testGateway(db, upstream.url)
})
afterAll(async () => {
  await open[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const central = 'sk-upstream'
const turn = { blocks: [{ type: 'text' as const, text: 'hello there' }], usage: { input_tokens: 5, output_tokens: 3 } }
const paths: Readonly<Record<string, string>> = {
  anthropic: '/anthropic/v1/messages',
  openai: '/openai/v1/chat/completions',
  gemini: '/gemini/v1beta/models/gemini-2.5-pro:generateContent',
}
const body = JSON.stringify({
  model: 'gemini-2.5-pro',
  max_tokens: 5,
  messages: [{ role: 'user', content: 'hello' }],
  contents: [{ role: 'user', parts: [{ text: 'hello' }] }],
})
const post = (gateway: TestGateway, path: string, headers: Readonly<Record<string, string>>) =>
  fetch(gateway.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })

async function ended(response: Response) {
  await response.arrayBuffer()
  const id = response.headers.get('x-reeve-interception-id') ?? ''
  for (;;) {
    const row = await db.sql.selectFrom('interceptions').selectAll().where('id', '=', id).executeTakeFirst()
    if (row !== undefined && row.outcome !== 'live') return row
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The credentials that the upstream was sent last. */
function sent(): Readonly<Record<string, string>> {
  const { headers } = upstream.seen.at(-1)!
  const names = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'x-reeve-token']
  return Object.fromEntries(headers.filter(([name]) => names.includes(name.toLowerCase())))
}

const key = 'key-of-dana-herself-1234567890'
const oauth = 'oauth-of-dana-herself-1234567890'
const bearer = { authorization: `Bearer ${oauth}` }

test('whose credential a provider is asked with: each provider, each way to send one', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  const table: [string, Record<string, string>, Record<string, string>][] = [
    ['anthropic', bearer, bearer],
    ['anthropic', { 'x-api-key': key }, { 'x-api-key': key }],
    ['anthropic', { 'x-api-key': key, ...bearer }, { 'x-api-key': key }],
    ['anthropic', {}, { 'x-api-key': central }],
    ['anthropic', { authorization: 'Basic abc' }, { 'x-api-key': central }],
    ['openai', bearer, bearer],
    ['openai', { 'x-api-key': key }, { authorization: `Bearer ${central}` }],
    ['openai', { 'x-api-key': key, ...bearer }, bearer],
    ['openai', {}, { authorization: `Bearer ${central}` }],
    ['gemini', bearer, bearer],
    ['gemini', { 'x-goog-api-key': key }, { 'x-goog-api-key': key }],
    ['gemini', { 'x-goog-api-key': key, ...bearer }, { 'x-goog-api-key': key }],
    ['gemini', {}, { 'x-goog-api-key': central }],
  ]
  for (const [provider, given, expected] of table) {
    for (const name of ['x-reeve-token', 'X-Coder-AI-Governance-Token']) {
      const row = await ended(await post(open, paths[provider]!, { [name]: dana.token, ...given }))
      expect(sent(), `${provider} ${JSON.stringify(given)}`).toEqual(expected)
      const own = !JSON.stringify(expected).includes(central)
      expect(row).toMatchObject({
        user_id: dana.actor.userId,
        credential_kind: own ? 'byok' : 'centralized',
        credential_hint: new Secret(Object.values(expected)[0]!.replace('Bearer ', '')).hint(),
      })
    }
  }
  expect(await open.registry.metrics()).toContain('reeve_own_credential_requests_total{provider="openai"} 4')
})

test('a Reeve token that a client sends in place of a key as well goes nowhere, and another one is refused', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  const both = { 'x-reeve-token': dana.token, authorization: `Bearer ${dana.token}` }
  await ended(await post(open, paths['anthropic']!, both))
  expect(sent()).toEqual({ 'x-api-key': central })
  const before = upstream.seen.length
  const two = await post(open, paths['anthropic']!, { ...both, authorization: `Bearer ${eve.token}` })
  expect([two.status, upstream.seen.length]).toEqual([400, before])
  expect(await two.text()).not.toContain('rv_')
  const shared = await post(open, paths['anthropic']!, { 'x-api-key': dana.token, ...bearer })
  expect([shared.status, upstream.seen.length]).toEqual([400, before])
})

test('neither credential is in the record, the logs, the metrics or what the other side gets', async () => {
  const repeats = `the credential ${oauth} is not good`
  upstream.answer(() => providerError(401, 'authentication_error', repeats))
  const response = await post(open, paths['anthropic']!, { 'x-reeve-token': dana.token, ...bearer })
  expect(response.status).toBe(401)
  const text = await response.clone().text()
  expect(text).toContain(`the credential ${'*'.repeat(oauth.length)} is not good`)
  await ended(response)
  expect(JSON.stringify(upstream.seen.at(-1))).not.toContain(dana.token)
  const journal = await Promise.all(
    (await readdir(open.journalDir, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
  )
  const rows = await Promise.all(
    (['interceptions', 'interception_items', 'sessions', 'audit_events'] as const).map((table) =>
      db.sql.selectFrom(table).selectAll().execute(),
    ),
  )
  const kept = [...journal, JSON.stringify(rows), JSON.stringify(open.lines), await open.registry.metrics()]
  for (const place of kept) for (const secret of [oauth, key, dana.token]) expect(place.includes(secret)).toBe(false)
})

test('what a provider says of one user’s credential is nobody else’s trouble, and no other key is tried', async () => {
  const from = upstream.seen.length
  for (const status of [401, 403, 429]) {
    upstream.answer(() => providerError(status, 'x', 'no'))
    for (let i = 0; i < 6; i++) {
      const response = await post(open, paths['anthropic']!, { 'x-reeve-token': dana.token, ...bearer })
      expect(response.status).toBe(status)
      await response.arrayBuffer()
    }
  }
  expect(upstream.seen.length - from).toBe(18)
  upstream.answer((seen) => answerTurn(seen, turn))
  const good = await open.ask(eve.token, body)
  expect(good.status).toBe(200)
  await good.arrayBuffer()
})

test('a provider without a key can be asked by whoever has one, and only by those', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  await using bare = await testGateway(db, upstream.url, { providers: allAt(upstream.url, null) })
  const row = await ended(await post(bare, paths['anthropic']!, { 'x-reeve-token': dana.token, 'x-api-key': key }))
  expect(row).toMatchObject({ outcome: 'ok', credential_kind: 'byok' })
  expect((await post(bare, paths['anthropic']!, { 'x-reeve-token': dana.token })).status).toBe(503)
  expect((await bare.ask(dana.token, body)).status).toBe(503)
})

test('where it is switched off, a header of its own is refused in the shape of each provider', async () => {
  await using closed = await testGateway(db, upstream.url, { allowByok: false })
  const before = upstream.seen.length
  for (const [provider, status] of [
    ['anthropic', 403],
    ['openai', 400],
    ['gemini', 403],
  ] as const) {
    const response = await post(closed, paths[provider]!, { 'x-reeve-token': dana.token, ...bearer })
    expect(response.status).toBe(status)
    expect(await response.text()).toContain('REEVE_AIBRIDGE_ALLOW_BYOK')
  }
  expect(upstream.seen.length).toBe(before)
})

test('a provider is told who asks where that is wanted, and never by the client', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  const actorHeaders = { sent: true, id: 'X-Who', username: 'X-AI-Bridge-Actor-Metadata-Username' }
  const spoofed = { 'x-who': 'mallory', 'x-ai-bridge-actor-id': 'mallory', 'X-AI-Bridge-Actor-Metadata-Role': 'owner' }
  const told = () => JSON.stringify(upstream.seen.at(-1)!.headers)
  await using telling = await testGateway(db, upstream.url, { actorHeaders })
  await ended(await telling.ask(dana.token, body, spoofed))
  const { header } = upstream.seen.at(-1)!
  expect([header('x-who'), header('x-ai-bridge-actor-metadata-username')]).toEqual([[dana.actor.userId], ['dana']])
  expect(told()).not.toMatch(/mallory|owner/)
  await using silent = await testGateway(db, upstream.url, { actorHeaders: { ...actorHeaders, sent: false } })
  await ended(await silent.ask(dana.token, body, spoofed))
  expect(told()).not.toMatch(/mallory|owner|dana|x-who/i)
})

test('too many requests a second are turned away before their body is read, each client in words that it shows', async () => {
  upstream.answer((seen) => answerTurn(seen, turn))
  await using slow = await testGateway(db, upstream.url, { limits: { ...noLimits, perUser: 1 } })
  const frank = await person(db, 'frank')
  for (const [provider, status] of [
    ['anthropic', 429],
    ['openai', 503],
    ['gemini', 429],
  ] as const) {
    const token = (await person(db, `user-of-${provider}`)).token
    const asked = await Promise.all([1, 2, 3].map(() => post(slow, paths[provider]!, { 'x-reeve-token': token })))
    const refused = asked.find((response) => response.status !== 200)!
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([status, '1'])
    expect(refused.headers.get('x-should-retry')).toBeNull()
    expect(await refused.text()).toContain('You make more than 1 request a second')
  }
  expect((await post(slow, paths['openai']!, { 'x-reeve-token': frank.token })).status).toBe(200)
})
