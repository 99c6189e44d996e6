import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestIdentity, testIdentity } from '../testing.ts'

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
})
afterAll(() => world[Symbol.asyncDispose]())

const call = (method: string, path: string, body?: unknown) =>
  world.call(method, `/api/v2/users${path}`, body === undefined ? { token: owner } : { token: owner, body })
const works = async (token: string) => (await world.call('GET', '/api/v2/users/me', { token })).status === 200

/** A person with a service account that has a token. */
async function pair(person: string, account: string): Promise<string> {
  await world.person(person)
  await call('POST', '', { username: account, service_account: true, owner: person })
  return (await call('POST', `/${account}/keys/tokens`, { token_name: 'ci' })).json.key
}

const told = async () => {
  const messages = world.db.sql.selectFrom('outbox_messages').select(['event', 'audience', 'facts'])
  return (await messages.orderBy('id', 'desc').execute()).filter(({ event }) => event === 'service-account-suspended')
}

test('a service account is suspended with whoever answers for it, on record, and admins are told', async () => {
  const [his, others] = [await pair('max', 'nightly'), await pair('ann', 'weekly')]
  expect((await call('PUT', '/max/status/suspend', {})).status).toBe(200)
  expect([await works(his), await works(others)]).toEqual([false, true])
  expect((await call('GET', '/nightly')).json.status).toBe('suspended')
  expect((await world.audit()).at(-1)).toMatchObject({
    resource_target: 'nightly',
    diff: { status: { old: 'active', new: 'suspended' }, live_credentials: { old: 1, new: 0 } },
  })
  expect(await told()).toEqual([
    {
      event: 'service-account-suspended',
      audience: 'user-admins',
      facts: { username: 'nightly', responsible: 'max', by: 'dana' },
    },
  ])
})

test('it comes back when somebody answers for it again, with new tokens', async () => {
  const old = await pair('tom', 'backup')
  await call('PUT', '/tom/status/suspend', {})
  const refused = await call('PUT', '/backup/status/activate', {})
  expect(refused.status).toBe(409)
  expect(refused.json.detail).toContain('reeve users hand-over backup')
  expect((await call('PUT', '/backup/owner', { owner: 'dana' })).status).toBe(200)
  expect((await call('PUT', '/backup/status/activate', {})).status).toBe(200)
  expect(await works(old)).toBe(false)
  expect((await call('POST', '/backup/keys/tokens', { token_name: 'new' })).status).toBe(201)
  // Whoever comes back himself does not bring them with him: somebody looks at each.
  await call('PUT', '/tom/status/activate', {})
  expect((await call('GET', '/backup')).json.status).toBe('active')
})

test('the same when the person is deleted', async () => {
  const token = await pair('eve', 'report')
  expect((await call('DELETE', '/eve')).status).toBe(204)
  expect(await works(token)).toBe(false)
  expect((await call('PUT', '/report/status/activate', {})).status).toBe(409)
})
