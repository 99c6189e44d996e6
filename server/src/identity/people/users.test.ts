import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersNotSeen, nextAddress, type TestIdentity, testIdentity, testPassword } from '../testing.ts'

let world: TestIdentity
let owner: string
let member: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  member = await world.person('max')
})
afterAll(() => world[Symbol.asyncDispose]())

const call: TestIdentity['call'] = (...args) => world.call(...args)

test('an owner makes a user, who is in the default organization and may sign in', async () => {
  const body = {
    email: 'Kim@example.com',
    username: 'kim',
    password: testPassword,
    name: 'Kim',
    roles: ['auditor', 'member'],
  }
  const { status, json } = await call('POST', '/api/v2/users', { token: owner, body })
  expect(status).toBe(201)
  expect(json).toMatchObject({
    username: 'kim',
    status: 'active',
    roles: [{ name: 'auditor', display_name: 'Auditor' }],
  })
  expect(json.organization_ids).toHaveLength(1)
  expect(JSON.stringify(json)).not.toContain('argon2')
  expect(await world.signIn('kim')).toMatch(/^rv_/)
  const event = (await world.audit()).find(
    ({ action, resource_target }) => action === 'create' && resource_target === 'kim',
  )
  expect(event?.diff).toMatchObject({
    email: { old: null, new: 'Kim@example.com' },
    password: { new: '[secret]', secret: true },
  })
})

test('all problems of a request are named at once', async () => {
  const body = { email: 'x', username: 'a b', password: 'short', roles: ['root'] }
  const { status, json } = await call('POST', '/api/v2/users', { token: owner, body })
  expect(status).toBe(400)
  expect(json.code).toBe('invalid')
  expect(json.validations.map(({ field }: { field: string }) => field).sort()).toEqual([
    'email',
    'password',
    'username',
  ])
})

test('what a request may not set is refused by name, not ignored', async () => {
  const body = { email: 'mass@example.com', username: 'mass', password: testPassword, id: 'x', is_admin: true }
  const { status, json } = await call('POST', '/api/v2/users', { token: owner, body })
  expect(status).toBe(400)
  expect(json.validations).toEqual([
    { field: 'id', detail: 'is not a known field' },
    { field: 'is_admin', detail: 'is not a known field' },
  ])
  expect((await call('PUT', '/api/v2/users/me/profile', { token: member, body: { roles: ['owner'] } })).status).toBe(
    400,
  )
})

test('roles that there are not, and roles that the maker lacks, are refused', async () => {
  const admin = await world.person('people-admin', 'user-admin')
  const make = (username: string, roles: string[], token: string) =>
    call('POST', '/api/v2/users', {
      token,
      body: { email: `${username}@example.com`, username, password: testPassword, roles },
    })
  expect((await make('r1', ['root'], owner)).json.validations[0].detail).toContain('no role "root"')
  expect((await make('r2', ['organization-admin'], owner)).json.validations[0].detail).toContain('only within one')
  const refused = await make('r3', ['auditor'], admin)
  expect(refused).toMatchObject({ status: 403, json: { detail: expect.stringContaining('audit_log:read') } })
  expect((await make('r4', ['user-admin', 'member'], admin)).json.roles).toEqual([
    { name: 'user-admin', display_name: 'User admin' },
  ])
})

test('a user without a password, a password without need, and an unknown organization are refused', async () => {
  const base = { email: 'new@example.com', username: 'new' }
  for (const more of [
    {},
    { login_type: 'none', password: testPassword },
    { password: testPassword, organization_ids: ['0197c0de-0000-7000-8000-000000000009'] },
  ]) {
    expect((await call('POST', '/api/v2/users', { token: owner, body: { ...base, ...more } })).status).toBe(400)
  }
})

test('two users never share a name or an address, whatever their case', async () => {
  const base = { email: 'other@example.com', username: 'other', password: testPassword }
  for (const more of [{ username: 'MAX' }, { email: 'MAX@example.com' }]) {
    expect((await call('POST', '/api/v2/users', { token: owner, body: { ...base, ...more } })).status).toBe(409)
  }
})

test('lists page and search, and a member sees himself only', async () => {
  for (const name of ['page-a', 'page-b', 'page-c']) await world.person(name)
  const list = async (query: string, token = owner) => {
    const { status, json } = await call('GET', `/api/v2/users${query}`, { token })
    expect(status).toBe(200)
    return {
      count: json.count,
      names: json.users.map(({ username }: { username: string }) => username),
      users: json.users,
    }
  }
  const first = await list('?q=PAGE-&limit=2')
  expect(first).toMatchObject({ count: 3, names: ['page-a', 'page-b'] })
  expect((await list(`?q=page-&after_id=${first.users[1].id}`)).names).toEqual(['page-c'])
  expect((await list('?q=page-&offset=1&limit=1')).names).toEqual(['page-b'])
  expect((await list('?q=page%25')).count).toBe(0)
  await call('PUT', '/api/v2/users/page-c/status/suspend', { token: owner })
  expect((await list('?q=status:suspended')).names).toEqual(['page-c'])
  expect((await list('', member)).names).toEqual(['max'])
  expect((await list('?q=role:owner')).names).toEqual(['dana'])
  expect((await list('?q=page- role:organization-workspace-access role:finance'.replaceAll(' ', '%20'))).count).toBe(3)
  expect((await list('?q=page-%20role:member')).count).toBe(3)
  expect((await list('?q=page-%20login_type:oidc')).count).toBe(0)
  expect((await list('?q=page-%20organization:default')).count).toBe(3)
  expect((await list('?q=group:nobody')).count).toBe(0)
  expect((await list('?q=last_seen_before:2020-01-01%20page-%20status:active')).names).toEqual(['page-a', 'page-b'])
  for (const bad of ['last_seen_before:soon', 'shoe_size:4']) {
    expect((await call('GET', `/api/v2/users?q=${bad}`, { token: owner })).status).toBe(400)
  }
  expect((await call('GET', '/api/v2/users?limit=0&offset=x', { token: owner })).json.validations).toHaveLength(2)
})

test('one user is found by name, id and `me`; a stranger looks like nobody', async () => {
  const { json } = await call('GET', '/api/v2/users/me', { token: member })
  expect((await call('GET', `/api/v2/users/${json.id}`, { token: owner })).json.username).toBe('max')
  expect((await call('GET', '/api/v2/users/MAX', { token: owner })).json.id).toBe(json.id)
  const hidden = await call('GET', '/api/v2/users/dana', { token: member })
  const absent = await call('GET', '/api/v2/users/nobody', { token: member })
  expect([hidden.status, absent.status]).toEqual([404, 404])
  expect({ ...hidden.json, request_id: '' }).toEqual({ ...absent.json, request_id: '' })
})

test('suspension ends sessions, is reversible, and spares the last owner', async () => {
  const session = await world.person('sue')
  expect((await call('PUT', '/api/v2/users/sue/status/suspend', { token: owner })).json.status).toBe('suspended')
  expect((await call('GET', '/api/v2/users/me', { token: session })).status).toBe(401)
  expect((await call('PUT', '/api/v2/users/sue/status/activate', { token: owner })).json.status).toBe('active')
  expect((await call('GET', '/api/v2/users/me', { token: session })).status).toBe(401)
  expect((await call('PUT', '/api/v2/users/me/status/suspend', { token: owner })).status).toBe(409)
  for (const verb of ['suspend', 'activate']) {
    expect((await call('PUT', `/api/v2/users/nobody/status/${verb}`, { token: owner })).status).toBe(404)
  }
})

test('of two owners who suspend each other at once, one stays', async () => {
  const [one, two] = [await world.person('one', 'owner'), await world.person('two', 'owner')]
  await call('PUT', '/api/v2/users/dana/status/suspend', { token: one })
  const answers = await Promise.all([
    call('PUT', '/api/v2/users/two/status/suspend', { token: one }),
    call('PUT', '/api/v2/users/one/status/suspend', { token: two }),
  ])
  // The loser was too late to suspend, or by then suspended himself.
  const [won, lost] = answers.map(({ status }) => status).toSorted()
  expect(won).toBe(200)
  expect([401, 409]).toContain(lost)
  const winner = answers[0].status === 200 ? one : two
  await call('PUT', '/api/v2/users/dana/status/activate', { token: winner })
  owner = await world.signIn('dana')
})

const change = (ref: string, token: string, body: object) =>
  call('PUT', `/api/v2/users/${ref}/password`, { token, body, from: nextAddress() })

test('changing one’s own needs the old one, ends the other sessions and keeps this one', async () => {
  const [here, there] = [await world.person('pat'), await world.signIn('pat')]
  expect((await change('me', here, { password: 'a new password', old_password: 'not it' })).status).toBe(400)
  expect((await world.audit()).at(-1)).toMatchObject({ action: 'write', resource_target: 'pat', outcome: 'refused' })
  expect((await change('me', here, { password: 'a new password' })).status).toBe(400)
  expect((await change('me', here, { password: 'a new password', old_password: testPassword })).status).toBe(204)
  expect((await call('GET', '/api/v2/users/me', { token: here })).status).toBe(200)
  expect((await call('GET', '/api/v2/users/me', { token: there })).status).toBe(401)
  expect(await world.signIn('pat', testPassword)).toBe(undefined)
  expect(await world.signIn('pat', 'a new password')).toMatch(/^rv_/)
})

test('an owner sets that of another, an auditor may not, and to a member the other does not exist', async () => {
  const session = await world.person('ray')
  const auditor = await world.person('aud', 'auditor')
  const body = { password: 'set by an owner' }
  expect((await change('ray', owner, body)).status).toBe(204)
  expect((await call('GET', '/api/v2/users/me', { token: session })).status).toBe(401)
  expect((await change('ray', auditor, body)).status).toBe(403)
  expect((await change('ray', member, body)).status).toBe(404)
})

test('guessing the old one is limited', async () => {
  const from = nextAddress()
  const statuses: number[] = []
  for (let i = 0; i < 61; i++) {
    statuses.push((await call('PUT', '/api/v2/users/me/password', { token: member, body: {}, from })).status)
  }
  expect(statuses.at(0)).toBe(400)
  expect(statuses.at(-1)).toBe(429)
})

test('one changes one’s own name; that of another needs the right, and rank', async () => {
  const pia = await world.person('pia')
  const put = (ref: string, token: string, body: object) => call('PUT', `/api/v2/users/${ref}/profile`, { token, body })
  expect((await put('me', pia, { name: 'Pia', username: 'pia-2' })).json).toMatchObject({
    name: 'Pia',
    username: 'pia-2',
  })
  expect((await put('me', pia, { username: 'MAX' })).status).toBe(409)
  expect((await put('dana', pia, { name: 'x' })).status).toBe(404)
  const admin = await world.person('names-admin', 'user-admin')
  expect((await put('pia-2', admin, { username: 'pia' })).json.username).toBe('pia')
  expect((await put('dana', admin, { username: 'not-dana' })).status).toBe(403)
  const auditor = await world.person('names-auditor', 'auditor')
  expect((await put('pia', auditor, { name: 'x' })).status).toBe(403)
})

test('who administers people takes no account that may do more than he may', async () => {
  const admin = await world.person('hr', 'user-admin')
  await world.person('boss', 'owner')
  for (const [method, path, body] of [
    ['PUT', '/api/v2/users/boss/password', { password: 'mine from now on' }],
    ['PUT', '/api/v2/users/boss/status/suspend', {}],
    ['PUT', '/api/v2/users/boss/status/activate', {}],
    ['DELETE', '/api/v2/users/boss', undefined],
  ] as const) {
    const answer = await call(method, path, {
      token: admin,
      ...(body === undefined ? {} : { body }),
      from: nextAddress(),
    })
    expect(answer, path).toMatchObject({
      status: 403,
      json: { message: 'the account of boss may do what you may not' },
    })
  }
  expect((await call('DELETE', '/api/v2/users/boss', { token: owner })).status).toBe(204)
})

test('a deleted user is a tombstone: credentials end, the name is free, the record still names him', async () => {
  const session = await world.person('del')
  const { json: before } = await call('GET', '/api/v2/users/me', { token: session })
  expect((await call('DELETE', '/api/v2/users/del', { token: owner })).status).toBe(204)
  expect((await call('GET', '/api/v2/users/me', { token: session })).status).toBe(401)
  expect(await world.signIn('del')).toBe(undefined)
  expect((await call('GET', '/api/v2/users/del', { token: owner })).status).toBe(404)
  expect((await call('DELETE', '/api/v2/users/del', { token: owner })).status).toBe(404)
  expect((await world.audit()).findLast(({ action }) => action === 'delete')).toMatchObject({ resource_target: 'del' })
  const again = await world.person('del')
  expect((await call('GET', '/api/v2/users/me', { token: again })).json.id).not.toBe(before.id)
})

test('nobody deletes himself, and the last owner stays', async () => {
  expect((await call('DELETE', '/api/v2/users/me', { token: owner })).status).toBe(409)
  const second = await world.person('second', 'owner')
  expect((await call('DELETE', '/api/v2/users/second', { token: owner })).status).toBe(204)
  expect((await call('GET', '/api/v2/users/me', { token: second })).status).toBe(401)
})

test('a service account that nobody answers for is not activated', async () => {
  await world.person('leaver')
  const body = { username: 'left-behind', service_account: true, owner: 'leaver' }
  await call('POST', '/api/v2/users', { token: owner, body })
  await call('PUT', '/api/v2/users/leaver/status/suspend', { token: owner, body: {} })
  const again = await call('PUT', '/api/v2/users/left-behind/status/activate', { token: owner, body: {} })
  expect(again.status).toBe(409)
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(
    answersNotSeen(
      'listUsers',
      'createUser',
      'getUser',
      'updateProfile',
      'deleteUser',
      'suspendUser',
      'activateUser',
      'changePassword',
    ),
  ).toEqual([])
})
