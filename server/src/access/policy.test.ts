import fc from 'fast-check'
import { sql } from 'kysely'
import { type Grantable, grantables, type Scope, scopes } from '@reeve/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import type { Actor, AllowedObject } from './actor.ts'
import { builtInRole, builtInRoles, heldRoles, type RoleDefinition } from './built-in-roles.ts'
import { mayAssign, missingToGrant } from './granting.ts'
import { type AccessObject, allows, visibility } from './policy.ts'
import { mayStandAt } from './role-levels.ts'
import { mayHandOut } from './scopes.ts'
import { visibleRows } from './sql-filter.ts'

const id = (n: number) => `0197c0de-0000-7000-8000-00000000000${n}`
const [me, other] = [id(1), id(2)]
const [mine, theirs] = [id(3), id(4)]
const group = id(5)

const actor = (
  siteRoles: readonly string[],
  given: { scopes?: readonly Scope[]; within?: readonly string[]; allowList?: readonly AllowedObject[] } = {},
): Actor => ({
  userId: me,
  username: 'dana',
  organizationIds: [mine],
  groupIds: [group],
  roles: heldRoles(siteRoles, [{ organizationId: mine, roles: given.within ?? [] }]),
  apiKeyId: 'key',
  scopes: given.scopes ?? ['all'],
  allowList: given.allowList ?? null,
})
const owner = actor(['owner'])

test('a credential for the gateway calls models and does nothing else, whoever owns it', () => {
  for (const { name } of builtInRoles) {
    const who = actor([name], { within: [name], scopes: ['gateway'] })
    expect(grantables.filter((permission) => allows(who, permission))).toEqual(['interception:create'])
    expect(allows(who, 'signed_in')).toBe(false)
  }
})

test('a credential for the management API calls no models, and one without a scope does nothing', () => {
  expect(allows(actor(['owner'], { scopes: ['api'] }), 'interception:create')).toBe(false)
  expect(allows(actor(['owner'], { scopes: ['api'] }), 'user:create')).toBe(true)
  for (const permission of grantables) expect(allows(actor(['owner'], { scopes: [] }), permission)).toBe(false)
})

test('a scope of single permissions, and an allow list, only take away', () => {
  const reader = actor(['owner'], { scopes: ['audit_log:read', 'group:*'] })
  expect(grantables.filter((permission) => allows(reader, permission))).toEqual([
    'group:create',
    'group:read',
    'group:update',
    'group:delete',
    'audit_log:read',
  ])
  const bound = actor([], { within: ['organization-workspace-access'], allowList: [{ type: 'workspace', id: 'w1' }] })
  const own = { ownerId: me, organizationId: mine }
  expect(allows(bound, 'workspace:read', { ...own, id: 'w1' })).toBe(true)
  expect(allows(bound, 'workspace:read', { ...own, id: 'w2' })).toBe(false)
  expect(allows(bound, 'interception:read', own)).toBe(false)
})

test('a member reaches what is his and nothing of others', () => {
  const dana = actor([])
  expect(allows(dana, 'interception:read', { ownerId: me })).toBe(true)
  expect(allows(dana, 'interception:read', { ownerId: other })).toBe(false)
  expect(allows(dana, 'interception:read', {})).toBe(false)
  expect(allows(dana, 'organization:read', { organizationId: mine })).toBe(true)
  expect(allows(dana, 'organization:read', { organizationId: theirs })).toBe(false)
  for (const permission of ['user:create', 'user:update', 'audit_log:read', 'deployment_config:read'] as const) {
    expect(allows(dana, permission)).toBe(false)
  }
})

test('who lacks workspace access uses the bridge and owns no workspace', () => {
  expect(allows(actor([]), 'interception:create')).toBe(true)
  expect(allows(actor([]), 'workspace:create', { ownerId: me, organizationId: mine })).toBe(false)
  const developer = actor([], { within: ['organization-workspace-access'] })
  expect(allows(developer, 'workspace:create', { ownerId: me, organizationId: mine })).toBe(true)
  expect(allows(developer, 'workspace:create', { ownerId: me, organizationId: theirs })).toBe(false)
  expect(allows(developer, 'workspace:read', { ownerId: other, organizationId: mine })).toBe(false)
})

test('only a reviewer reads the words of others: no owner, no auditor, no admin', () => {
  const words = { ownerId: other, organizationId: mine }
  for (const { name, level } of builtInRoles) {
    const who = level === 'site' ? actor([name]) : actor([], { within: [name] })
    expect(allows(who, 'interception_content:read', words), name).toBe(name.endsWith('content-reviewer'))
    expect(allows(who, 'interception_content:read', { ...words, ownerId: me }), name).toBe(true)
  }
})

test('a role within an organization ends at its border', () => {
  const admin = actor([], { within: ['organization-admin'] })
  expect(allows(admin, 'group:create', { organizationId: mine })).toBe(true)
  expect(allows(admin, 'group:create', { organizationId: theirs })).toBe(false)
  expect(allows(admin, 'user:create')).toBe(false)
})

test('an access list grants to people and groups on top of roles, and the credential still bounds it', () => {
  const object = (accessList: AccessObject['accessList'] & object): AccessObject => ({
    organizationId: theirs,
    accessList,
  })
  expect(allows(actor([]), 'template:use', object({ users: { [me]: ['use'] }, groups: {} }))).toBe(true)
  expect(allows(actor([]), 'template:use', object({ users: {}, groups: { [group]: ['use'] } }))).toBe(true)
  expect(allows(actor([]), 'template:update', object({ users: { [me]: ['use'] }, groups: {} }))).toBe(false)
  expect(allows(actor([]), 'template:use', object({ users: { [other]: ['use'] }, groups: {} }))).toBe(false)
  const narrow = actor([], { scopes: ['gateway'] })
  expect(allows(narrow, 'template:use', object({ users: { [me]: ['use'] }, groups: {} }))).toBe(false)
})

test('nobody grants what he lacks', () => {
  const role = (name: string): RoleDefinition => builtInRole(name)!
  expect(mayAssign(owner, role('owner'), null)).toBe(true)
  expect(mayAssign(owner, role('content-reviewer'), null)).toBe(true)
  const userAdmin = actor(['user-admin'])
  expect(mayAssign(userAdmin, role('user-admin'), null)).toBe(true)
  for (const name of ['owner', 'auditor', 'template-admin', 'content-reviewer', 'finance']) {
    expect(mayAssign(userAdmin, role(name), null), name).toBe(false)
  }
  const admin = actor([], { within: ['organization-admin'] })
  expect(mayAssign(admin, role('organization-auditor'), mine)).toBe(true)
  expect(mayAssign(admin, role('organization-auditor'), theirs)).toBe(false)
  expect(missingToGrant(admin, role('organization-content-reviewer'), mine)).toEqual(['interception_content:read'])
  expect(mayAssign(actor(['auditor']), role('auditor'), null)).toBe(false)
})

test('what one may give for own things goes to everybody; more than that has to be held', () => {
  const role = (own: readonly Grantable[]) => ({
    site: new Set<Grantable>(),
    organization: new Set<Grantable>(),
    own: new Set(own),
  })
  const admin = actor(['user-admin'])
  expect(missingToGrant(admin, role(['task:create', 'usage:read']), mine)).toEqual([])
  expect(missingToGrant(admin, role(['template:update']), mine)).toEqual(['template:update'])
  expect(missingToGrant(owner, role(['template:update']), mine)).toEqual([])
})

test('a credential that is for one object gives no role that is for all of them', () => {
  const bound = actor(['owner'], {
    allowList: [
      { type: 'template', id: 't1' },
      { type: 'role', id: '*' },
    ],
  })
  expect(allows(bound, 'role:assign', {})).toBe(true)
  expect(missingToGrant(bound, builtInRole('organization-template-admin')!, mine)).toContain('template:read')
})

test('no role grants for an organization, or for one’s own, what there is once in a deployment', () => {
  for (const role of builtInRoles) {
    for (const level of ['site', 'organization', 'own'] as const) {
      expect(
        [...role[level]].filter((permission) => !mayStandAt(permission, level)),
        `${role.name} ${level}`,
      ).toEqual([])
    }
  }
  for (const level of ['organization', 'own'] as const) {
    for (const permission of ['deployment_config:read', 'user:update', 'user:create', 'organization:create'] as const) {
      expect(mayStandAt(permission, level)).toBe(false)
    }
  }
})

test('nobody hands out a scope that he does not hold', () => {
  expect(mayHandOut(['all'], 'gateway')).toBe(true)
  expect(mayHandOut(['api'], 'gateway')).toBe(false)
  expect(mayHandOut(['api'], 'interception:create')).toBe(false)
  expect(mayHandOut(['api'], 'user:read')).toBe(true)
  expect(mayHandOut(['api', 'gateway'], 'all')).toBe(false)
  expect(mayHandOut(['user:*'], 'user:read')).toBe(true)
  expect(mayHandOut(['user:read'], 'user:*')).toBe(false)
})

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
  await sql`create table things (id text, owner uuid, organization uuid, access_list jsonb)`.execute(db.sql)
})
afterAll(() => db[Symbol.asyncDispose]())

test('what a list shows, in SQL, is exactly what single reads allow', async () => {
  const names = builtInRoles.map(({ name }) => name)
  const actions = fc.subarray<'read' | 'use' | 'update'>(['read', 'use', 'update'])
  const anyActor = fc.record({
    site: fc.subarray(names),
    within: fc.subarray(names),
    scopes: fc.oneof(fc.constant<Scope[]>(['all']), fc.subarray([...scopes], { maxLength: 4 })),
    allowList: fc.option(
      fc.array(
        fc.record({
          type: fc.constantFrom<AllowedObject['type']>('*', 'template', 'interception'),
          id: fc.constantFrom('*', '0', '1'),
        }),
        { maxLength: 2 },
      ),
    ),
  })
  const anyThing = fc.record({
    ownerId: fc.constantFrom(me, other, null),
    organizationId: fc.constantFrom(mine, theirs, null),
    accessList: fc.record({
      users: fc.dictionary(fc.constantFrom(me, other), actions),
      groups: fc.dictionary(fc.constantFrom(group, other), actions),
    }),
  })
  const likely = fc.constantFrom<Grantable>('interception:read', 'template:use', 'template:read', 'workspace:read')
  const permissions = fc.oneof(likely, fc.constantFrom(...grantables))
  await fc.assert(
    fc.asyncProperty(anyActor, permissions, fc.array(anyThing, { maxLength: 6 }), async (drawn, permission, things) => {
      const { site, allowList, ...rest } = drawn
      const who = actor(site, allowList === null ? rest : { ...rest, allowList })
      const objects = things.map((thing, at) => ({ ...thing, id: String(at) }))
      await sql`delete from things`.execute(db.sql)
      for (const { id: name, ownerId, organizationId, accessList } of objects) {
        await sql`insert into things values (${name}, ${ownerId}, ${organizationId}, ${JSON.stringify(accessList)})`.execute(
          db.sql,
        )
      }
      const columns = {
        id: sql`id`,
        owner: sql`owner`,
        organization: sql`organization`,
        accessList: sql`access_list`,
      }
      const { rows } = await sql<{ id: string }>`
        select id from things where ${visibleRows(visibility(who, permission), columns)} order by id`.execute(db.sql)
      const allowed = objects.filter((object) => allows(who, permission, object))
      expect(rows.map((row) => row.id)).toEqual(allowed.map((object) => object.id))
    }),
    { numRuns: 400 },
  )
})
