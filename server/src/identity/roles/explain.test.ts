import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersNotSeen, type TestIdentity, testIdentity } from '../testing.ts'

let world: TestIdentity
let owner: string
let max: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  max = await world.person('max')
})
afterAll(() => world[Symbol.asyncDispose]())

const why = (user: string, query: string, token = owner) =>
  world.call('GET', `/api/v2/users/${user}/access?${query}`, { token })

test('what is granted names the role and how far it reaches', async () => {
  expect((await why('dana', 'permission=user:create')).json).toMatchObject({
    allowed: true,
    because: 'Yes: Owner gives user:create for everything.',
    reasons: [{ role: 'owner', organization_id: null, reach: 'everything' }],
    would_help: [],
  })
  const own = (await why('max', 'permission=workspace:create&organization=default&owner=self')).json
  expect(own).toMatchObject({ allowed: true, reasons: [{ role: 'organization-workspace-access', reach: 'own' }] })
})

test('what is denied names the roles that it would take', async () => {
  const { json } = await why('max', 'permission=template:update&organization=default')
  expect(json.allowed).toBe(false)
  const helpful = json.would_help.map(({ role }: { role: string }) => role)
  expect(helpful).toEqual(['owner', 'template-admin', 'organization-admin', 'organization-template-admin'])
  expect(json.because).toContain('one of these would: Owner, Template admin, Organization admin')
  const words = (await why('dana', 'permission=interception_content:read&owner=max')).json
  expect(words).toMatchObject({ allowed: false, because: expect.stringContaining('Content reviewer') })
})

test('a custom role counts, and a suspended person may nothing', async () => {
  const body = {
    name: 'night-watch',
    display_name: 'Night watch',
    site_permissions: [{ resource_type: 'audit_log', action: 'read' }],
  }
  await world.call('POST', '/api/v2/users/roles', { token: owner, body })
  await world.person('sue', 'night-watch')
  expect((await why('sue', 'permission=audit_log:read')).json.because).toBe(
    'Yes: Night watch gives audit_log:read for everything.',
  )
  await world.call('PUT', '/api/v2/users/sue/status/suspend', { token: owner, body: {} })
  expect((await why('sue', 'permission=audit_log:read')).json).toMatchObject({
    allowed: false,
    because: 'No: sue is suspended, and no credential of theirs works.',
  })
})

test('one asks about oneself; about others needs to see them and their roles', async () => {
  expect((await why('me', 'permission=user:create', max)).json.allowed).toBe(false)
  expect((await why('dana', 'permission=user:create', max)).status).toBe(404)
  expect((await why('nobody', 'permission=user:create')).status).toBe(404)
  const templates = await world.person('tina', 'template-admin')
  expect((await why('max', 'permission=user:create', templates)).status).toBe(403)
  const admin = await world.person('olaf')
  const roles = { token: owner, body: { roles: ['organization-admin'] } }
  await world.call('PUT', '/api/v2/organizations/default/members/olaf/roles', roles)
  expect((await why('max', 'permission=group:read&organization=default', admin)).status).toBe(200)
  expect((await why('max', 'permission=group:read', admin)).status).toBe(404)
})

test('a question that means nothing is answered with the words that there are', async () => {
  expect((await why('max', 'permission=template:fly')).json.validations[0].detail).toContain('template:update')
  expect((await why('max', 'permission=everything')).status).toBe(400)
  expect((await why('max', '')).status).toBe(400)
  expect((await why('max', 'permission=group:read&organization=nowhere')).status).toBe(404)
})

test('many questions at once are answered for the credential that asks', async () => {
  const { json: key } = await world.call('POST', '/api/v2/users/me/keys/tokens', {
    token: owner,
    body: { scopes: ['user:read'] },
  })
  const checks = {
    people: { object: { resource_type: 'user' }, action: 'read' },
    audit: { object: { resource_type: 'audit_log' }, action: 'read' },
    mine: { object: { resource_type: 'workspace', owner_id: 'me', any_org: true }, action: 'create' },
  }
  const ask = async (token: string, body: unknown) => world.call('POST', '/api/v2/authcheck', { token, body })
  expect((await ask(owner, { checks })).json).toEqual({ people: true, audit: true, mine: true })
  expect((await ask(max, { checks })).json).toEqual({ people: false, audit: false, mine: true })
  expect((await ask(key.key, { checks })).json).toEqual({ people: true, audit: false, mine: false })
  expect((await ask(owner, { checks: { x: { object: { resource_type: 'user' }, action: 'fly' } } })).status).toBe(400)
  const many = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`c${i}`, checks.people]))
  expect((await ask(owner, { checks: many })).status).toBe(400)
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(answersNotSeen('explainAccess', 'checkAccess')).toEqual([])
})
