import type { Uuid } from '@reeve/base'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '@reeve/base'
import { answersNotSeen, type TestIdentity, testIdentity } from '../identity/testing.ts'
import type { FinishedBuild } from './counts.ts'
import { tendLicenses } from './jobs.ts'
import { countBuild } from './ledger.ts'
import { registerLicenseMetrics } from './metrics.ts'
import { licensingRoutes } from './routes.ts'
import type { Licensing } from './standing.ts'
import { testBuild, testClaims, testIssuer } from './testing.ts'

const dayMs = 86_400_000
const issuer = testIssuer()
const registry = new Registry()
let world: TestIdentity
let room: Licensing
let deploymentId: Uuid

beforeAll(async () => {
  world = await testIdentity({
    routes(identity) {
      room = { db: identity.db, clock: identity.clock, keys: issuer.keys, bridgeEnabled: true }
      registerLicenseMetrics(registry, room, silentLog)
      return licensingRoutes(room)
    },
  })
  deploymentId = (await world.db.sql.selectFrom('deployment').select('id').executeTakeFirstOrThrow()).id
})
afterAll(() => world[Symbol.asyncDispose]())

const call = async (method: string, path: string, body?: object, token?: string) =>
  world.call(method, `/api/v2${path}`, {
    token: token ?? (await world.owner()),
    ...(body === undefined ? {} : { body }),
  })
const now = () => world.clock.now()
const later = (days: number) => new Date(now().getTime() + days * dayMs)
const add = async (claims: Parameters<typeof testClaims>[1] = {}, from = now()) =>
  call('POST', '/licenses', {
    license: await issuer.sign(testClaims(from, { deployment_ids: [deploymentId], ...claims })),
  })
const count = (build: FinishedBuild) => world.db.transaction((tx) => countBuild(tx, build, now()))
const entitlements = async () => (await call('GET', '/entitlements')).json
const inbox = async () => {
  const rows = await world.db.sql
    .selectFrom('outbox_messages')
    .select(['audience', 'facts'])
    .where('event', '=', 'agent-workspace-builds-used')
    .orderBy('id')
    .execute()
  return rows
}

test('without a licence there are 1,000 builds and everything else is there', async () => {
  const { json } = await call('GET', '/entitlements')
  expect(json).toMatchObject({ has_license: false, trial: false, warnings: [], errors: [], require_telemetry: false })
  expect(json.features.managed_agent_limit).toMatchObject({
    entitlement: 'entitled',
    enabled: true,
    limit: 1_000,
    actual: 0,
  })
  expect(json.features.aibridge).toEqual({ entitlement: 'entitled', enabled: true })
  expect(json.features.user_limit).toMatchObject({ entitlement: 'not_entitled', enabled: false })
})

test('a member is told what there is, and neither numbers nor worries', async () => {
  const { json } = await call('GET', '/entitlements', undefined, await world.person('erin'))
  expect(json.features.managed_agent_limit).toEqual({ entitlement: 'entitled', enabled: true, limit: 1_000 })
  expect(json).toMatchObject({ warnings: [], errors: [] })
  expect(JSON.stringify(json)).not.toContain('actual')
})

test('what is forged, for elsewhere, over or from the future is refused, and that is on record', async () => {
  const refused = async (license: string) => {
    const { status, json } = await call('POST', '/licenses', { license })
    expect(status).toBe(400)
    return json.validations?.[0]?.detail ?? JSON.stringify(json)
  }
  expect(await refused(await testIssuer().sign(testClaims(now())))).toContain('not signed by whom it says')
  expect(await refused(await issuer.sign(testClaims(now(), { deployment_ids: [testBuild().id] })))).toContain(
    deploymentId,
  )
  expect(await refused(await issuer.sign(testClaims(later(-400))))).toContain('ended on')
  expect(await refused(await issuer.sign(testClaims(later(2))))).toContain('check its clock')
  expect((await call('GET', '/licenses')).json).toEqual([])
  const events = (await world.audit()).filter(({ resource_type }) => resource_type === 'license')
  expect(events.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(Array(4).fill('create refused'))
})

test('a licence is added once, listed without its text, and taken away, all on record', async () => {
  const { status, json } = await add({ trial: true })
  expect(status).toBe(201)
  expect(json).toMatchObject({ state: 'active', problem: '', claims: { deployment_ids: [deploymentId] } })
  const [listed] = (await call('GET', '/licenses')).json
  expect(listed).toEqual(json)
  expect(JSON.stringify(listed)).not.toContain('eyJ')
  expect(await entitlements()).toMatchObject({
    has_license: true,
    trial: true,
    features: { managed_agent_limit: { limit: 5_000, usage_period: { start: json.claims ? listedStart(json) : '' } } },
  })
  const again = { license: await issuer.sign(json.claims) }
  expect((await call('POST', '/licenses', again)).status).toBe(409)
  const both = await Promise.all([call('DELETE', `/licenses/${json.id}`), call('DELETE', `/licenses/${json.id}`)])
  expect(both.map((answer) => answer.status).toSorted()).toEqual([204, 404])
  expect((await entitlements()).features.managed_agent_limit.limit).toBe(1_000)
  const [added, deleted] = (await world.audit()).filter(
    ({ resource_type, outcome }) => resource_type === 'license' && outcome === 'ok',
  )
  expect(added).toMatchObject({ action: 'create', resource_target: json.uuid, diff: { exp: { old: null } } })
  expect(deleted).toMatchObject({ action: 'delete', resource_target: json.uuid, diff: { exp: { new: null } } })
})

const listedStart = (json: { claims: { nbf: number } }) => new Date(json.claims.nbf * 1_000).toISOString()

test('a licence that begins later lies dormant until then', async () => {
  const start = Math.floor(later(3).getTime() / 1_000)
  const { json } = await add({ nbf: start, license_expires: start + 86_400, exp: start + 2 * 86_400 })
  expect(json.state).toBe('dormant')
  expect(await entitlements()).toMatchObject({
    has_license: false,
    features: { managed_agent_limit: { limit: 1_000 } },
  })
  await call('DELETE', `/licenses/${json.id}`)
})

test('what was put into the table past the signature does not count, and administrators see that', async () => {
  const claims = testClaims(now())
  await world.db.sql
    .insertInto('licenses')
    .values({
      uuid: claims.jti,
      jwt: await testIssuer().sign(claims),
      exp: later(1),
      uploaded_at: now(),
      uploaded_by: null,
    })
    .execute()
  const [row] = (await call('GET', '/licenses')).json
  expect(row).toMatchObject({ state: 'invalid', claims: {}, problem: expect.stringContaining('not signed by whom') })
  expect(await entitlements()).toMatchObject({
    has_license: false,
    errors: [expect.stringContaining(`Licence ${row.id} does not count`)],
  })
  await call('DELETE', `/licenses/${row.id}`)
})

test('at the limit administrators are told once for the period, and builds go on being counted', async () => {
  const { json: license } = await add({ features: { managed_agent_limit: 3 } })
  await tendLicenses(room)
  for (let index = 0; index < 3; index++) expect(await count(testBuild())).toBe(true)
  await Promise.all([tendLicenses(room), tendLicenses(room)])
  await tendLicenses(room)
  const facts = { used: '3', limit: '3', source: 'license' }
  expect(await inbox()).toEqual([{ audience: 'owners', facts }])
  expect((await entitlements()).warnings).toEqual([
    expect.stringContaining('3 Agent Workspace Builds are used of the 3'),
  ])
  expect(await count(testBuild())).toBe(true)
  const { json: meter } = await call('GET', '/agent-workspace-builds/meter')
  expect(meter).toMatchObject({ used: 4, limit: 3, source: 'license', pace_per_day: 4, projected_at: null })

  // The outbox forgets what it told; the next period is told of all the same, and this one not again.
  await world.db.sql.deleteFrom('outbox_messages').execute()
  await tendLicenses(room)
  expect(await inbox()).toEqual([])
  const { json: next } = await add({ features: { managed_agent_limit: 2 }, iat: license.claims.iat + 1 })
  await tendLicenses(room)
  expect(await inbox()).toEqual([{ audience: 'owners', facts: { used: '4', limit: '2', source: 'license' } }])
  for (const { id } of [license, next]) await call('DELETE', `/licenses/${id}`)
})

test('a clock that is set back brings no licence back, and is seen', async () => {
  const { json } = await add({
    license_expires: Math.floor(later(1).getTime() / 1_000),
    exp: Math.floor(later(1).getTime() / 1_000),
  })
  await call('POST', '/licenses/refresh-entitlements')
  // Both clocks said so: that of the database is real and cannot be moved here.
  await world.db.sql
    .updateTable('license_clock')
    .set({ seen_at: later(2) })
    .execute()
  expect(await entitlements()).toMatchObject({
    has_license: false,
    errors: [expect.stringContaining('is 2880 minutes behind')],
    warnings: [expect.stringContaining('The licence ended')],
  })
  expect((await call('GET', '/licenses')).json).toMatchObject([{ state: 'ended' }])
  await world.db.sql.deleteFrom('license_clock').execute()
  await call('DELETE', `/licenses/${json.id}`)
})

test('more people than the licence is for are told of and not stopped', async () => {
  const { json } = await add({ features: { user_limit: 1 } })
  const { features, warnings } = await entitlements()
  expect(features.user_limit).toEqual({ entitlement: 'entitled', enabled: true, limit: 1, actual: 2 })
  expect(warnings).toEqual(['2 users are active, and the licence is for 1.'])
  const { coderd_license_active_users: _, ...rest } = Object.fromEntries(
    (await registry.getMetricsAsJSON()).map(({ name, values }) => [name, values[0]?.value]),
  )
  expect(rest).toMatchObject({ coderd_license_limit_users: 1, reeve_license_limit_users: 1, reeve_license_warnings: 1 })
  expect(rest).toMatchObject({ reeve_agent_workspace_builds_used: 4, reeve_agent_workspace_builds_limit: 1_000 })
  await call('DELETE', `/licenses/${json.id}`)
})

test('builds are listed newest first with the reason, page by page, and narrowed by what one asks for', async () => {
  const erin = (await world.call('GET', '/api/v2/users/erin', { token: await world.owner() })).json
  const template = { id: testBuild().id, name: 'codex' }
  const owner = { id: erin.id, name: 'erin' }
  const mine = [
    testBuild({ template, owner }),
    testBuild({ template, owner, number: 2, reason: 'task_resume' }),
    testBuild({ template, owner, job: 'failed' }),
    testBuild({ template, owner, task: null }),
  ]
  for (const build of mine) {
    world.clock.advance(1_000)
    await count(build)
  }
  const list = async (query: string, token?: string) => {
    const { json } = await call('GET', `/agent-workspace-builds?${query}`, undefined, token)
    return {
      reasons: json.builds.map((build: { reason: string }) => build.reason),
      count: json.count,
      builds: json.builds,
    }
  }
  expect(await list('template=codex')).toMatchObject({ reasons: ['task_resumed', 'task_created'], count: 2 })
  expect(await list(`template=${template.id}&counted=no`)).toMatchObject({ reasons: ['no_task', 'start_failed'] })
  expect(await list('owner=ERIN&trigger=resume')).toMatchObject({ reasons: ['task_resumed'] })
  expect(await list(`template=codex&counted=all&from=${now().toISOString()}`)).toMatchObject({ reasons: ['no_task'] })
  expect(await list(`template=codex&counted=all&to=${now().toISOString()}`)).toMatchObject({ count: 3 })
  expect((await list('organization=nowhere')).count).toBe(0)
  for (const path of ['?trigger=none', '?limit=0', '/csv?counted=maybe']) {
    expect((await call('GET', `/agent-workspace-builds${path}`)).status, path).toBe(400)
  }

  const member = await world.signIn('erin')
  expect((await list('counted=all', member)).count).toBe(4)
  expect((await list('owner=me', member)).count).toBe(2)

  const pages: string[] = []
  for (let after = ''; ;) {
    const { builds } = await list(`counted=all&limit=3${after}`)
    pages.push(...builds.map(({ id }: { id: string }) => id))
    if (builds.length < 3) break
    after = `&after_id=${pages.at(-1)}`
  }
  expect(pages).toHaveLength(8)
  expect(new Set(pages).size).toBe(8)
  expect(pages.slice(0, 4)).toEqual(mine.map(({ id }) => id).toReversed())
})

test('the days have as many as the list, and the file as many lines', async () => {
  const { json } = await call('GET', '/agent-workspace-builds/daily?template=codex')
  expect(json.days).toHaveLength(30)
  expect(json.days.at(-1).day).toBe(now().toISOString().slice(0, 10))
  expect(json.days.reduce((sum: number, { builds }: { builds: number }) => sum + builds, 0)).toBe(2)
  expect(json.total).toBe(2)
  expect((await call('GET', '/agent-workspace-builds/daily?from=2026-03-02&to=2026-03-01')).status).toBe(400)
  expect((await call('GET', '/agent-workspace-builds/daily?from=2000-03-02')).status).toBe(400)

  const evil = testBuild({
    template: { id: testBuild().id, name: '=HYPERLINK("x")' },
    task: { id: testBuild().id, name: 'a,b', isDeleted: false },
  })
  await count(evil)
  const answer = await fetch(`${world.url}/api/v2/agent-workspace-builds/csv?counted=all`, {
    headers: { authorization: `Bearer ${await world.owner()}` },
  })
  const text = await answer.text()
  const lines = text.trimEnd().split('\r\n')
  expect(lines).toHaveLength(1 + 9)
  expect(lines[0]).toMatch(/^build_id,time,counted,trigger,reason,organization_id,organization,/)
  expect(lines[1]).toContain(`"'=HYPERLINK(""x"")"`)
  expect(lines[1]).toMatch(/,"a,b"$/)
  expect(text).toContain('Not counted: the start failed')
})

test('the meter projects when it will be all', async () => {
  const { json } = await call('GET', '/agent-workspace-builds/meter')
  expect(json).toMatchObject({ used: 7, limit: 1_000, source: 'included', entitlement: 'entitled', pace_per_day: 7 })
  const days = (Date.parse(json.projected_at) - now().getTime()) / dayMs
  expect(days).toBeCloseTo(993 / 7, 1)
})

test('every answer that these endpoints declare was seen', () => {
  expect(
    answersNotSeen(
      'listLicenses',
      'addLicense',
      'deleteLicense',
      'getEntitlements',
      'refreshEntitlements',
      'listAgentWorkspaceBuilds',
      'exportAgentWorkspaceBuilds',
      'getDailyAgentWorkspaceBuilds',
      'getBuildMeter',
    ),
  ).toEqual([])
})
