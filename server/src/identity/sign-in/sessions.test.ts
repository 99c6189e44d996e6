import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersNotSeen, nextAddress, type TestIdentity, testIdentity, testPassword } from '../testing.ts'

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  await world.person('max')
})
afterAll(() => world[Symbol.asyncDispose]())

const call: TestIdentity['call'] = (...args) => world.call(...args)

const signIn = (email: string, password: string, from = nextAddress()) =>
  call('POST', '/api/v2/users/login', { body: { email, password }, from })

test('gives a session by answer and by cookie, and is in the audit log', async () => {
  const answer = await signIn('DANA@example.com', testPassword)
  expect(answer.status).toBe(201)
  expect(answer.headers['set-cookie']).toEqual([
    `reeve_session=${answer.json.session_token}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax`,
  ])
  expect((await world.audit()).at(-1)).toMatchObject({ action: 'login', resource_target: 'dana', outcome: 'ok' })
})

test('answers the same to a wrong password, an unknown address and a suspended user', async () => {
  await world.person('gone')
  await call('PUT', '/api/v2/users/gone/status/suspend', { token: owner })
  const answers = [
    await signIn('dana@example.com', 'wrong password'),
    await signIn('nobody@example.com', testPassword),
    await signIn('gone@example.com', testPassword),
  ]
  for (const { status, json } of answers) {
    expect(status).toBe(401)
    expect({ ...json, request_id: '' }).toEqual({ ...answers[0]!.json, request_id: '' })
  }
  const reasons = (await world.audit()).slice(-3).map(({ diff, outcome }) => ({ diff, outcome }))
  expect(reasons).toEqual(
    ['wrong password', 'unknown e-mail', 'suspended'].map((reason) => ({
      outcome: 'refused',
      diff: { reason: { old: null, new: reason, secret: false } },
    })),
  )
})

test('ten wrong passwords for an account from one place stop the next there, and not elsewhere', async () => {
  await world.person('ann')
  const here = nextAddress()
  for (let i = 0; i < 10; i++) expect((await signIn('ann@example.com', 'wrong password', here)).status).toBe(401)
  const limited = await signIn('ann@example.com', testPassword, here)
  expect(limited.status).toBe(429)
  expect((await signIn('ann@example.com', testPassword)).status).toBe(201)
})

test('sixty attempts a minute from one place are enough', async () => {
  const here = nextAddress()
  const statuses = new Set<number>()
  for (let i = 0; i < 61; i++)
    statuses.add((await call('POST', '/api/v2/users/login', { body: {}, from: here })).status)
  expect([...statuses]).toEqual([400, 429])
})

test('signing out ends the session and forgets the cookie', async () => {
  const token = await world.signIn('max')
  const answer = await call('POST', '/api/v2/users/logout', { token })
  expect(answer.status).toBe(200)
  expect(answer.headers['set-cookie']).toEqual(['reeve_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax'])
  expect((await call('GET', '/api/v2/users/me', { token })).status).toBe(401)
})

test('the ways to sign in are public, and whether a forgotten password can be mended', async () => {
  expect((await call('GET', '/api/v2/users/authmethods')).json.password).toEqual({ enabled: true, reset: true })
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(answersNotSeen('login', 'logout', 'getAuthMethods')).toEqual([])
})
