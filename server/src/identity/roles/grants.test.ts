import fc from 'fast-check'
import { type Grantable, grantables } from '@reeve/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builtInRoles, heldRoles } from '../../access/built-in-roles.ts'
import { allows } from '../../access/policy.ts'
import { holdings } from './custom-roles.ts'
import { findStanding } from './queries.ts'
import { type TestIdentity, testIdentity } from '../testing.ts'

/**
 * Nobody grants what he lacks, through any endpoint and in any order. Random people edit roles at random; after each
 * step that was accepted, what anybody newly holds for others must have been held by the one who did it.
 */

let world: TestIdentity
const people = ['ann', 'ben', 'cem', 'dee'] as const
const starts: Readonly<Record<(typeof people)[number], { site: string[]; within: string[] }>> = {
  ann: { site: ['user-admin'], within: [] },
  ben: { site: [], within: ['organization-admin'] },
  cem: { site: ['auditor'], within: ['organization-user-admin'] },
  dee: { site: [], within: [] },
}
const tokens = new Map<string, string>()
const ids = new Map<string, string>()
let organizationId: string

beforeAll(async () => {
  world = await testIdentity()
  const owner = await world.owner()
  await world.call('POST', '/api/v2/organizations', { token: owner, body: { name: 'other' } })
  for (const name of people) {
    tokens.set(name, await world.person(name))
    const { json } = await world.call('GET', `/api/v2/users/${name}`, { token: owner })
    ids.set(name, json.id)
    organizationId = json.organization_ids[0]
  }
})
afterAll(() => world[Symbol.asyncDispose]())

type Held = ReadonlySet<string>

/** What each may do to other people's things, everywhere (`site`) and in the organization. */
async function holdingsNow(): Promise<Map<string, Held>> {
  const all = new Map<string, Held>()
  for (const [name, id] of ids) {
    const row = await findStanding(world.db.sql, id)
    const actor = {
      ...(row === undefined ? { organizationIds: [], groupIds: [], roles: heldRoles([]) } : holdings(row)),
      userId: id,
      username: name,
      apiKeyId: 'key',
      scopes: ['all' as const],
      allowList: null,
    }
    const held = (permission: Grantable): string[] => [
      ...(allows(actor, permission, {}) ? [`site ${permission}`] : []),
      ...(allows(actor, permission, { organizationId }) ? [`organization ${permission}`] : []),
    ]
    all.set(name, new Set(grantables.flatMap(held)))
  }
  return all
}

async function reset(): Promise<void> {
  await world.db.sql.deleteFrom('custom_roles').execute()
  for (const name of people) {
    const id = ids.get(name) ?? ''
    await world.db.sql.updateTable('users').set({ roles: starts[name].site }).where('id', '=', id).execute()
    await world.db.sql
      .updateTable('organization_members')
      .set({ roles: starts[name].within })
      .where('user_id', '=', id)
      .execute()
  }
  world.authenticator.forget('everybody')
}

const person = fc.constantFrom(...people)
const customNames = ['r-one', 'r-two'] as const
const siteNames = [...builtInRoles.filter(({ level }) => level === 'site').map(({ name }) => name), ...customNames]
const withinNames = [...builtInRoles.filter(({ level }) => level !== 'site').map(({ name }) => name), ...customNames]
const permissions = fc
  .subarray([...grantables], { maxLength: 4 })
  .map((list) => list.map((each) => ({ resource_type: each.split(':')[0], action: each.split(':')[1] })))
const name = fc.constantFrom(...customNames)
const organization = '/api/v2/organizations/default'
const verb = fc.constantFrom('POST', 'PUT')

const step = fc.oneof(
  fc
    .record({ by: person, user: person, roles: fc.subarray(siteNames, { maxLength: 3 }) })
    .map(({ by, user, roles }) => ({
      by,
      call: ['PUT', `/api/v2/users/${user}/roles`, { roles }] as const,
    })),
  fc
    .record({ by: person, user: person, roles: fc.subarray(withinNames, { maxLength: 3 }) })
    .map(({ by, user, roles }) => ({
      by,
      call: ['PUT', `${organization}/members/${user}/roles`, { roles }] as const,
    })),
  fc.record({ by: person, verb, name, permissions }).map(({ by, verb: method, ...role }) => ({
    by,
    call: [method, '/api/v2/users/roles', { name: role.name, site_permissions: role.permissions }] as const,
  })),
  fc.record({ by: person, verb, name, permissions, own: permissions }).map(({ by, verb: method, ...role }) => ({
    by,
    call: [
      method,
      `${organization}/members/roles`,
      { name: role.name, organization_permissions: role.permissions, user_permissions: role.own },
    ] as const,
  })),
  fc.record({ by: person, roles: fc.subarray(withinNames, { maxLength: 2 }) }).map(({ by, roles }) => ({
    by,
    call: ['PATCH', organization, { default_member_roles: roles }] as const,
  })),
  fc
    .record({ by: person, user: person, verb: fc.constantFrom('POST', 'DELETE') })
    .map(({ by, user, verb: method }) => ({
      by,
      call: [method, `/api/v2/organizations/other/members/${user}`, undefined] as const,
    })),
)

test('after any edits of roles by anybody, nobody holds what the one who gave it did not', async () => {
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
      await reset()
      let before = await holdingsNow()
      for (const { by, call } of steps) {
        const [method, path, body] = call
        const { status } = await world.call(method, path, {
          token: tokens.get(by) ?? '',
          ...(body === undefined ? {} : { body }),
        })
        expect(status, `${method} ${path}`).toBeLessThan(500)
        if (status < 300) accepted++
        const after = await holdingsNow()
        for (const [who, held] of after) {
          const gained = [...held].filter((each) => !before.get(who)?.has(each))
          const beyond = gained.filter((each) => !before.get(by)?.has(each))
          expect(beyond, `${who} by ${by}: ${method} ${path} ${JSON.stringify(body)}`).toEqual([])
        }
        before = after
      }
    }),
    { numRuns: 40 },
  )
  // The property would hold of a server that refuses everything.
  expect(accepted).toBeGreaterThan(20)
})
