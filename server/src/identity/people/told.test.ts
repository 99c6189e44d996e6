import { afterAll, beforeAll, expect, test } from 'vitest'
import { nextAddress, testIdentity, type TestIdentity, testPassword } from '../testing.ts'

/** What people are told of is written with the change. */

let on: TestIdentity
beforeAll(async () => void (on = await testIdentity()))
afterAll(() => on[Symbol.asyncDispose]())

async function told(): Promise<{ event: string; facts: unknown; audience: string | null }[]> {
  const rows = await on.db.sql
    .selectFrom('outbox_messages')
    .select(['event', 'facts', 'audience'])
    .orderBy('id')
    .execute()
  await on.db.sql.deleteFrom('outbox_messages').execute()
  return rows
}

test('creating, suspending and activating somebody is told to user admins, and the latter two to him', async () => {
  const token = await on.owner()
  await told()
  await on.person('max')
  expect(await told()).toEqual([
    {
      event: 'user-created',
      audience: 'user-admins',
      facts: { username: 'max', email: 'max@example.com', by: 'dana' },
    },
  ])
  const change = (what: string) => on.call('PUT', `/api/v2/users/max/status/${what}`, { token, body: {} })
  for (const [path, what] of [
    ['suspend', 'suspended'],
    ['activate', 'activated'],
  ] as const) {
    expect((await change(path)).status).toBe(200)
    // Once more changes nothing, and tells of nothing.
    expect((await change(path)).status).toBe(200)
    expect(await told()).toEqual([
      { event: `account-${what}`, audience: null, facts: { by: 'dana' } },
      { event: `user-${what}`, audience: 'user-admins', facts: { username: 'max', by: 'dana' } },
    ])
  }
})

test('a sign-in from a network that is new is told, the first of all and one from a known network are not', async () => {
  await on.person('eli')
  await told()
  const from = nextAddress()
  const signIn = () =>
    on.call('POST', '/api/v2/users/login', { body: { email: 'eli@example.com', password: testPassword }, from })
  expect((await signIn()).status).toBe(201)
  expect(await told()).toMatchObject([{ event: 'new-sign-in', facts: { ip: from } }])
  expect((await signIn()).status).toBe(201)
  expect(await told()).toEqual([])
})

test('a password that an administrator changed is told to its owner', async () => {
  const token = await on.owner()
  await on.person('una')
  await told()
  const body = { password: 'another password' }
  expect((await on.call('PUT', '/api/v2/users/una/password', { token, body })).status).toBe(204)
  expect(await told()).toEqual([{ event: 'password-changed', audience: null, facts: { by: 'dana' } }])
})
