import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthenticator } from '../tokens/authenticate.ts'
import { lockOwners } from '../queries.ts'
import { answersNotSeen, type TestIdentity, testIdentity } from '../testing.ts'

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
})
afterAll(() => world[Symbol.asyncDispose]())

const call = (method: string, path: string, token: string, body?: unknown) =>
  world.call(method, `/api/v2${path}`, { token, ...(body === undefined ? {} : { body }) })
const give = (user: string, token: string, ...roles: string[]) => call('PUT', `/users/${user}/roles`, token, { roles })
const read = (...names: string[]) =>
  names.map((name) => {
    const [resource_type, action] = name.split(':')
    return { resource_type, action }
  })
const can = async (token: string, path: string) => (await call('GET', path, token)).status === 200

test('the list says what is in each role and what the caller lacks to give it', async () => {
  const admin = await world.person('lister', 'user-admin')
  const { json } = await call('GET', '/users/roles', admin)
  const role = (name: string) => json.find((each: { name: string }) => each.name === name)
  expect(role('user-admin')).toMatchObject({ built_in: true, assignable: true, missing: [], level: 'site' })
  expect(role('finance')).toMatchObject({ assignable: false, missing: ['usage:read', 'license:read'] })
  expect(role('member')).toMatchObject({ implied: true, assignable: false })
  expect(role('content-reviewer').site_permissions).toContainEqual({
    negate: false,
    resource_type: 'interception_content',
    action: 'read',
  })
  const within = await call('GET', '/organizations/default/members/roles', admin)
  expect(within.json.map(({ name }: { name: string }) => name)).toContain('organization-admin')
  expect((await call('GET', '/organizations/nowhere/members/roles', admin)).status).toBe(404)
  const orgAdmin = await world.person('lister-2')
  await call('PUT', '/organizations/default/members/lister-2/roles', owner, { roles: ['organization-admin'] })
  expect((await call('GET', '/users/roles', orgAdmin)).status).toBe(403)
  expect((await call('GET', '/organizations/default/members/roles', orgAdmin)).status).toBe(200)
})

test('roles are given and taken, on record, and the person is told', async () => {
  const kim = await world.person('kim')
  expect(await can(kim, '/audit')).toBe(false)
  expect(
    (await give('kim', owner, 'auditor', 'finance', 'member')).json.roles.map((r: { name: string }) => r.name),
  ).toEqual(['auditor', 'finance'])
  expect(await can(kim, '/audit')).toBe(true)
  expect((await world.audit()).at(-1)).toMatchObject({
    action: 'assign_roles',
    resource_target: 'kim',
    diff: { roles: { old: [], new: ['auditor', 'finance'] } },
  })
  const told = await world.db.sql.selectFrom('outbox_messages').select(['event', 'facts']).execute()
  expect(told.at(-1)).toMatchObject({
    event: 'roles-changed',
    facts: { added: 'auditor, finance', where: 'everywhere' },
  })
  await give('kim', owner, 'finance')
  expect(await can(kim, '/audit')).toBe(false)
  expect((await give('kim', owner, 'root')).status).toBe(400)
  expect((await give('nobody', owner, 'auditor')).status).toBe(404)
  const seen = await call('GET', '/users/kim/roles', owner)
  expect(seen.json).toMatchObject({ roles: ['finance'] })
  expect(Object.values(seen.json.organization_roles)).toEqual([['organization-workspace-access']])
  expect((await call('GET', '/users/dana/roles', kim)).status).toBe(404)
})

test('nobody gives himself or others what he lacks, nor takes away what he could not give', async () => {
  const admin = await world.person('ua', 'user-admin')
  await world.person('plain')
  for (const role of ['owner', 'auditor', 'finance', 'content-reviewer', 'template-admin']) {
    expect((await give('ua', admin, 'user-admin', role)).status, role).toBe(403)
    expect((await give('plain', admin, role)).status, role).toBe(403)
  }
  expect((await world.audit()).at(-1)).toMatchObject({
    action: 'assign_roles',
    resource_target: 'plain',
    outcome: 'refused',
    diff: { roles: { old: [], new: ['template-admin'] }, refused: { new: expect.stringContaining('cannot give') } },
  })
  expect((await give('plain', admin, 'user-admin')).status).toBe(200)
  expect((await give('dana', admin)).status).toBe(403)
  const auditor = await world.person('au', 'auditor')
  expect((await give('au', auditor, 'auditor', 'owner')).status).toBe(403)
})

test('a token gives no role beyond its scope', async () => {
  const make = async (scopes: string[]): Promise<string> =>
    (await call('POST', '/users/me/keys/tokens', owner, { scopes })).json.key
  await world.person('target')
  expect((await give('target', await make(['role:assign', 'user:read']), 'auditor')).status).toBe(403)
  expect((await give('target', await make(['api']), 'auditor')).status).toBe(200)
})

const activeOwners = async (): Promise<string[]> =>
  (
    await world.db.sql
      .selectFrom('users')
      .select(['username', 'roles'])
      .where('status', '=', 'active')
      .where('deleted_at', 'is', null)
      .execute()
  ).flatMap(({ username, roles }) => (roles.includes('owner') ? [username] : []))

test('the last owner stays, also when two owners unmake each other at once', async () => {
  expect((await give('dana', owner)).json.message).toBe('the last owner stays')
  const [one, two] = [await world.person('one', 'owner'), await world.person('two', 'owner')]
  await give('dana', one)
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all([give('two', one), give('one', two)])
    const [won, lost] = answers.map(({ status }) => status).toSorted()
    expect(won).toBe(200)
    expect([403, 409]).toContain(lost)
    const owners = await activeOwners()
    expect(owners).toHaveLength(1)
    const winner = owners[0] === 'one' ? one : two
    for (const name of ['one', 'two']) await give(name, winner, 'owner')
  }
  await give('dana', one, 'owner')
  // Four ways of not being an owner any more, all at once.
  const answers = await Promise.all([
    give('one', two),
    call('DELETE', '/users/two', one),
    call('PUT', '/users/dana/status/suspend', one, {}),
    give('dana', two),
  ])
  expect(answers.map(({ status }) => status)).toContain(200)
  expect((await activeOwners()).length).toBeGreaterThan(0)
  await world.db.sql
    .updateTable('users')
    .set({ status: 'active', roles: ['owner'] })
    .where('username', '=', 'dana')
    .execute()
  world.authenticator.forget('everybody')
  owner = await world.signIn('dana')
})

test('a right that is taken while a request waits is not used any more', async () => {
  const admin = await world.person('late', 'user-admin')
  await world.person('friend')
  const row = await world.db.sql
    .selectFrom('users')
    .select('id')
    .where('username', '=', 'late')
    .executeTakeFirstOrThrow()
  const given = await world.db.transaction(async (tx) => {
    await lockOwners(tx)
    const waiting = give('friend', admin, 'user-admin')
    // It has passed every check that comes before the lock when it waits for it.
    await expect.poll(locksWaitedFor).toBe(1)
    await tx.updateTable('users').set({ roles: [] }).where('id', '=', row.id).execute()
    return { waiting }
  })
  expect((await given.waiting).status).toBe(403)
  expect((await call('GET', '/users/friend', owner)).json.roles).toEqual([])
})

const locksWaitedFor = async (): Promise<number> => {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from pg_locks
    where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`.execute(
    world.db.sql,
  )
  return rows[0]?.count ?? 0
}

test('a custom role holds what its maker has, in the place where he has it', async () => {
  const body = { name: 'helpdesk', site_permissions: read('user:read', 'group:*'), user_permissions: read('task:read') }
  const made = await call('POST', '/users/roles', owner, body)
  expect(made).toMatchObject({ status: 201, json: { built_in: false, assignable: true, organization_id: null } })
  expect(made.json.site_permissions).toHaveLength(5)
  expect((await call('POST', '/users/roles', owner, body)).status).toBe(409)
  expect((await call('POST', '/users/roles', owner, { ...body, name: 'owner' })).status).toBe(409)
  const holder = await world.person('holder', 'helpdesk')
  expect((await call('GET', '/users?q=dana', holder)).json.count).toBe(1)

  await world.person('oa')
  await call('PUT', '/organizations/default/members/oa/roles', owner, { roles: ['organization-admin'] })
  const admin = await world.signIn('oa')
  const within = (name: string, ...permissions: string[]) =>
    call('POST', '/organizations/default/members/roles', admin, {
      name,
      organization_permissions: read(...permissions),
    })
  expect((await within('own-role', 'group:read', 'interception:read')).status).toBe(201)
  expect((await within('own-role')).status).toBe(409)
  expect(await within('too-much', 'interception_content:read')).toMatchObject({
    status: 403,
    json: { detail: 'you lack interception_content:read' },
  })
  expect((await call('POST', '/users/roles', admin, { ...body, name: 'escape' })).status).toBe(403)
  expect((await call('POST', '/organizations/nowhere/members/roles', admin, body)).status).toBe(404)
  // In its organization only.
  expect((await give('holder', owner, 'own-role')).status).toBe(400)
})

test('what cannot be in a role is named, each with its place', async () => {
  const { status, json } = await call('POST', '/organizations/default/members/roles', owner, {
    name: 'odd',
    site_permissions: read('user:read'),
    organization_permissions: [
      { resource_type: 'group', action: 'read', negate: true },
      { resource_type: 'group', action: 'fly' },
      { resource_type: 'deployment_config', action: 'read' },
    ],
    user_permissions: read('user:delete'),
  })
  expect(status).toBe(400)
  expect(json.validations).toEqual([
    { field: 'site_permissions', detail: 'belong to roles that are held everywhere' },
    { field: 'organization_permissions.0', detail: expect.stringContaining('none takes away') },
    { field: 'organization_permissions.1', detail: 'there is no permission group:fly' },
    { field: 'organization_permissions.2', detail: 'deployment_config:read cannot be given for an organization' },
    { field: 'user_permissions.0', detail: 'user:delete cannot be given for one’s own things' },
  ])
  for (const method of ['PUT', 'POST']) {
    expect((await call(method, '/users/roles', owner, { name: 'x', site_permissions: read('a:b') })).status).toBe(400)
  }
  const badWithin = { name: 'x', organization_permissions: read('a:b') }
  expect((await call('PUT', '/organizations/default/members/roles', owner, badWithin)).status).toBe(400)
})

test('what is stored and may not stand there grants nothing', async () => {
  await call('POST', '/organizations/default/members/roles', owner, { name: 'forged' })
  await world.db.sql
    .updateTable('custom_roles')
    .set({
      organization_permissions: ['deployment_config:read', 'user:update', 'no:such'],
      own_permissions: ['role:assign'],
    })
    .where('name', '=', 'forged')
    .execute()
  const eve = await world.person('eve')
  await call('PUT', '/organizations/default/members/eve/roles', owner, { roles: ['forged'] })
  expect((await call('PUT', '/users/eve/status/suspend', eve, {})).status).toBe(403)
  expect((await give('eve', eve, 'owner')).status).toBe(403)
})

test('a changed role counts at once for all who hold it, on every replica; a deleted one is taken from them', async () => {
  const name = 'watcher'
  await call('POST', '/users/roles', owner, { name, site_permissions: read('audit_log:read') })
  const session = await world.person('watch', name)
  await using replica = await createAuthenticator({ ...world.identity, outageMs: 0 })
  const grants = async () => {
    const role = (await replica.authenticate(session))?.roles.find((each) => each.name === name)
    return role === undefined ? null : [...role.site]
  }
  expect(await can(session, '/audit')).toBe(true)
  expect(await grants()).toEqual(['audit_log:read'])

  const changed = await call('PUT', '/users/roles', owner, { name, site_permissions: read('group:read') })
  expect(changed.json.site_permissions).toEqual([{ negate: false, resource_type: 'group', action: 'read' }])
  expect(await can(session, '/audit')).toBe(false)
  // The clock stands still, so that only the notification can make the other forget.
  await expect.poll(grants).toEqual(['group:read'])

  expect((await call('DELETE', `/users/roles/${name}`, owner)).status).toBe(204)
  await expect.poll(grants).toBe(null)
  expect((await call('GET', '/users/watch', owner)).json.roles).toEqual([])
  expect((await call('DELETE', `/users/roles/${name}`, owner)).status).toBe(404)
  expect((await call('PUT', '/users/roles', owner, { name })).status).toBe(404)
})

test('built-in roles stay; a role that has more than one has cannot be changed or deleted', async () => {
  expect((await call('PUT', '/users/roles', owner, { name: 'auditor' })).status).toBe(403)
  expect((await call('DELETE', '/users/roles/auditor', owner)).status).toBe(403)
  const path = '/organizations/default/members/roles'
  await call('POST', path, owner, { name: 'reviewers', organization_permissions: read('interception_content:read') })
  const admin = await world.person('weak')
  await call('PUT', '/organizations/default/members/weak/roles', owner, { roles: ['organization-admin'] })
  expect((await call('PUT', path, admin, { name: 'reviewers' })).status).toBe(403)
  expect((await call('DELETE', `${path}/reviewers`, admin)).status).toBe(403)
  expect((await call('PUT', path, owner, { name: 'reviewers', display_name: 'R' })).json.display_name).toBe('R')
  expect((await call('PUT', path, owner, { name: 'no-such' })).status).toBe(404)
  expect((await call('DELETE', `${path}/reviewers`, owner)).status).toBe(204)
  expect((await call('DELETE', `${path}/reviewers`, owner)).status).toBe(404)
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(
    answersNotSeen(
      'listSiteRoles',
      'createSiteRole',
      'updateSiteRole',
      'deleteSiteRole',
      'listOrganizationRoles',
      'createOrganizationRole',
      'updateOrganizationRole',
      'deleteOrganizationRole',
      'getUserRoles',
      'setUserRoles',
    ),
  ).toEqual([])
})
