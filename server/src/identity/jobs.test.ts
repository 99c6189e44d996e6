import { afterAll, beforeAll, expect, test } from 'vitest'
import { moveDormantUsers } from './jobs.ts'
import { type TestIdentity, testIdentity, testPassword } from './testing.ts'

let world: TestIdentity
beforeAll(async () => {
  world = await testIdentity()
  await world.person('max')
  await world.person('ann')
  await world.person('gone')
  await world.call('PUT', '/api/v2/users/gone/status/suspend', { token: await world.owner() })
  const body = { username: 'ci', service_account: true }
  expect((await world.call('POST', '/api/v2/users', { token: await world.owner(), body })).status).toBe(201)
})
afterAll(() => world[Symbol.asyncDispose]())

const day = 86_400_000
const run = (afterMs = 90 * day) =>
  moveDormantUsers({ db: world.db, clock: world.clock, log: world.identity.log, afterMs })
async function statuses(): Promise<Record<string, string>> {
  const rows = await world.db.sql.selectFrom('users').select(['username', 'status']).orderBy('username').execute()
  return Object.fromEntries(rows.map(({ username, status }) => [username, status]))
}

test('people who were not seen for long are dormant, each on record once; replicas do it one at a time', async () => {
  world.clock.advance(91 * day)
  await run(0)
  expect(await statuses()).toMatchObject({ max: 'active' })
  await Promise.all([run(), run(), run()])
  expect(await statuses()).toEqual({ ann: 'dormant', ci: 'active', dana: 'dormant', gone: 'suspended', max: 'dormant' })
  const moved = (await world.audit()).filter(({ diff }) => JSON.stringify(diff).includes('"new":"dormant"'))
  expect(moved.map(({ resource_target }) => resource_target).toSorted()).toEqual(['ann', 'dana', 'max'])
  expect(moved[0]).toMatchObject({ actor_id: null, diff: { status: { old: 'active', new: 'dormant' } } })
})

test('signing in wakes, at once and on record; being seen wakes by the next run', async () => {
  await world.signIn('max', testPassword)
  expect(await statuses()).toMatchObject({ max: 'active' })
  const woke = (await world.audit()).filter(({ diff }) => JSON.stringify(diff).includes('"new":"active"')).at(-1)
  expect(woke).toMatchObject({ resource_target: 'max', diff: { status: { old: 'dormant', new: 'active' } } })
  await world.db.sql
    .updateTable('users')
    .set({ last_seen_at: world.clock.now() })
    .where('username', '=', 'ann')
    .execute()
  await run()
  expect(await statuses()).toMatchObject({ ann: 'active', dana: 'dormant' })
})
