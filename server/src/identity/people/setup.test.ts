import { expect, test } from 'vitest'
import { openDeployment } from './setup.ts'
import { answersNotSeen, nextAddress, type TestIdentity, testIdentity, testPassword } from '../testing.ts'

const first = '/api/v2/users/first'
const body = { email: 'dana@example.com', username: 'dana', password: testPassword }
const post = (world: TestIdentity, more: object = {}) =>
  world.call('POST', first, { body: { ...body, ...more }, from: nextAddress() })

test('where others can reach the server, the first owner is made with the setup link, once', async () => {
  await using world = await testIdentity({ localOnly: false })
  const { setupToken: setup_token } = world
  expect(setup_token).toMatch(/^(?:[2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}$/)
  expect((await world.call('GET', first)).status).toBe(404)
  expect((await post(world)).status).toBe(403)
  expect((await post(world, { setup_token: 'AAAA-AAAA-AAAA-AAAA' })).status).toBe(403)
  // People may type it in as they like.
  const made = await post(world, { setup_token: setup_token.toLowerCase().replaceAll('-', ' ') })
  expect(made.status).toBe(201)
  expect((await world.call('GET', first)).status).toBe(200)
  expect((await post(world, { setup_token, username: 'eve', email: 'eve@example.com' })).status).toBe(409)
  const session = await world.signIn('dana')
  const me = await world.call('GET', '/api/v2/users/me', { token: session })
  expect(me.json).toMatchObject({
    id: made.json.user_id,
    organization_ids: [made.json.organization_id],
    roles: [{ name: 'owner' }],
  })
  expect(await world.db.sql.selectFrom('setup_tokens').selectAll().execute()).toEqual([])
})

test('only the hash of the setup token is stored, and it works for 15 minutes', async () => {
  await using world = await testIdentity({ localOnly: false })
  const rows = await world.db.sql.selectFrom('setup_tokens').selectAll().execute()
  expect(JSON.stringify(rows)).not.toContain(world.setupToken)
  world.clock.advance(15 * 60_000)
  expect((await post(world, { setup_token: world.setupToken })).status).toBe(403)
})

test('starting again makes a new link and ends the old one', async () => {
  await using world = await testIdentity({ localOnly: false })
  const again = await openDeployment(world)
  expect((await post(world, { setup_token: world.setupToken })).status).toBe(403)
  expect((await post(world, { setup_token: again.setupToken?.reveal() })).status).toBe(201)
  const third = await openDeployment(world)
  expect(third).toEqual({ id: again.id, setupToken: null })
})

test('on a server for this machine only no token is needed, and a wrong one is still wrong', async () => {
  await using world = await testIdentity()
  expect((await post(world, { setup_token: 'AAAA-AAAA-AAAA-AAAA' })).status).toBe(403)
  expect((await post(world, { password: 'short' })).status).toBe(400)
  expect((await post(world)).status).toBe(201)
})

test('of many requests at once one makes the owner', async () => {
  await using world = await testIdentity()
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => post(world, { username: `user-${i}`, email: `user-${i}@example.com` })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
  expect(await world.db.sql.selectFrom('users').select('username').execute()).toHaveLength(1)
})

test('guessing the link is limited', async () => {
  await using world = await testIdentity({ localOnly: false })
  const from = nextAddress()
  const statuses = []
  for (let i = 0; i < 61; i++) statuses.push((await world.call('POST', first, { body: {}, from })).status)
  expect(statuses.at(-1)).toBe(429)
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(answersNotSeen('getFirstUser', 'createFirstUser')).toEqual([])
})
