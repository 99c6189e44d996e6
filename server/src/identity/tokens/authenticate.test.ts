import { type Log, manualClock, silentLog } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../db/database.ts'
import { createAuthenticator } from './authenticate.ts'
import { type TestIdentity, testIdentity } from '../testing.ts'

let world: TestIdentity
beforeAll(async () => {
  world = await testIdentity()
  await world.owner()
})
afterAll(() => world[Symbol.asyncDispose]())

/** A second server on the same database. */
const replica = (log: Log = silentLog) => createAuthenticator({ db: world.db, clock: world.clock, log, outageMs: 0 })

async function makeToken(username: string, body: object = {}): Promise<{ id: string; key: string }> {
  const token = username === 'dana' ? await world.owner() : await world.signIn(username)
  const answer = await world.call('POST', '/api/v2/users/me/keys/tokens', { token, body })
  expect(answer.status).toBe(201)
  return answer.json
}

test('a token stands for its owner, with the roles of the owner and the scopes of the token', async () => {
  const { id, key } = await makeToken('dana', { scope: 'gateway' })
  expect(await world.authenticator.authenticate(key)).toMatchObject({
    username: 'dana',
    roles: [
      { name: 'owner', organizationId: null },
      { name: 'member', organizationId: null },
      { name: 'organization-workspace-access' },
      { name: 'organization-member' },
    ],
    scopes: ['gateway'],
    allowList: null,
    apiKeyId: id,
    organizationIds: [expect.any(String)],
  })
})

test('a revoked token stops working with the next request here, and on every other replica when it has heard', async () => {
  await using other = await replica()
  const { key } = await makeToken('dana', { token_name: 'laptop' })
  expect(await world.authenticator.authenticate(key)).not.toBe(null)
  expect(await other.authenticate(key)).not.toBe(null)

  await world.call('DELETE', '/api/v2/users/me/keys/laptop', { token: await world.owner() })
  expect(await world.authenticator.authenticate(key)).toBe(null)
  // The clock stands still, so that only the notification can make the other forget.
  await expect.poll(() => other.authenticate(key)).toBe(null)
})

test('suspending a user ends what his tokens can do, on every replica', async () => {
  const session = await world.person('eve')
  const { key } = await makeToken('eve')
  await using other = await replica()
  expect(await other.authenticate(key)).not.toBe(null)
  await world.call('PUT', '/api/v2/users/eve/status/suspend', { token: await world.owner() })
  for (const token of [key, session]) {
    expect(await world.authenticator.authenticate(token)).toBe(null)
    await expect.poll(() => other.authenticate(token)).toBe(null)
  }
  await world.call('PUT', '/api/v2/users/eve/status/activate', { token: await world.owner() })
  expect(await world.authenticator.authenticate(key)).toBe(null)
})

test('a token ends when its time is over, remembered or not', async () => {
  const { key } = await makeToken('dana', { lifetime_seconds: 2 })
  expect(await world.authenticator.authenticate(key)).not.toBe(null)
  world.clock.advance(2_000)
  expect(await world.authenticator.authenticate(key)).toBe(null)
})

test('while the database does not answer, who was known stays known for some minutes and nobody else gets in', async () => {
  const { key } = await makeToken('dana')
  const { key: unseen } = await makeToken('dana')
  const clock = manualClock(world.clock.now())
  const db = openDatabase(world.db.connection, { log: silentLog, applicationName: 'to be closed' })
  // The listener keeps its own connection; what is cut off is the way to ask.
  await using cut = await createAuthenticator({ db, clock, log: silentLog, outageMs: 5 * 60_000 })
  expect(await cut.authenticate(key)).not.toBe(null)
  await db.close()
  const asOutage = (thrown: unknown): never => {
    throw Object.assign(new Error(String(thrown)), { code: 'ECONNREFUSED' })
  }
  Object.defineProperty(db.sql, 'selectFrom', { value: () => asOutage('closed') })

  clock.advance(60_000)
  expect(await cut.authenticate(key)).not.toBe(null)
  await expect(cut.authenticate(unseen)).rejects.toThrow()
  clock.advance(5 * 60_000)
  await expect(cut.authenticate(key)).rejects.toThrow()
})

test('how long that is can be set, down to nothing, and an answer that is fresh is not asked for again', async () => {
  for (const outageMs of [0, 3_600_000]) {
    const { key } = await makeToken('dana')
    const clock = manualClock(world.clock.now())
    const db = openDatabase(world.db.connection, { log: silentLog, applicationName: 'to be closed' })
    await using cut = await createAuthenticator({ db, clock, log: silentLog, outageMs })
    expect(await cut.authenticate(key)).not.toBe(null)
    await db.close()
    Object.defineProperty(db.sql, 'selectFrom', {
      value: () => {
        throw Object.assign(new Error('closed'), { code: 'ECONNREFUSED' })
      },
    })
    clock.advance(2_000)
    expect(await cut.authenticate(key)).not.toBe(null)
    clock.advance(30 * 60_000)
    if (outageMs === 0) await expect(cut.authenticate(key)).rejects.toThrow()
    else expect(await cut.authenticate(key)).not.toBe(null)
  }
})

test('last use is written once a minute at most, prolongs sessions and revives nothing', async () => {
  const session = await world.person('lee')
  const { key } = await makeToken('lee')
  const ended = await world.signIn('lee')
  const row = async (token: string) =>
    world.db.sql.selectFrom('api_keys').selectAll().where('id', '=', token.slice(3, 13)).executeTakeFirstOrThrow()
  const before = await row(session)
  {
    await using other = await replica()
    world.clock.advance(3_600_000)
    for (const token of [session, key, ended]) expect(await other.authenticate(token)).not.toBe(null)
    expect((await row(key)).last_used).toBe(null)
    await world.call('POST', '/api/v2/users/logout', { token: ended })
    const { id } = await row(key)
    await world.db.sql.updateTable('api_keys').set({ expires_at: world.clock.now() }).where('id', '=', id).execute()
  }
  expect((await row(session)).expires_at.getTime() - before.expires_at.getTime()).toBe(3_600_000)
  expect((await row(key)).last_used).toEqual(world.clock.now())
  expect((await row(key)).expires_at).toEqual(world.clock.now())
  expect(await world.authenticator.authenticate(ended)).toBe(null)
})
