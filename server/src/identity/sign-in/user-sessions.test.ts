import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSession } from './sessions.ts'
import { answersNotSeen, type TestIdentity, testIdentity, testPassword } from '../testing.ts'
import { createUseLog } from '../tokens/use-log.ts'

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
})
afterAll(() => world[Symbol.asyncDispose]())

const call: TestIdentity['call'] = (...args) => world.call(...args)
const mine = '/api/v2/users/me/sessions'
const list = async (token: string) => (await call('GET', mine, { token })).json
const works = async (token: string) => (await call('GET', '/api/v2/users/me', { token })).status === 200

test('everybody sees where he is signed in, and ends one session or all others', async () => {
  const [here, there, elsewhere] = [await world.person('max'), await world.signIn('max'), await world.signIn('max')]
  const sessions = await list(here)
  expect(sessions).toHaveLength(3)
  expect(sessions.filter(({ current }: { current: boolean }) => current)).toMatchObject([
    { login_type: 'password', name: '', ip: expect.stringMatching(/^10\.1\./) },
  ])
  expect(JSON.stringify(sessions)).not.toContain(here.split('_')[2])

  const id = there.split('_')[1] ?? ''
  expect((await call('DELETE', `${mine}/${id}`, { token: here })).status).toBe(204)
  expect(await works(there)).toBe(false)
  expect((await call('DELETE', `${mine}/${id}`, { token: here })).status).toBe(404)
  expect((await call('DELETE', mine, { token: here })).json).toEqual({ ended: 1 })
  expect([await works(here), await works(elsewhere)]).toEqual([true, false])
  expect((await world.audit()).slice(-2).map(({ action }) => action)).toEqual(['logout', 'logout'])
})

test('a token is no session: it is not listed, and not ended as one', async () => {
  const token = await world.person('tom')
  const made = await call('POST', '/api/v2/users/me/keys/tokens', { token, body: { token_name: 'ci' } })
  expect(await list(token)).toHaveLength(1)
  for (const ref of [made.json.id, 'ci']) {
    expect((await call('DELETE', `${mine}/${ref}`, { token })).status).toBe(404)
  }
  expect((await call('DELETE', mine, { token })).json).toEqual({ ended: 0 })
  expect(await works(made.json.key)).toBe(true)
})

test('sessions of others are nobody’s to a member; an owner sees and ends them', async () => {
  const max = await world.signIn('max')
  const path = '/api/v2/users/max/sessions'
  const other = await world.person('other')
  expect((await call('GET', path, { token: other })).status).toBe(404)
  expect((await call('DELETE', path, { token: other })).status).toBe(404)
  expect((await call('DELETE', `${path}/${max.split('_')[1]}`, { token: other })).status).toBe(404)
  expect((await call('GET', path, { token: owner })).json.length).toBeGreaterThan(0)
  expect((await call('DELETE', path, { token: owner })).status).toBe(200)
  expect(await works(max)).toBe(false)
})

test('use prolongs a session, and never past its end', async () => {
  const token = await world.signIn('max')
  const [{ ends_at }] = await list(token)
  const id = token.split('_')[1] ?? ''
  for (let day = 0; day < 29; day++) {
    world.clock.advance(86_000_000)
    await using uses = createUseLog({ db: world.db.sql, clock: world.clock, log: world.identity.log })
    uses.note(id)
    await uses.flush()
    expect(await works(token), `day ${day}`).toBe(true)
  }
  expect((await list(token))[0]).toMatchObject({ ends_at })
  world.clock.advance(2 * 86_400_000)
  await using uses = createUseLog({ db: world.db.sql, clock: world.clock, log: world.identity.log })
  uses.note(id)
  await uses.flush()
  expect(await works(token)).toBe(false)
  owner = await world.signIn('dana')
})

test('each sign-in has an id of its own, whatever was sent along', async () => {
  const before = await world.signIn('max')
  const body = { email: 'max@example.com', password: testPassword }
  const { json } = await call('POST', '/api/v2/users/login', { token: before, body })
  expect(json.session_token).not.toBe(before)
  expect(json.session_token.split('_')[1]).not.toBe(before.split('_')[1])
})

test('a new password gives the browser a session with a new id, and ends the one before with all others', async () => {
  const [before, other] = [await world.person('rotate'), await world.signIn('rotate')]
  const answer = await call('PUT', '/api/v2/users/me/password', {
    headers: [
      ['Cookie', `reeve_session=${before}`],
      ['Origin', 'http://reeve.test'],
    ],
    body: { old_password: testPassword, password: 'another long passphrase' },
  })
  expect(answer.status).toBe(204)
  const after = /^reeve_session=(rv_[^;]+);/.exec(answer.headers['set-cookie']?.[0] ?? '')?.[1] ?? ''
  expect([await works(before), await works(other), await works(after)]).toEqual([false, false, true])
})

test('a person who was suspended since the password was checked gets no session', async () => {
  await world.person('late')
  const { id } = (await call('GET', '/api/v2/users/late', { token: owner })).json
  await call('PUT', '/api/v2/users/late/status/suspend', { token: owner })
  const scope = {
    actor: null,
    requestId: 'r',
    sourceIp: null,
    userAgent: null,
    signal: new AbortController().signal,
    log: world.identity.log,
  }
  await expect(startSession(world.identity, scope, { id }, 'himself')).rejects.toMatchObject({
    code: 'unauthenticated',
  })
})

test('who one is: roles, groups, and what the credential may and until when', async () => {
  const made = await call('POST', '/api/v2/users/me/keys/tokens', {
    token: await world.signIn('max'),
    body: { token_name: 'reader', scopes: ['user:read', 'api'], lifetime_seconds: 3600 },
  })
  const { status, json } = await call('GET', '/api/v2/whoami', { token: made.json.key })
  expect(status).toBe(200)
  expect(json).toMatchObject({
    user: { username: 'max' },
    organizations: [{ name: 'default', roles: ['organization-workspace-access'] }],
    groups: [],
    credential: { kind: 'token', name: 'reader', scopes: ['user:read', 'api'], expires_at: made.json.expires_at },
  })
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(answersNotSeen('listUserSessions', 'endUserSession', 'endOtherSessions', 'getWhoami')).toEqual([])
})
