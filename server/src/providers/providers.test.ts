import { Secret } from '@reeve/base'
import type { AiProvider } from '@reeve/sdk'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { testKeyring } from '../keyring/testing.ts'
import { dumpDatabase, formsOf } from '../testing/canaries.ts'
import { testServiceAccount } from '../../../test/support/service-account.ts'
import { startUpstream } from '../../../test/support/upstream.ts'
import { type TestProviders, testProviders } from './testing.ts'

let db: TestDatabase
const keyring = testKeyring()
let room: TestProviders
beforeAll(async () => {
  db = await testDatabase()
  room = await testProviders(db, keyring)
})
afterAll(async () => {
  await room[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await db.sql.deleteFrom('ai_providers').execute()
  await room.providers.reload()
})

const one = 'sk-first-0123456789abcdef'
const two = 'sk-second-0123456789abcdef'
// SAFETY: what the routes answer is an AiProvider, as the contract says.
const create = async (body: object) => (await room.call('createAiProvider', {}, body)) as AiProvider
const update = async (provider: string, body: object) =>
  // SAFETY: as above.
  (await room.call('updateAiProvider', { provider }, body)) as AiProvider & { dropped_keys: number }
const corp = { name: 'corp', type: 'openai', api_keys: [{ api_key: one }, { api_key: two, weight: 3 }] }
const lastEvent = () =>
  db.sql.selectFrom('audit_events').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirstOrThrow()

test('a provider is offered at once, on this replica and on another, and so is what becomes of it', async () => {
  await using other = await testProviders(db, keyring)
  const at = (which: TestProviders) => which.providers.current().get('corp')
  await create(corp)
  expect(at(room)).toMatchObject({ baseUrl: 'https://api.openai.com/v1', missing: null })
  expect(at(room)?.provider.keys.map(({ secret, weight }) => [secret.reveal(), weight])).toEqual([
    [one, 0],
    [two, 3],
  ])
  await vi.waitFor(() => expect(at(other)?.provider.keys).toHaveLength(2), 60_000)
  await update('corp', { enabled: false })
  expect(at(room)?.missing).toMatch(/switched off/)
  await vi.waitFor(() => expect(at(other)?.missing).toMatch(/switched off/), 60_000)
  await room.call('deleteAiProvider', { provider: 'corp' })
  expect(at(room)).toBeUndefined()
  await vi.waitFor(() => expect(at(other)).toBeUndefined(), 60_000)
})

test('what did not change is the same object after another reading', async () => {
  await create(corp)
  await create({ name: 'stays', type: 'anthropic', api_keys: [{ api_key: one }] })
  const before = room.providers.current().get('stays')
  await update('corp', { display_name: 'Corp' })
  expect(room.providers.current().get('stays')).toBe(before)
})

test('keys are sealed in the database, and neither answered nor put on record', async () => {
  const made = await create(corp)
  const shown = await update('corp', {
    api_keys: [{ api_key: 'sk-third-0123456789abcdef' }, { id: made.api_keys[0]!.id }],
  })
  const told = JSON.stringify([made, shown, await room.call('listAiProviders')])
  const dump = [...(await dumpDatabase(db)).values(), told, JSON.stringify(room.lines)].join('\n')
  for (const key of [one, two]) for (const form of formsOf(key)) expect(dump.includes(form)).toBe(false)
  expect(shown.api_keys.map(({ masked }) => masked)).toEqual(['sk-t...cdef', 'sk-f...cdef'])
  expect(shown.api_keys[1]!.id).toBe(made.api_keys[0]!.id)
  expect(await lastEvent()).toMatchObject({
    action: 'write',
    resource_type: 'ai_provider',
    resource_target: 'corp',
    diff: { keys: { old: ['sk-f...cdef', 'sk-s...cdef (weight 3)'], new: ['sk-t...cdef', 'sk-f...cdef'] } },
  })
})

test('keys are sent to no other host than the one that they were entered for', async () => {
  const made = await create(corp)
  const same = await update('corp', { base_url: 'https://api.openai.com/v2' })
  expect([same.api_keys.length, same.dropped_keys]).toEqual([2, 0])
  const moved = await update('corp', {
    base_url: 'https://evil.example.com/v1',
    api_keys: [{ id: made.api_keys[0]!.id }],
  })
  expect([moved.api_keys, moved.dropped_keys, moved.ready]).toEqual([[], 1, false])
  expect((await lastEvent()).diff).toMatchObject({
    base_url: { old: 'https://api.openai.com/v2', new: 'https://evil.example.com/v1' },
    keys_dropped: { old: null, new: 1 },
  })
  const entered = await update('corp', { base_url: 'https://other.example.com', api_keys: [{ api_key: two }] })
  expect([entered.api_keys.length, entered.dropped_keys, entered.ready]).toEqual([1, 0, true])
})

test.each([
  ['a path of the management API', { name: 'sessions', type: 'openai' }, 'name'],
  ['a type that nobody speaks', { name: 'x', type: 'esperanto' }, 'type'],
  ['a private address', { name: 'x', type: 'openai', base_url: 'https://10.0.0.1/v1' }, 'base_url'],
  ['an address in the open', { name: 'x', type: 'openai', base_url: 'http://models.example.com' }, 'base_url'],
  ['an address with a password', { name: 'x', type: 'openai', base_url: 'https://a:b@example.com' }, 'base_url'],
  [
    'a setting that its type does not know',
    { name: 'x', type: 'openai', settings: { region: 'eu' } },
    'settings.region',
  ],
  ['no address where one is needed', { name: 'x', type: 'azure' }, 'base_url'],
  ['an icon that is a script', { name: 'x', type: 'openai', icon: 'javascript:alert(1)' }, 'icon'],
])('%s is refused', async (_, body, field) => {
  await expect(create(body)).rejects.toMatchObject({ code: 'invalid', problems: [{ field }] })
})

test('a region says where Amazon is, and the tables of models are kept, told and on record', async () => {
  const access = 'AKIAABCDEFGHIJKL:s3cret'
  const models = [{ from: '*haiku*', to: 'eu.anthropic.claude-haiku-4-5-20251001-v1:0' }]
  const made = await create({
    name: 'aws',
    type: 'bedrock',
    settings: { region: 'eu-central-1', models },
    api_keys: [{ api_key: access }],
  })
  expect(made).toMatchObject({
    base_url: 'https://bedrock-runtime.eu-central-1.amazonaws.com',
    settings: { region: 'eu-central-1', models },
    ready: true,
  })
  const capabilities = [{ models: '*', thinking: 'any' }]
  expect(await update('aws', { settings: { models, capabilities } })).toMatchObject({
    settings: { models, capabilities },
  })
  expect((await update('aws', { enabled: true })).settings).toEqual({ models, capabilities })
  const lost = await create({
    name: 'b',
    type: 'bedrock',
    base_url: 'https://aws.example.com',
    api_keys: [{ api_key: access }],
  })
  expect([lost.ready, lost.detail]).toEqual([false, expect.stringContaining('must have a region')])
  expect((await update('b', { settings: { region: 'us-east-1' } })).ready).toBe(true)
  expect(await lastEvent()).toMatchObject({ diff: { settings: { old: '{}', new: '{"region":"us-east-1"}' } } })
})

test('the file of a service account is a key of Vertex AI, and of nothing else', async () => {
  const { file, email } = testServiceAccount()
  const made = await create({ name: 'vertex', type: 'vertex', api_keys: [{ api_key: file }] })
  expect(made).toMatchObject({ ready: true, base_url: 'https://aiplatform.googleapis.com' })
  const [key] = room.providers.current().get('vertex')!.provider.keys
  expect(key!.secret.reveal()).toMatch(new RegExp(`^${email}:a1b2c3:`))
  expect(JSON.stringify(made)).not.toContain('PRIVATE KEY')
  for (const [type, api_key] of [
    ['openai', file],
    ['vertex', '{"client_email":"a@b"}'],
  ])
    await expect(create({ name: 'x', type, api_keys: [{ api_key }] })).rejects.toMatchObject({
      problems: [{ field: 'api_keys.0.api_key' }],
    })
})

test('keys of another provider cannot be kept, and none twice', async () => {
  const made = await create(corp)
  await create({ name: 'x', type: 'openai' })
  const [{ id } = { id: '' }] = made.api_keys
  await expect(update('x', { api_keys: [{ id }] })).rejects.toMatchObject({ problems: [{ field: 'api_keys.0.id' }] })
  await expect(update('corp', { api_keys: [{ id }, { id }] })).rejects.toMatchObject({
    problems: [{ field: 'api_keys.1.id' }],
  })
})

test('one of the environment wins over a stored one, is read-only, and gives way only while it has no key', async () => {
  await create({ ...corp, name: 'openai' })
  const setting = { name: 'openai', type: 'openai', baseUrl: 'https://env.example.com', keyEnv: 'THE_KEY' } as const
  await using keyed = await testProviders(db, keyring, {
    settings: [{ ...setting, keys: [new Secret(two)], isNamed: false }],
  })
  expect(keyed.providers.current().get('openai')?.baseUrl).toBe('https://env.example.com')
  expect(JSON.stringify(keyed.lines)).toContain('the stored one rests')
  const change = keyed.call('updateAiProvider', { provider: 'openai' }, { enabled: false })
  await expect(change).rejects.toMatchObject({ code: 'conflict', fix: expect.stringContaining('THE_KEY') })
  await expect(keyed.call('createAiProvider', {}, { name: 'openai', type: 'openai' })).rejects.toMatchObject({
    code: 'conflict',
  })
  expect(await keyed.call('listAiProviders')).toMatchObject({
    providers: [
      { source: 'environment', variable: 'THE_KEY', ready: true, api_keys: [{ masked: 'sk-s...cdef' }] },
      { source: 'stored', ready: false, detail: expect.stringContaining('environment') },
    ],
  })
  await using bare = await testProviders(db, keyring, { settings: [{ ...setting, keys: [], isNamed: false }] })
  expect(bare.providers.current().get('openai')?.baseUrl).toBe('https://api.openai.com/v1')
})

test('how a provider does is told by name and by id, and of one that rests behind a setting nothing is', async () => {
  const standing = { requests: 1, keys: [], models: [], left_out: 0 }
  const gateway = { gateway: '01900000-0000-7000-8000-000000000009', host: 'models-1', process: 1 }
  await using keyed = await testProviders(db, keyring, {
    settings: [{ name: 'openai', type: 'openai', baseUrl: 'https://a.example', keyEnv: 'K', keys: [], isNamed: true }],
    standing: async ({ name }) => [{ ...gateway, seen_at: name, standing }],
  })
  const [free, hidden] = [await create(corp), await create({ ...corp, name: 'openai' })]
  const told = (provider: string) => keyed.call('getAiProviderStanding', { provider })
  expect(await told('corp')).toEqual({ gateways: [{ ...gateway, seen_at: 'corp', standing }] })
  expect(await told(free.id!)).toEqual(await told('corp'))
  expect(await told('openai')).toMatchObject({ gateways: [{ standing }] })
  expect(await told(hidden.id!)).toMatchObject({ gateways: [{ standing: null }] })
  await expect(told('nothing')).rejects.toMatchObject({ code: 'not_found' })
})

test('a provider whose keys this server cannot open says so, and the others are offered', async () => {
  await create(corp)
  await create({ name: 'local', type: 'openai-compat', base_url: 'https://models.example.com/v1' })
  await using other = await testProviders(db, testKeyring())
  expect(other.providers.current().get('corp')?.missing).toMatch(/cannot be opened/)
  expect(other.providers.current().get('local')?.missing).toBeNull()
})

test('the test asks with each key and tells what came of it, never the key', async () => {
  await using upstream = await startUpstream()
  upstream.answer((request) => {
    const isFirst = request.header('authorization')[0] === `Bearer ${one}`
    const head = `HTTP/1.1 ${isFirst ? '200 OK' : '401 Unauthorized'}\r\ncontent-length: 2\r\n\r\n{}`
    return [{ do: 'send', bytes: Buffer.from(head) }]
  })
  const base_url = `${upstream.url}/v1`
  await create({ ...corp, base_url, allow_private: true })
  const told = await room.call('testAiProvider', { provider: 'corp' })
  expect(told).toMatchObject({
    results: [
      { masked: 'sk-f...cdef', ok: true, status: 200, error: null },
      { masked: 'sk-s...cdef', ok: false, status: 401, error: 'the provider does not take this key' },
    ],
  })
  expect(await lastEvent()).toMatchObject({ action: 'test', outcome: 'refused' })
})

test('a name that means a private address is not connected to', async () => {
  await using upstream = await startUpstream()
  const { port } = new URL(upstream.url)
  await create({ name: 'near', type: 'openai-compat', base_url: `https://localhost:${port}/v1` })
  const told = await room.call('testAiProvider', { provider: 'near' })
  expect(told).toMatchObject({ results: [{ ok: false, status: null }] })
  expect(upstream.connections.opened).toBe(0)
})
