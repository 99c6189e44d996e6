import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersNotSeen, type TestIdentity, testIdentity } from '../testing.ts'

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  for (const name of ['ann', 'ben', 'max']) await world.person(name)
})
afterAll(() => world[Symbol.asyncDispose]())

const call = (method: string, path: string, body?: unknown, token = owner) =>
  world.call(method, `/api/v2${path}`, { token, ...(body === undefined ? {} : { body }) })
const make = async (name: string): Promise<string> =>
  (await call('POST', '/organizations/default/groups', { name })).json.id
const names = (group: { members: { username: string }[] }) => group.members.map(({ username }) => username)

test('a group is made, found by name and id, renamed and deleted', async () => {
  const body = { name: 'platform', display_name: 'Platform', quota_allowance: 7 }
  const made = await call('POST', '/organizations/default/groups', body)
  expect(made).toMatchObject({ status: 201, json: { ...body, source: 'user', members: [], total_member_count: 0 } })
  for (const path of [`/groups/${made.json.id}`, '/organizations/default/groups/PLATFORM']) {
    expect((await call('GET', path)).json).toMatchObject({ id: made.json.id, organization_name: 'default' })
  }
  expect((await call('POST', '/organizations/default/groups', { name: 'platform' })).status).toBe(409)
  expect((await call('POST', '/organizations/default/groups', { name: '' })).status).toBe(400)
  expect((await call('POST', '/organizations/nowhere/groups', { name: 'x' })).status).toBe(404)
  await make('taken')
  expect((await call('PATCH', `/groups/${made.json.id}`, { name: 'taken' })).status).toBe(409)
  expect((await call('PATCH', `/groups/${made.json.id}`, { name: 'base' })).json).toMatchObject({ quota_allowance: 7 })
  expect((await call('GET', '/organizations/default/groups')).json).toMatchObject([{ name: 'base' }, { name: 'taken' }])
  expect((await call('GET', '/organizations/nowhere/groups')).status).toBe(404)
  expect((await call('DELETE', `/groups/${made.json.id}`)).status).toBe(204)
  for (const method of ['GET', 'DELETE']) expect((await call(method, `/groups/${made.json.id}`)).status).toBe(404)
  expect((await call('GET', '/organizations/default/groups/base')).status).toBe(404)
})

test('members are added and removed by name or id, and a stranger to the organization is named', async () => {
  const id = await make('people')
  const { json: ben } = await call('GET', '/users/ben')
  const added = await call('PATCH', `/groups/${id}`, { add_users: ['ann', ben.id, 'ANN'] })
  expect(names(added.json)).toEqual(['ann', 'ben'])
  const refused = await call('PATCH', `/groups/${id}`, { add_users: ['max', 'nobody'], remove_users: ['ann'] })
  expect(refused.json.validations).toEqual([
    { field: 'add_users.1', detail: '"nobody" is no member of the organization' },
  ])
  const removed = await call('PATCH', `/groups/${id}`, { add_users: ['max'], remove_users: ['ann', 'dana'] })
  expect(names(removed.json)).toEqual(['ben', 'max'])
  expect((await world.audit()).at(-1)).toMatchObject({
    resource_type: 'group',
    diff: { members: { old: ['ann'], new: ['max'] } },
  })
  expect((await call('GET', '/users?q=group:people')).json.count).toBe(2)
  await call('DELETE', '/users/max')
  expect((await call('GET', `/groups/${id}`)).json).toMatchObject({ total_member_count: 1 })
})

test('who is in a group counts with the next request', async () => {
  const id = await make('known')
  const session = await world.signIn('ben')
  const groupsOf = async () => (await world.authenticator.authenticate(session))?.groupIds
  expect(await groupsOf()).not.toContain(id)
  await call('PATCH', `/groups/${id}`, { add_users: ['ben'] })
  expect(await groupsOf()).toContain(id)
  await call('DELETE', `/groups/${id}`)
  expect(await groupsOf()).not.toContain(id)
})

test('a group of the identity provider is not filled by hand', async () => {
  const id = await make('synced')
  await world.db.sql.updateTable('groups').set({ source: 'oidc' }).where('id', '=', id).execute()
  const refused = await call('PATCH', `/groups/${id}`, { add_users: ['ann'] })
  expect(refused).toMatchObject({
    status: 403,
    json: {
      message: 'the identity provider says who is in the group synced',
      detail: expect.stringContaining('there'),
    },
  })
  expect((await call('PATCH', `/groups/${id}`, { quota_allowance: 3 })).json.quota_allowance).toBe(3)
})

test('a group of another organization is nobody’s', async () => {
  await call('POST', '/organizations', { name: 'other' })
  const { json } = await call('POST', '/organizations/other/groups', { name: 'hidden' })
  await call('PUT', '/organizations/default/members/ann/roles', { roles: ['organization-admin'] })
  const ann = await world.signIn('ann')
  for (const [method, path, body] of [
    ['GET', `/groups/${json.id}`, undefined],
    ['GET', '/organizations/other/groups', undefined],
    ['PATCH', `/groups/${json.id}`, { name: 'mine' }],
    ['DELETE', `/groups/${json.id}`, undefined],
  ] as const) {
    expect((await call(method, path, body, ann)).status, `${method} ${path}`).toBe(404)
  }
  await call('POST', '/organizations/other/members/ben')
  await call('PUT', '/organizations/other/members/ben/roles', { roles: ['organization-auditor'] })
  await call('PUT', '/organizations/default/members/ben/roles', { roles: ['organization-admin'] })
  const ben = await world.signIn('ben')
  expect((await call('DELETE', `/groups/${json.id}`, undefined, ben)).status).toBe(403)
})

test('each of these endpoints gave every answer that it declares', () => {
  const all = ['listGroups', 'getGroupByName', 'createGroup', 'getGroup', 'updateGroup', 'deleteGroup'] as const
  expect(answersNotSeen(...all)).toEqual([])
})

test('who may change groups lets others in, and himself only if he may give roles', async () => {
  const permission = (action: string) => ({ resource_type: 'group', action })
  const role = { name: 'group-keeper', site_permissions: [permission('read'), permission('update')] }
  await call('POST', '/users/roles', role)
  const keeper = await world.person('keeper', 'group-keeper')
  const id = await make('kept')
  const let_in = (...add_users: string[]) => call('PATCH', `/groups/${id}`, { add_users }, keeper)
  expect((await let_in('keeper')).status).toBe(403)
  expect((await let_in('ann')).status).toBe(200)
  expect(names((await call('GET', `/groups/${id}`)).json)).toEqual(['ann'])
  expect((await call('PATCH', `/groups/${id}`, { add_users: ['dana'] })).status).toBe(200)
})
