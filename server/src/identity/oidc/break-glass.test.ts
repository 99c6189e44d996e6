import { afterAll, beforeAll, expect, test } from 'vitest'
import { nextAddress, testPassword } from '../testing.ts'
import { type TestOidc, testOidc } from './testing.ts'
import { type TestProvider, testProvider } from './testing-provider.ts'

let provider: TestProvider
let world: TestOidc
let owner: string

beforeAll(async () => {
  provider = await testProvider()
  world = await testOidc(provider.issuer, {}, { passwordSignIn: 'owners' })
  owner = await world.owner()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const signIn = (name: string) =>
  world.call('POST', '/api/v2/users/login', {
    body: { email: `${name}@example.com`, password: testPassword },
    from: nextAddress(),
  })

test('where the provider is the only way in, an owner with a password is let in while it is down', async () => {
  provider.isDown = true
  expect((await signIn('dana')).status).toBe(201)
})

test('each such sign-in is on record as one, and every owner is told', async () => {
  const messages = () =>
    world.db.sql.selectFrom('outbox_messages').selectAll().where('event', '=', 'break-glass-sign-in').execute()
  const before = (await messages()).length
  await signIn('dana')
  const [entry] = await world.db.sql
    .selectFrom('audit_events')
    .select(['action', 'reason'])
    .orderBy('id', 'desc')
    .limit(1)
    .execute()
  expect(entry).toEqual({ action: 'login', reason: 'break-glass' })
  expect((await messages()).length).toBe(before + 1)
  expect((await messages()).at(-1)).toMatchObject({ audience: 'owners', facts: { username: 'dana' } })
})

test('a password lets nobody else in, and the ways to sign in say so', async () => {
  await world.call('POST', '/api/v2/users', {
    token: owner,
    body: { email: 'max@example.com', username: 'max', password: testPassword },
  })
  expect((await signIn('max')).status).toBe(401)
  expect((await world.call('GET', '/api/v2/users/authmethods')).json.password).toEqual({ enabled: false, reset: true })
  expect((await world.call('GET', '/api/v2/settings/sign-in', { token: owner })).json).toMatchObject({
    password_sign_in: 'owners',
    break_glass_owners: 1,
  })
})
