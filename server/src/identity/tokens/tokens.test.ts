import { afterAll, beforeAll, expect, test } from 'vitest'
import { deleteOldKeys } from '../jobs.ts'
import { createToken } from './tokens.ts'
import { answersNotSeen, type TestIdentity, testIdentity } from '../testing.ts'

let world: TestIdentity
let owner: string
let member: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  member = await world.person('max')
  await world.person('gone')
  await call('POST', '/api/v2/users', {
    token: owner,
    body: { username: 'robot', service_account: true, owner: 'max' },
  })
  await call('POST', '/api/v2/users', { token: owner, body: { username: 'idle', service_account: true } })
  await call('PUT', '/api/v2/users/idle/status/suspend', { token: owner })
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
  expect((await call('POST', '/api/v2/users/max/keys', { token: owner })).status).toBe(403)
  expect((await call('POST', '/api/v2/users/robot/keys', { token: owner })).status).toBe(403)
})

test('a token makes neither tokens nor sessions that outlive it, nor any for what it is not for', async () => {
  const make = async (token: string, body: object) => call('POST', tokens, { token, body })
  const hour = (await make(member, { lifetime_seconds: 3600 })).json.key
  const longer = await make(hour, { lifetime_seconds: 3601 })
  expect(longer.json.validations).toEqual([{ field: 'lifetime_seconds', detail: expect.stringContaining('1h') }])
  world.clock.advance(60_000)
  const child = await make(hour, {})
  expect(child.status).toBe(201)
  expect(new Date(child.json.expires_at).getTime() - world.clock.now().getTime()).toBe(59 * 60_000)
  const session = (await call('POST', '/api/v2/users/me/keys', { token: hour })).json.key
  const whose = (await call('GET', '/api/v2/whoami', { token: session })).json.credential
  expect(new Date(whose.ends_at).getTime() - world.clock.now().getTime()).toBe(59 * 60_000)

  const list = [
    { type: 'api_key', id: '*' },
    { type: 'user', id: 'x' },
  ]
  const narrow = (await make(member, { scope: 'api', allow_list: list })).json.key
  const kept = (await make(narrow, { scope: 'api' })).json
  expect((await call('GET', `/api/v2/users/me/keys/${kept.id}`, { token: member })).json.allow_list).toEqual(list)
  for (const allow_list of [[{ type: '*', id: '*' }], [{ type: 'user', id: 'y' }], [{ type: 'group', id: 'x' }]]) {
    expect((await make(narrow, { allow_list })).status).toBe(403)
  }
  expect((await make(narrow, { allow_list: [{ type: 'user', id: 'x' }] })).status).toBe(201)
  expect((await call('POST', '/api/v2/users/me/keys', { token: narrow })).status).toBe(403)
  expect((await make(member, { allow_list: [{ type: 'elephant', id: 'x' }] })).status).toBe(400)
})

test('a token that was revoked while its request was on the way makes nothing any more', async () => {
  const { key, id } = (await call('POST', tokens, { token: member, body: {} })).json
  const actor = await world.authenticator.authenticate(key)
  await world.db.sql.deleteFrom('api_keys').where('id', '=', id).execute()
  const scope = {
    actor,
    requestId: 'r',
    sourceIp: null,
    userAgent: null,
    signal: AbortSignal.abort(),
    log: world.identity.log,
  }
  await expect(createToken(world.identity, scope, 'me', {})).rejects.toMatchObject({ code: 'unauthenticated' })
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

test('tokens of others are nobody’s to a member; an owner sees and ends them, and makes none in their name', async () => {
  const made = await call('POST', tokens, { token: member, body: { token_name: 'of-max' } })
  const inTheirName = await call('POST', '/api/v2/users/max/keys/tokens', { token: owner, body: {} })
  expect(inTheirName).toMatchObject({ status: 403, json: { detail: expect.stringContaining('--service-account') } })
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
  expect((await call('DELETE', '/api/v2/users/max/keys/of-max', { token: owner })).status).toBe(204)
})

test('a service account has no address and no sign-in; its tokens are made by who is responsible, or an owner', async () => {
  const account = (await call('GET', '/api/v2/users/robot', { token: member })).json
  expect(account).toMatchObject({ email: '', login_type: 'none', is_service_account: true })
  expect((await call('POST', '/api/v2/users/login', { body: { email: '', password: 'correct horse' } })).status).toBe(
    401,
  )
  const path = '/api/v2/users/robot/keys/tokens'
  const made = await call('POST', path, { token: member, body: { token_name: 'nightly', scopes: ['usage:read'] } })
  expect(made.status).toBe(201)
  expect((await call('POST', path, { token: owner, body: { token_name: 'by-owner' } })).status).toBe(201)
  const other = await world.person('other')
  expect((await call('POST', path, { token: other, body: {} })).status).toBe(404)
  expect((await call('GET', path, { token: member })).json).toHaveLength(2)
  expect((await call('GET', '/api/v2/whoami', { token: made.json.key })).json.user.username).toBe('robot')
  expect((await call('DELETE', `/api/v2/users/robot/keys/${made.json.id}`, { token: member })).status).toBe(204)
  expect((await call('POST', '/api/v2/users/idle/keys/tokens', { token: owner, body: {} })).status).toBe(409)
  const wrong = [
    { username: 'x', service_account: true, email: 'x@example.com' },
    { username: 'x', service_account: true, password: 'correct horse' },
    { username: 'x', service_account: true, login_type: 'password' },
    { username: 'x', service_account: true, owner: 'robot' },
    { username: 'x', service_account: true, owner: 'gone' },
    { username: 'x', email: 'x@example.com', login_type: 'none', owner: 'max' },
    { username: 'x', login_type: 'none' },
  ]
  for (const body of wrong) {
    expect((await call('POST', '/api/v2/users', { token: owner, body })).status, JSON.stringify(body)).toBe(400)
  }
})

test('service accounts are listed apart from people, and by who is responsible; he lists his own', async () => {
  const found = async (q: string, token = owner) => {
    const { json } = await call('GET', `/api/v2/users?q=${encodeURIComponent(q)}`, { token })
    return json.users.map(({ username }: { username: string }) => username)
  }
  expect(await found('kind:service')).toEqual(expect.arrayContaining(['idle', 'robot']))
  expect(await found('kind:service')).not.toContain('max')
  expect(await found('kind:person')).not.toContain('robot')
  expect(await found('kind:service owner:MAX')).toEqual(['robot'])
  expect(await found('owner:nobody')).toEqual([])
  expect(await found('', member)).toEqual(['max', 'robot'])
  expect(await found('kind:service owner:me', member)).toEqual(['robot'])
  expect(await found('owner:dana', member)).toEqual([])
  expect((await call('GET', '/api/v2/users?q=kind:machine', { token: owner })).status).toBe(400)
})

test('a service account is handed over, and its tokens are made by those who have what it has', async () => {
  const hand = (ref: string, to: string, token = owner) =>
    call('PUT', `/api/v2/users/${ref}/owner`, { token, body: { owner: to } })
  await call('POST', '/api/v2/users', { token: owner, body: { username: 'moved', service_account: true } })
  const path = '/api/v2/users/moved/keys/tokens'
  expect((await call('POST', path, { token: member, body: {} })).status).toBe(404)
  expect((await hand('moved', 'max')).status).toBe(200)
  expect((await call('POST', path, { token: member, body: {} })).status).toBe(201)
  expect((await world.audit()).findLast(({ resource_target }) => resource_target === 'moved')).toMatchObject({
    action: 'write',
    diff: { responsible: { old: expect.any(String), new: expect.any(String) } },
  })
  await call('PUT', '/api/v2/users/moved/roles', { token: owner, body: { roles: ['auditor'] } })
  expect((await call('POST', path, { token: member, body: {} })).status).toBe(403)
  expect((await call('POST', path, { token: owner, body: {} })).status).toBe(201)
  expect((await hand('max', 'dana')).status).toBe(400)
  expect((await hand('moved', 'gone')).status).toBe(400)
  expect((await hand('nobody', 'max')).status).toBe(404)
  expect((await hand('moved', 'dana', await world.person('ua', 'user-admin'))).status).toBe(403)
})

test('tokens are found by whose they are, what they may and how they are used', async () => {
  const make = (body: object) => call('POST', tokens, { token: member, body })
  await make({ token_name: 'find-me', scopes: ['audit_log:read'], lifetime_seconds: 3600 })
  const used = (await make({ token_name: 'find-used' })).json.id
  await world.db.sql.updateTable('api_keys').set({ last_used: new Date() }).where('id', '=', used).execute()
  const found = async (q: string) => {
    const path = `${tokens}?include_all=true&q=${encodeURIComponent(q)}`
    return (await call('GET', path, { token: owner })).json.map(({ token_name }: { token_name: string }) => token_name)
  }
  expect(await found('user:max find')).toEqual(expect.arrayContaining(['find-me', 'find-used']))
  expect(await found('user:dana find')).toEqual([])
  expect(await found('scope:audit_log:read find')).toEqual(['find-me'])
  expect(await found('used:never find')).toEqual(['find-me'])
  expect(await found('used_before:2020-01-01 find')).toEqual(['find-me'])
  expect(await found('expires_before:2020-01-01')).toEqual([])
  expect(await found('kind:service user:robot')).toEqual(['by-owner'])
  for (const q of ['kind:elephant', 'used:daily', 'expires_before:soon', 'colour:red']) {
    expect((await call('GET', `${tokens}?q=${q}`, { token: member })).status, q).toBe(400)
  }
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
      'setServiceAccountOwner',
    ),
  ).toEqual([])
})
