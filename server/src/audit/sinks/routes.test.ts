import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersNotSeen, type TestIdentity, testIdentity } from '../../identity/testing.ts'
import { sinkRoutes } from './routes.ts'
import { noRecords, receiver } from './testing.ts'

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity({
    routes: ({ db, clock }, keyring) => sinkRoutes({ db, clock, keyring, outboundAllowed: [], records: noRecords }),
  })
  owner = await world.owner()
})
afterAll(() => world[Symbol.asyncDispose]())

const sinks = '/api/v2/audit/sinks'
const call = (method: string, path: string, body?: object, token = owner) =>
  world.call(method, `${sinks}${path}`, { token, ...(body === undefined ? {} : { body }) })

test('a sink is made, listed, changed under its name or id, switched off and on, and deleted', async () => {
  const made = await call('POST', '', { name: 'hook', kind: 'webhook', url: 'https://example.com/a' })
  expect(made).toMatchObject({ status: 201, json: { has_secret: true, has_ca: false, disabled_at: null, lag: 0 } })
  expect(made.json.secret).toMatch(/^whsec_/)
  const { id } = made.json

  expect(await call('PATCH', '/hook', { name: 'siem', format: 'ocsf' })).toMatchObject({
    status: 200,
    json: { id, name: 'siem', format: 'ocsf', url: 'https://example.com/a', secret: null },
  })
  const off = await call('PATCH', `/${id}`, { enabled: false })
  expect(off.json.disabled_at).toBe(world.clock.now().toISOString())
  expect((await call('PATCH', '/siem', { enabled: true })).json.disabled_at).toBeNull()
  expect((await call('PATCH', '/siem', { enabled: true, format: 'ocsf' })).status).toBe(200)
  const renewed = await call('PATCH', '/siem', { secret: null })
  expect(renewed.json.secret).toMatch(/^whsec_/)
  expect(renewed.json.secret).not.toBe(made.json.secret)
  const { json: listed } = await call('GET', '')
  expect(listed.sinks.map(({ name }: { name: string }) => name)).toEqual(['siem'])
  expect(JSON.stringify(listed)).not.toContain('whsec_')

  expect((await call('DELETE', '/siem')).status).toBe(204)
  const events = (await world.audit()).filter(({ resource_type }) => resource_type === 'audit_sink')
  expect(events.map(({ action, resource_target }) => [action, resource_target])).toEqual([
    ['create', 'hook'],
    ['write', 'siem'],
    ['write', 'siem'],
    ['write', 'siem'],
    ['write', 'siem'],
    ['delete', 'siem'],
  ])
  expect(events[1]?.diff).toEqual({
    name: { old: 'hook', new: 'siem', secret: false },
    format: { old: 'reeve', new: 'ocsf', secret: false },
  })
  expect(events[4]?.diff).toEqual({ secret: { old: '[secret]', new: '[secret]', secret: true } })
  expect(JSON.stringify(events)).not.toContain('whsec_')
})

test('a test says what the receiver made of it, and is on record either way', async () => {
  await using siem = await receiver((res, number) => void res.writeHead(number === 1 ? 204 : 500).end())
  await call('POST', '', { name: 'near', kind: 'webhook', url: siem.url, allow_private: true })
  expect((await call('POST', '/near/test')).json).toEqual({ delivered: true, error: null })
  expect((await call('POST', '/near/test')).json).toMatchObject({ delivered: false, error: expect.any(String) })
  await call('PATCH', '/near', { allow_private: false })
  expect((await call('POST', '/near/test')).json.error).toContain('private address')
  expect(siem.received).toHaveLength(2)
  const tests = (await world.audit()).filter(({ action }) => action === 'test')
  expect(tests.map(({ outcome }) => outcome)).toEqual(['ok', 'refused', 'refused'])
})

test('what cannot be is refused by name, and by whom it may not be done', async () => {
  await call('POST', '', { name: 'first', kind: 'syslog', url: 'tls://example.com' })
  await call('POST', '', { name: 'second', kind: 'syslog', url: 'tls://example.com' })
  expect((await call('POST', '', { name: 'FIRST', kind: 'syslog', url: 'tls://example.com' })).status).toBe(400)
  expect((await call('POST', '', { name: 'first', kind: 'syslog', url: 'tls://example.com' })).status).toBe(409)
  const taken = await call('PATCH', '/second', { name: 'first' })
  expect(taken).toMatchObject({ status: 409, json: { validations: [{ field: 'name', detail: 'is taken' }] } })
  for (const body of [
    { url: 'https://example.com' },
    { secret: 'of-no-use-for-syslog' },
    { ca: 'none' },
    { kind: 'otlp' },
  ])
    expect((await call('PATCH', '/second', body)).status).toBe(400)
  for (const [method, path, body] of [
    ['PATCH', '/gone', {}],
    ['POST', '/gone/test', undefined],
    ['DELETE', '/gone', undefined],
  ] as const)
    expect((await call(method, path, body)).status).toBe(404)
  const auditor = await world.person('ann', 'auditor')
  expect((await call('GET', '', undefined, auditor)).status).toBe(200)
  expect((await call('PATCH', '/second', { enabled: false }, auditor)).status).toBe(403)
  expect((await call('GET', '')).json.sinks.map(({ url }: { url: string }) => url)).toContain('tls://example.com')
})

test('words go only where somebody sends them who may read them; whoever may change sinks can end it', async () => {
  const records = { kind: 'webhook', url: 'https://example.com/a', sends: ['interceptions'] }
  expect(await call('POST', '', { ...records, name: 'facts' })).toMatchObject({
    status: 201,
    json: { sends: ['interceptions'], content: false, lag: 0, record_lag: 0 },
  })
  expect((await call('POST', '', { ...records, name: 'words', content: true })).status).toBe(403)
  expect((await call('PATCH', '/facts', { content: true })).status).toBe(403)
  const wrong = await call('POST', '', { ...records, name: 'words', sends: ['audit'], content: true })
  expect(wrong).toMatchObject({ status: 400, json: { validations: [{ field: 'content' }] } })

  const reviewer = await world.person('rita', 'owner', 'content-reviewer')
  const made = await call('POST', '', { ...records, name: 'words', content: true }, reviewer)
  expect(made).toMatchObject({ status: 201, json: { content: true } })
  expect((await call('PATCH', '/words', { url: 'https://elsewhere.example' })).status).toBe(403)
  expect((await call('PATCH', '/words', { enabled: true })).status).toBe(403)
  expect((await call('PATCH', '/words', { name: 'renamed' })).status).toBe(200)
  expect((await call('PATCH', '/renamed', { enabled: false })).status).toBe(200)
  expect((await call('PATCH', '/renamed', { sends: ['audit'] })).json).toMatchObject({
    sends: ['audit'],
    content: false,
  })
  const [event] = (await world.audit()).filter(({ resource_target }) => resource_target === 'words')
  expect(event?.diff).toMatchObject({ sends: { new: 'interceptions' }, content: { new: true } })
})

test('each stream has a place of its own, and nobody sends what boundaries decided who may not read it', async () => {
  const given = { kind: 'webhook', url: 'https://example.com/a', sends: ['boundaries', 'audit'] }
  const made = await call('POST', '', { ...given, name: 'decisions' })
  expect(made).toMatchObject({ status: 201, json: { sends: ['boundaries', 'audit'], boundary_lag: 0, record_lag: 0 } })
  expect((await call('PATCH', '/decisions', { sends: ['interceptions', 'boundaries'] })).json.sends).toEqual([
    'interceptions',
    'boundaries',
  ])
  expect((await call('PATCH', '/decisions', { sends: [] })).status).toBe(400)
  const site_permissions = ['audit_log:read', 'audit_log:update', 'interception:read'].map((permission) => {
    const [resource_type, action] = permission.split(':')
    return { resource_type, action }
  })
  const body = { name: 'clerk', site_permissions }
  const role = await world.call('POST', '/api/v2/users/roles', { token: owner, body })
  expect(role.status).toBe(201)
  const clerk = await world.person('cleo', 'clerk')
  expect((await call('POST', '', { ...given, name: 'mine' }, clerk)).status).toBe(403)
  expect((await call('PATCH', '/decisions', { url: 'https://elsewhere.example' }, clerk)).status).toBe(403)
  expect((await call('PATCH', '/decisions', { enabled: false }, clerk)).status).toBe(200)
  expect((await call('PATCH', '/decisions', { sends: ['audit'] }, clerk)).status).toBe(200)
})

test('every answer that these endpoints declare was seen', () => {
  expect(
    answersNotSeen('listAuditSinks', 'createAuditSink', 'updateAuditSink', 'testAuditSink', 'deleteAuditSink'),
  ).toEqual([])
})
