import { afterAll, beforeAll, expect, test } from 'vitest'
import { nextAddress, type TestIdentity, testIdentity } from '../testing.ts'

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
})
afterAll(() => world[Symbol.asyncDispose]())

const me = '/api/v2/users/me'
const withCookie = (token: string, method = 'GET', path = me) =>
  world.call(method, path, {
    headers: [
      ['Cookie', `reeve_session=${token}`],
      ['Sec-Fetch-Site', 'same-origin'],
    ],
    from: nextAddress(),
  })
const works = async (token: string) => (await world.call('GET', me, { token })).status === 200

/** The token of the session that an answer brings; null when it brings none. */
const brought = ({ headers }: { headers: Record<string, unknown> }): string | null =>
  /^reeve_session=([^;]+); Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/.exec(
    String([headers['set-cookie'] ?? []].flat()[0] ?? ''),
  )?.[1] ?? null

const give = (username: string, ...roles: string[]) =>
  world.call('PUT', `/api/v2/users/${username}/roles`, { token: owner, body: { roles } })

test('a browser whose person is given a role gets a new session, and the old one ends', async () => {
  const before = await world.person('max')
  expect(brought(await withCookie(before))).toBeNull()
  expect((await give('max', 'auditor')).status).toBe(200)

  const after = brought(await withCookie(before))
  expect(after).toMatch(/^rv_/)
  // The rest of a page's questions still come with the old one, and bring no third session.
  expect(brought(await withCookie(before))).toBeNull()
  expect(brought(await withCookie(after ?? ''))).toBeNull()
  world.clock.advance(11_000)
  expect([await works(before), await works(after ?? '')]).toEqual([false, true])
  expect((await world.audit()).at(-1)).toMatchObject({ action: 'login', resource_target: 'max', outcome: 'ok' })
})

test('of requests that come together, one renews', async () => {
  const token = await world.person('ann')
  await give('ann', 'auditor')
  const answers = await Promise.all(Array.from({ length: 8 }, () => withCookie(token)))
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
  expect(answers.filter((answer) => brought(answer) !== null)).toHaveLength(1)
})

test('what a role contains counts as well', async () => {
  const content = { display_name: '', organization_permissions: [], user_permissions: [] }
  const role = { name: 'helper', ...content, site_permissions: [{ resource_type: 'user', action: 'read' }] }
  expect((await world.call('POST', '/api/v2/users/roles', { token: owner, body: role })).status).toBe(201)
  const token = await world.person('tom', 'helper')
  expect(brought(await withCookie(token))).toBeNull()
  const wider = { ...role, site_permissions: [...role.site_permissions, { resource_type: 'group', action: 'read' }] }
  expect((await world.call('PUT', '/api/v2/users/roles', { token: owner, body: wider })).status).toBe(200)
  expect(brought(await withCookie(token))).toMatch(/^rv_/)
})

test('a session that is ended under its old id has ended under its new one', async () => {
  const old = await world.person('kim')
  await give('kim', 'auditor')
  const renewed = brought(await withCookie(old)) ?? ''
  const id = old.split('_')[1]
  expect((await world.call('DELETE', `/api/v2/users/kim/sessions/${id}`, { token: owner })).status).toBe(204)
  expect([await works(old), await works(renewed)]).toEqual([false, false])
})

test('signing out at the moment of renewal leaves no session behind', async () => {
  const old = await world.person('lea')
  await give('lea', 'auditor')
  const answers = await Promise.all([
    withCookie(old),
    withCookie(old),
    withCookie(old, 'POST', '/api/v2/users/logout'),
    withCookie(old),
  ])
  expect(answers[2]?.status).toBe(200)
  for (const token of [old, ...answers.map(brought).filter((token) => token !== null)]) {
    expect(await works(token)).toBe(false)
  }
})

test('a program keeps its session, as nothing could give it another', async () => {
  const token = await world.person('pat')
  await give('pat', 'auditor')
  expect(brought(await world.call('GET', me, { token }))).toBeNull()
  expect(await works(token)).toBe(true)
})

test('a renewed session ends when the first would have', async () => {
  const old = await world.person('uma')
  const ends = (id: string | undefined) =>
    world.db.sql
      .selectFrom('api_keys')
      .select('ends_at')
      .where('id', '=', id ?? '')
      .executeTakeFirstOrThrow()
  const before = await ends(old.split('_')[1])
  await give('uma', 'auditor')
  const renewed = brought(await withCookie(old)) ?? ''
  expect(await ends(renewed.split('_')[1])).toEqual(before)
})
