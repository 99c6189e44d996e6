import { afterAll, beforeAll, expect, test } from 'vitest'
import { deleteOldKeys } from './jobs.ts'
import { answersNotSeen, type TestIdentity, testIdentity } from './testing.ts'

let world: TestIdentity
let owner: string
let member: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  member = await world.person('max')
  await world.person('gone')
  await call('PUT', '/api/v2/users/gone/status/suspend', { token: owner })
})
afterAll(() => world[Symbol.asyncDispose]())

const call: TestIdentity['call'] = (...args) => world.call(...args)

const tokens = '/api/v2/users/me/keys/tokens'

test('a token is shown once, listed without its secret, and found by id and name', async () => {
  const made = await call('POST', tokens, {
    token: member,
    body: { token_name: 'ci', scope: 'gateway', lifetime_seconds: 3600 },
  })
  expect(made.status).toBe(201)
  expect(made.json.key).toMatch(/^rv_/)
  const list = await call('GET', tokens, { token: member })
  expect(list.status).toBe(200)
  expect(list.json).toMatchObject([
    { id: made.json.id, token_name: 'ci', scope: 'gateway', lifetime_seconds: 3600, login_type: 'token' },
  ])
  expect(JSON.stringify(list.json)).not.toContain(made.json.key.split('_')[2])
  for (const ref of [made.json.id, 'CI']) {
    expect((await call('GET', `/api/v2/users/me/keys/${ref}`, { token: member })).json.id).toBe(made.json.id)
  }
  expect((await call('GET', '/api/v2/users/me/keys/nothing', { token: member })).status).toBe(404)
  expect((await call('POST', tokens, { token: member, body: { token_name: 'CI' } })).status).toBe(409)
  const event = (await world.audit()).find(({ resource_target }) => resource_target === 'ci')
  expect(event).toMatchObject({
    action: 'create',
    resource_type: 'api_key',
    diff: { scopes: { new: ['gateway'] }, secret: { new: '[secret]' } },
  })
})

test('a token cannot make one that may more than it may itself', async () => {
  const { json } = await call('POST', tokens, { token: member, body: { scope: 'api' } })
  expect((await call('POST', tokens, { token: json.key, body: { scope: 'gateway' } })).status).toBe(403)
  expect((await call('POST', tokens, { token: json.key, body: { scope: 'all' } })).status).toBe(403)
  expect((await call('POST', '/api/v2/users/me/keys', { token: json.key })).status).toBe(403)
  expect((await call('POST', tokens, { token: json.key, body: {} })).status).toBe(201)
  expect((await call('POST', tokens, { token: member, body: { scope: 'root' } })).status).toBe(400)
})

test('a session key may everything and can be made by its owner', async () => {
  const { status, json } = await call('POST', '/api/v2/users/me/keys', { token: member })
  expect(status).toBe(201)
  expect((await call('GET', '/api/v2/users/me', { token: json.key })).json.username).toBe('max')
  expect((await call('POST', '/api/v2/users/dana/keys', { token: member })).status).toBe(404)
  expect((await call('POST', '/api/v2/users/gone/keys', { token: owner })).status).toBe(409)
})

test('expiring keeps the row for a week, deleting does not, and both end the token at once', async () => {
  const make = async (name: string) => (await call('POST', tokens, { token: member, body: { token_name: name } })).json
  const [kept, lost] = [await make('kept'), await make('lost')]
  expect((await call('PUT', '/api/v2/users/me/keys/kept/expire', { token: member })).status).toBe(204)
  expect((await call('DELETE', '/api/v2/users/me/keys/lost', { token: member })).status).toBe(204)
  for (const { key } of [kept, lost]) expect((await call('GET', '/api/v2/users/me', { token: key })).status).toBe(401)
  const names = async (query: string) =>
    (await call('GET', tokens + query, { token: member })).json.map(
      ({ token_name }: { token_name: string }) => token_name,
    )
  expect(await names('')).not.toContain('kept')
  expect(await names('?include_expired=true')).toContain('kept')
  expect(await names('?include_expired=true')).not.toContain('lost')
  expect((await call('DELETE', '/api/v2/users/me/keys/lost', { token: member })).status).toBe(404)
  expect((await call('PUT', '/api/v2/users/me/keys/lost/expire', { token: member })).status).toBe(404)

  const later = {
    db: world.db.sql,
    log: world.identity.log,
    clock: { ...world.clock, now: () => new Date(Date.now() + 6.9 * 86_400_000) },
  }
  await deleteOldKeys(later)
  expect(await names('?include_expired=true')).toContain('kept')
  await deleteOldKeys({ ...later, clock: { ...world.clock, now: () => new Date(Date.now() + 7.1 * 86_400_000) } })
  expect(await names('?include_expired=true')).not.toContain('kept')
  owner = await world.signIn('dana')
  member = await world.signIn('max')
})

test('the name of an ended token is free again', async () => {
  for (let i = 0; i < 2; i++) {
    expect((await call('POST', tokens, { token: member, body: { token_name: 'again' } })).status).toBe(201)
    await call('PUT', '/api/v2/users/me/keys/again/expire', { token: member })
  }
})

test('tokens of others are nobody’s to a member; an owner sees, makes and ends them', async () => {
  const made = await call('POST', '/api/v2/users/max/keys/tokens', { token: owner, body: { token_name: 'by-owner' } })
  expect(made.status).toBe(201)
  for (const [method, path] of [
    ['GET', '/api/v2/users/dana/keys/tokens'],
    ['POST', '/api/v2/users/dana/keys/tokens'],
    ['GET', '/api/v2/users/dana/keys/tokens/tokenconfig'],
    ['GET', `/api/v2/users/dana/keys/${made.json.id}`],
  ] as const) {
    expect((await call(method, path, { token: member, ...(method === 'POST' ? { body: {} } : {}) })).status).toBe(404)
  }
  expect((await call('GET', `${tokens}?include_all=true`, { token: member })).status).toBe(403)
  const everybody = await call('GET', `${tokens}?include_all=true`, { token: owner })
  expect(everybody.json.map(({ username }: { username: string }) => username)).toContain('max')
  expect((await call('DELETE', '/api/v2/users/max/keys/by-owner', { token: owner })).status).toBe(204)
  expect((await call('POST', '/api/v2/users/gone/keys/tokens', { token: owner, body: {} })).status).toBe(409)
})

test('the longest lifetime is told in nanoseconds', async () => {
  const { json } = await call('GET', `${tokens}/tokenconfig`, { token: member })
  expect(json).toEqual({ max_token_lifetime: 365 * 86_400e9 })
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(
    answersNotSeen(
      'createToken',
      'createSessionKey',
      'listTokens',
      'getTokenConfig',
      'getKey',
      'deleteKey',
      'expireKey',
    ),
  ).toEqual([])
})
