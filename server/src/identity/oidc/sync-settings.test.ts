import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answersNotSeen } from '../testing.ts'
import { syncedMemberships, syncedRoles } from './synced.ts'
import { type TestOidc, testOidc } from './testing.ts'
import { type TestProvider, testProvider } from './testing-provider.ts'

let provider: TestProvider
let world: TestOidc
let owner: string
let organization: string

beforeAll(async () => {
  provider = await testProvider()
  world = await testOidc(provider.issuer)
  owner = await world.owner()
  organization = (await world.call('GET', '/api/v2/organizations/default', { token: owner })).json.id
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const groupsPath = '/api/v2/organizations/default/settings/idpsync/groups'
const rolesPath = '/api/v2/organizations/default/settings/idpsync/roles'
const organizationPath = '/api/v2/settings/idpsync/organization'
const get = (path: string, token = owner) => world.call('GET', path, { token })
const patch = (path: string, body: object, token = owner) => world.call('PATCH', path, { token, body })

function knows(subject: string, claims: object): void {
  const email = `${subject}@example.com`
  provider.people.set(subject, { email, email_verified: true, preferred_username: subject, ...claims })
  provider.whoSignsIn = subject
}

async function group(name: string): Promise<string> {
  const id = crypto.randomUUID()
  const now = world.clock.now()
  const row = { id, organization_id: organization, name, created_at: now, updated_at: now }
  await world.db.sql.insertInto('groups').values(row).execute()
  return id
}

describe('settings', () => {
  test('begin with sync off, keep what a change leaves out, and are on record', async () => {
    expect((await get(groupsPath)).json).toEqual({
      field: '',
      mapping: {},
      regex_filter: null,
      auto_create_missing_groups: false,
    })
    expect((await get(organizationPath)).json.organization_assign_default).toBe(true)
    await patch(groupsPath, { field: 'groups' })
    const { status, json } = await patch(groupsPath, { auto_create_missing_groups: true })
    expect({ status, json }).toMatchObject({ status: 200, json: { field: 'groups', auto_create_missing_groups: true } })
    expect((await world.audit()).at(-1)).toMatchObject({
      resource_type: 'idp_sync_settings',
      resource_target: 'groups of default',
      diff: { auto_create_missing_groups: { old: false, new: true } },
    })
    await patch(groupsPath, { field: '', auto_create_missing_groups: false })
  })

  test('that cannot be used are refused with every problem', async () => {
    const missing = crypto.randomUUID()
    const bad = await patch(groupsPath, { mapping: { a: [missing] }, regex_filter: '(' })
    expect(bad.status).toBe(400)
    expect(bad.json.validations.map(({ field }: { field: string }) => field)).toEqual(['mapping.a', 'regex_filter'])
    expect((await patch(organizationPath, { mapping: { a: [missing] } })).status).toBe(400)
    expect((await patch(rolesPath, { mapping: { a: ['owner'] } })).status).toBe(400)
    expect((await patch(rolesPath, { is_admin: true })).status).toBe(400)
    expect((await get(groupsPath.replace('default', 'nowhere'))).status).toBe(404)
    expect((await patch(groupsPath.replace('default', 'nowhere'), {})).status).toBe(404)
    expect((await get(rolesPath.replace('default', 'nowhere'))).status).toBe(404)
    expect((await patch(rolesPath.replace('default', 'nowhere'), {})).status).toBe(404)
  })

  test('of the organization are its admin’s, who maps no role that he could not give; those of the site are not', async () => {
    const token = await world.person('lead')
    await world.db.sql
      .updateTable('organization_members')
      .set({ roles: ['organization-admin'] })
      .where('user_id', '=', (await get('/api/v2/users/lead')).json.id)
      .execute()
    world.authenticator.forget({ userId: (await get('/api/v2/users/lead')).json.id })
    expect((await get(rolesPath, token)).status).toBe(200)
    expect((await patch(rolesPath, { field: 'duties' }, token)).status).toBe(200)
    const beyond = await patch(rolesPath, { mapping: { r: ['organization-content-reviewer'] } }, token)
    expect(beyond.status).toBe(403)
    expect((await patch(organizationPath, { field: 'org' }, token)).status).toBe(403)
    expect((await world.call('GET', '/api/v2/settings/sign-in', { token })).status).toBe(403)
    await patch(rolesPath, { field: '' })
  })

  test('put mapped groups under the provider, and give them back', async () => {
    const id = await group('mapped')
    const source = async () =>
      (await world.db.sql.selectFrom('groups').select('source').where('id', '=', id).executeTakeFirstOrThrow()).source
    await patch(groupsPath, { field: 'groups', mapping: { m: [id] } })
    expect(await source()).toBe('oidc')
    await patch(groupsPath, { mapping: {} })
    expect(await source()).toBe('user')
    await patch(groupsPath, { mapping: { m: [id] } })
    await patch(groupsPath, { field: '', mapping: {} })
    expect(await source()).toBe('user')
  })

  test('say of whom the provider decides about what', async () => {
    knows('synced', { duties: ['lead'] })
    await patch(rolesPath, { field: 'duties', mapping: { lead: ['organization-auditor'] } })
    await world.browser().signIn()
    const { id } = (await get('/api/v2/users/synced')).json
    expect(await syncedRoles(world.db.sql, id, organization)).toBe(true)
    expect(await syncedRoles(world.db.sql, id, null)).toBe(false)
    expect(await syncedMemberships(world.db.sql, id)).toBe(false)
    const dana = (await get('/api/v2/users/me')).json.id
    expect(await syncedRoles(world.db.sql, dana, organization)).toBe(false)
    await patch(rolesPath, { field: '', mapping: {} })
    expect(await syncedRoles(world.db.sql, id, organization)).toBe(false)
  })
})

describe('a test login', () => {
  test('shows claims and what they come to under settings that are not saved, and saves nothing', async () => {
    const id = await group('reviewers')
    knows('tester', { groups: ['rev', 'other'], duties: ['lead'] })
    const before = await state()
    const made = await world.call('POST', '/api/v2/settings/idpsync/test-logins', {
      token: owner,
      body: {
        groups: {
          [organization]: {
            field: 'groups',
            mapping: { rev: [id] },
            regex_filter: null,
            auto_create_missing_groups: true,
          },
        },
        roles: { [organization]: { field: 'duties', mapping: { lead: ['organization-admin'] } } },
      },
    })
    expect(made.status).toBe(201)
    const path = `/api/v2/settings/idpsync/test-logins/${made.json.id}`
    expect((await get(path)).json).toMatchObject({ status: 'waiting', claims: null, preview: null })
    const browser = world.browser()
    browser.cookies.set('reeve_session', owner)
    expect(await browser.signIn(made.json.url)).toMatchObject({
      status: 303,
      location: `/sign-in?test=${made.json.id}`,
    })
    expect(browser.session()).toBe(owner)
    const { json } = await get(path)
    expect(json).toMatchObject({
      status: 'done',
      problem: null,
      claims: { sub: 'tester', groups: ['rev', 'other'] },
      verdict: { would_sign_in: true, as: 'new_user', username: 'tester', reason: null },
      preview: {
        site_roles: null,
        organizations: [
          {
            name: 'default',
            groups: ['reviewers', 'other'],
            new_groups: ['other'],
            roles: ['organization-admin', 'organization-workspace-access'],
          },
        ],
      },
    })
    expect(await state()).toEqual(before)
    expect((await get(path, await world.person('curious', 'user-admin'))).status).toBe(403)
  })

  test('is of use only to whoever prepared it, in a browser in which he is signed in', async () => {
    const made = await world.call('POST', '/api/v2/settings/idpsync/test-logins', { token: owner, body: {} })
    expect((await world.browser().open(made.json.url)).status).toBe(404)
    const browser = world.browser()
    browser.cookies.set('reeve_session', owner)
    const back = await browser.visit((await browser.open(made.json.url)).location)
    browser.cookies.delete('reeve_session')
    expect((await browser.open(back)).status).toBe(404)
  })

  test('tells why a real sign-in would be refused, and what the provider refused', async () => {
    knows('impostor', { email: 'dana@example.com' })
    const prepare = () => world.call('POST', '/api/v2/settings/idpsync/test-logins', { token: owner, body: {} })
    const browser = world.browser()
    browser.cookies.set('reeve_session', owner)
    const made = await prepare()
    await browser.signIn(made.json.url)
    const path = `/api/v2/settings/idpsync/test-logins/${made.json.id}`
    expect((await get(path)).json.verdict).toMatchObject({
      would_sign_in: false,
      reason: expect.stringContaining('signs in by password'),
    })
    provider.whoSignsIn = ''
    const other = await prepare()
    await browser.signIn(other.json.url)
    expect((await get(path.replace(made.json.id, other.json.id))).json).toMatchObject({
      status: 'failed',
      problem: 'the provider says access_denied',
    })
    expect((await get(path.replace(made.json.id, organization))).status).toBe(404)
    const bad = { token: owner, body: { roles: { [organization]: { field: 'x', mapping: { a: ['nothing'] } } } } }
    expect((await world.call('POST', '/api/v2/settings/idpsync/test-logins', bad)).status).toBe(400)
  })
})

/** Everything that a sign-in could leave behind. */
async function state(): Promise<unknown> {
  const { sql } = world.db
  return {
    users: await sql.selectFrom('users').selectAll().orderBy('id').execute(),
    links: await sql.selectFrom('user_links').selectAll().orderBy('id').execute(),
    groups: await sql.selectFrom('groups').selectAll().orderBy('id').execute(),
    members: await sql.selectFrom('group_members').selectAll().execute(),
    settings: await sql.selectFrom('idp_sync_settings').selectAll().execute(),
    keys: (await sql.selectFrom('api_keys').select('id').orderBy('id').execute()).length,
  }
}

test('the state of sign-in is told to administrators', async () => {
  expect((await get('/api/v2/settings/sign-in')).json).toMatchObject({
    password_sign_in: 'everyone',
    break_glass_owners: 1,
    oidc: {
      issuer: provider.issuer,
      callback_url: 'https://reeve.test/api/v2/users/oidc/callback',
      provider: 'reachable',
      linked_users: 1,
      linked_users_without_refresh: 0,
    },
  })
})

test('each of these endpoints gave every answer that it declares', () => {
  const names = [
    'patchGroupSync',
    'patchRoleSync',
    'getGroupSync',
    'getRoleSync',
    'getTestLogin',
    'getSignInStatus',
  ] as const
  expect(answersNotSeen(...names)).toEqual([])
})
