import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersNotSeen, type TestIdentity, testIdentity } from '../testing.ts'

let world: TestIdentity
let owner: string
let member: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  member = await world.person('max')
})
afterAll(() => world[Symbol.asyncDispose]())

const call = (method: string, path: string, token: string, body?: unknown) =>
  world.call(method, `/api/v2/organizations${path}`, { token, ...(body === undefined ? {} : { body }) })
const roles = (ref: string, user: string, token: string, ...names: string[]) =>
  call('PUT', `/${ref}/members/${user}/roles`, token, { roles: names })

test('the default one is found by name, id and `default`, and another does not exist', async () => {
  const list = await call('GET', '', member)
  expect(list.json).toMatchObject([
    { name: 'default', is_default: true, default_member_roles: ['organization-workspace-access'] },
  ])
  for (const ref of ['default', 'DEFAULT', list.json[0].id]) {
    expect((await call('GET', `/${ref}`, member)).json.id).toBe(list.json[0].id)
  }
  expect((await call('GET', '/other', owner)).status).toBe(404)
})

test('one is made, changed and deleted, and its name is free again', async () => {
  const made = await call('POST', '', owner, { name: 'research', display_name: 'Research', default_member_roles: [] })
  expect(made).toMatchObject({ status: 201, json: { name: 'research', default_member_roles: [], is_default: false } })
  expect((await call('POST', '', owner, { name: 'research' })).status).toBe(409)
  expect((await call('POST', '', owner, { name: 'No Name' })).status).toBe(400)
  expect((await call('PATCH', '/research', owner, { name: 'default' })).status).toBe(409)
  expect((await call('PATCH', '/research', owner, { is_default: true })).status).toBe(400)
  const changed = await call('PATCH', '/research', owner, { description: 'Labs', name: 'labs' })
  expect(changed.json).toMatchObject({ id: made.json.id, name: 'labs', display_name: 'Research', description: 'Labs' })
  expect((await call('DELETE', '/labs', owner)).status).toBe(204)
  expect((await call('GET', `/${made.json.id}`, owner)).status).toBe(404)
  expect((await call('DELETE', '/labs', owner)).status).toBe(404)
  expect((await call('POST', '', owner, { name: 'labs' })).status).toBe(201)
  const events = (await world.audit()).filter(({ resource_type }) => resource_type === 'organization')
  expect(events.map(({ action }) => action)).toEqual(['create', 'write', 'delete', 'create'])
})

test('that models need a boundary is switched in the open: the audit log has who and what', async () => {
  const made = await call('POST', '', owner, { name: 'walled' })
  expect(made.json).toMatchObject({ require_boundary: false })
  expect((await call('PATCH', '/walled', owner, { require_boundary: 'yes' })).status).toBe(400)
  expect((await call('PATCH', '/walled', owner, { require_boundary: true })).json).toMatchObject({
    require_boundary: true,
  })
  expect((await call('PATCH', '/walled', owner, { require_boundary: false })).status).toBe(200)
  const events = (await world.audit()).filter(
    ({ resource_target, action }) => resource_target === 'walled' && action === 'write',
  )
  expect(events.map(({ diff }) => diff)).toEqual([
    { require_boundary: { old: false, new: true, secret: false } },
    { require_boundary: { old: true, new: false, secret: false } },
  ])
})

test('the default one stays, and one with members in it', async () => {
  expect((await call('DELETE', '/default', owner)).status).toBe(409)
  await call('POST', '', owner, { name: 'busy' })
  await call('POST', '/busy/members/max', owner)
  expect((await call('DELETE', '/busy', owner)).json.message).toBe('busy still has 1 member beside you')
  await call('DELETE', '/busy/members/max', owner)
  await call('POST', '/busy/members/me', owner)
  expect((await call('DELETE', '/busy', owner)).status).toBe(204)
})

test('of two memberships that are ended at once, one stays', async () => {
  await call('POST', '', owner, { name: 'second' })
  await world.person('two-homes')
  await call('POST', '/second/members/two-homes', owner)
  const answers = await Promise.all(
    ['default', 'second'].map((name) => call('DELETE', `/${name}/members/two-homes`, owner)),
  )
  expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 409])
})

test('one that he is no member of is nobody’s to a member', async () => {
  await call('POST', '', owner, { name: 'theirs' })
  for (const [method, path] of [
    ['GET', '/theirs'],
    ['GET', '/nowhere'],
    ['PATCH', '/nowhere'],
  ] as const) {
    const body = method === 'PATCH' ? {} : undefined
    expect((await call(method, path, method === 'PATCH' ? owner : member, body)).status).toBe(404)
  }
  expect((await call('GET', '', member)).json.map(({ name }: { name: string }) => name)).toEqual(['default'])
})

test('members come with the default roles, are listed, and leave with what they had', async () => {
  await call('POST', '', owner, { name: 'lab', default_member_roles: ['organization-auditor'] })
  for (const name of ['ann', 'ben']) await world.person(name)
  expect((await call('POST', '/lab/members/ann', owner)).json.roles).toEqual([
    { name: 'organization-auditor', display_name: 'Organization auditor' },
  ])
  expect((await call('POST', '/lab/members/ANN', owner)).status).toBe(409)
  expect((await call('POST', '/lab/members/nobody', owner)).status).toBe(404)
  await call('POST', '/lab/members/ben', owner)
  await roles('lab', 'ben', owner, 'organization-admin')
  const list = async (query: string) => {
    const { json } = await call('GET', `/lab/members${query}`, owner)
    return [json.count, json.members.map(({ username }: { username: string }) => username)]
  }
  expect(await list('')).toEqual([2, ['ann', 'ben']])
  expect(await list('?q=role:organization-admin')).toEqual([1, ['ben']])
  expect(await list('?q=be%20status:active')).toEqual([1, ['ben']])
  const { json: ann } = await call('GET', '/lab/members/ann', owner)
  expect(await list(`?after_id=${ann.user_id}`)).toEqual([2, ['ben']])
  expect(await list('?limit=1&offset=1')).toEqual([2, ['ben']])
  expect((await call('GET', '/lab/members?q=x:y', owner)).status).toBe(400)
  expect((await world.call('GET', '/api/v2/organizations/lab/paginated-members', { token: owner })).json.count).toBe(2)

  expect((await call('DELETE', '/lab/members/ben', owner)).status).toBe(204)
  expect((await call('GET', '/lab/members/ben', owner)).status).toBe(404)
  expect((await call('DELETE', '/lab/members/ben', owner)).status).toBe(404)
  expect((await call('DELETE', '/default/members/ben', owner)).json.message).toBe('ben is in no other organization')
})

test('within an organization rights end at its border and at what the giver has', async () => {
  await call('POST', '', owner, { name: 'inside' })
  await call('POST', '', owner, { name: 'outside' })
  const [admin, helper] = [await world.person('oa'), await world.person('hp')]
  for (const [name, role] of [
    ['oa', 'organization-admin'],
    ['hp', 'organization-user-admin'],
  ] as const) {
    await call('POST', `/inside/members/${name}`, owner)
    expect((await roles('inside', name, owner, role)).status).toBe(200)
  }
  // A member without any right, of another organization too.
  await call('POST', '/outside/members/oa', owner)
  expect((await call('POST', '/inside/members/max', admin)).status).toBe(201)
  expect((await call('POST', '/outside/members/max', admin)).status).toBe(403)
  expect((await call('POST', '/outside/members/max', helper)).status).toBe(404)
  expect((await call('PATCH', '/outside', admin, { description: 'x' })).status).toBe(403)
  expect((await call('PATCH', '/outside', helper, { description: 'x' })).status).toBe(403)
  expect((await call('GET', '/outside/members', admin)).status).toBe(403)
  expect((await call('GET', '/outside/members', helper)).status).toBe(404)

  expect((await roles('inside', 'max', admin, 'organization-auditor')).status).toBe(200)
  expect((await roles('inside', 'max', helper, 'organization-auditor', 'organization-admin')).status).toBe(403)
  const refused = await roles('inside', 'max', helper)
  expect(refused).toMatchObject({ status: 403, json: { message: expect.stringContaining('cannot take away') } })
  expect((await roles('inside', 'hp', helper, 'organization-user-admin', 'organization-admin')).status).toBe(403)
  expect((await roles('inside', 'oa', helper)).status).toBe(403)
  expect((await roles('inside', 'max', admin, 'root')).status).toBe(400)
  expect((await roles('inside', 'dana', admin, 'organization-auditor')).status).toBe(404)
  expect((await call('DELETE', '/inside/members/oa', helper)).status).toBe(403)
  expect(
    (await call('PATCH', '/inside', admin, { default_member_roles: ['organization-content-reviewer'] })).status,
  ).toBe(403)
  expect((await call('PATCH', '/inside', admin, { default_member_roles: ['nothing'] })).status).toBe(400)
})

test('a role that was taken is gone with the next request', async () => {
  const session = await world.person('gone')
  expect((await roles('default', 'gone', owner, 'organization-admin')).status).toBe(200)
  expect((await call('GET', '/default/members', session)).status).toBe(200)
  expect((await roles('default', 'gone', owner)).status).toBe(200)
  expect((await call('GET', '/default/members', session)).status).toBe(403)
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(
    answersNotSeen(
      'listOrganizations',
      'getOrganization',
      'createOrganization',
      'updateOrganization',
      'deleteOrganization',
      'listMembers',
      'getMember',
      'addMember',
      'removeMember',
      'setMemberRoles',
    ),
  ).toEqual([])
})
