import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog, type Uuid } from '@reeve/base'
import { formatKey, verifyReceipts } from '@reeve/sdk'
import { Registry } from 'prom-client'
import { sha256, verifySignature } from '../audit/proof.ts'
import { testSigner } from '../audit/testing.ts'
import { answersNotSeen, type TestIdentity, testIdentity } from '../identity/testing.ts'
import { dayMs } from './policies.ts'
import { startRetention } from './retention.ts'
import { retentionRoutes } from './routes.ts'
import { adoptSettings } from './set-policy.ts'
import { forEver, type TestRetention, testRetention } from './testing.ts'

const keepDays = { ...forEver, content: 190, metadata: 400 }
const bounds = { minimumDays: { content: 7 }, maximumDays: { content: 400 } }

let world: TestIdentity
let aged: TestRetention
let acme: Uuid
let stop: () => PromiseLike<void>
const signers: ReturnType<typeof testSigner>[] = []

beforeAll(async () => {
  world = await testIdentity({
    routes({ db, clock }) {
      const signer = testSigner(clock)
      signers.push(signer)
      const retention = startRetention({ db, clock, log: silentLog, signer, keepDays, bounds, metrics: new Registry() })
      stop = () => retention[Symbol.asyncDispose]()
      return retentionRoutes({ db, clock, bounds, retention })
    },
  })
  aged = await testRetention(world.db, world.clock)
  await adoptSettings({ db: world.db, clock: world.clock, bounds }, keepDays)
  const [organization] = (await world.call('GET', '/api/v2/organizations', { token: await world.owner() })).json
  acme = organization.id
})
afterAll(async () => {
  await stop()
  await aged[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

/** Days pass in these tests: who asked yesterday signs in again. */
const call = async (method: string, path: string, body?: object, token?: string) =>
  world.call(method, `/api/v2/retention${path}`, {
    token: token ?? (await world.owner()),
    ...(body === undefined ? {} : { body }),
  })
const ofContent = async () => {
  const { json } = await call('GET', '/policies')
  const [own] = json.organizations
  return own.policies.find((policy: { data_class: string }) => policy.data_class === 'content')
}

test('an organization follows the settings; longer counts at once, shorter after a day in which it can be taken back', async () => {
  expect(await ofContent()).toMatchObject({ keep_days: 190, inherited: true, set_by: null, next: null })
  const set = (keep_days: number | null, reason?: string) =>
    call('PUT', '/policies/content', { organization: acme, keep_days, ...(reason === undefined ? {} : { reason }) })
  expect((await set(365, 'a contract')).json).toMatchObject({ keep_days: 365, inherited: false, next: null })
  const shorter = (await set(30)).json
  const effective_at = new Date(world.clock.now().getTime() + dayMs).toISOString()
  expect(shorter).toMatchObject({ keep_days: 365, next: { keep_days: 30, effective_at, set_by: { username: 'dana' } } })
  world.clock.advance(dayMs - 1)
  expect(await ofContent()).toMatchObject({ keep_days: 365, next: { keep_days: 30 } })
  world.clock.advance(1)
  expect(await ofContent()).toMatchObject({ keep_days: 30, next: null })
  expect((await set(null)).json).toMatchObject({ keep_days: 190, inherited: true })

  const events = (await world.audit()).filter(
    ({ resource_type, actor_id }) => resource_type === 'retention_policy' && actor_id !== null,
  )
  expect(events.map(({ action, diff }) => [action, diff])).toMatchObject([
    ['write', { keep_days: { old: null, new: 365 } }],
    ['write', { keep_days: { old: 365, new: 30 }, effective_at: { new: effective_at } }],
    ['write', { keep_days: { old: 30, new: null } }],
  ])
})

test('out of bounds, longer than its request, of the deployment or of nobody is refused, and by whom may not', async () => {
  const set = (data_class: string, body: object, token?: string) => call('PUT', `/policies/${data_class}`, body, token)
  for (const keep_days of [6, 401, 0]) {
    expect((await set('content', { organization: acme, keep_days })).json.validations).toMatchObject([
      { field: 'keep_days', detail: expect.stringContaining('at least 7 days and at most 400 days') },
    ])
  }
  expect((await set('metadata', { organization: acme, keep_days: 100 })).status).toBe(400)
  expect((await set('audit', { organization: acme, keep_days: 100 })).status).toBe(400)
  expect((await set('content', { organization: 'nowhere', keep_days: 100 })).status).toBe(404)
  expect((await set('words', { organization: acme, keep_days: 100 })).status).toBe(400)
  const auditor = await world.person('ann', 'auditor')
  expect((await set('content', { organization: acme, keep_days: 100 }, auditor)).status).toBe(403)
  expect((await call('GET', '/policies', undefined, auditor)).status).toBe(200)
  expect((await call('POST', '/runs', undefined, auditor)).status).toBe(403)
})

test('a default that became shorter waits as a policy does, and a policy out of new bounds is brought into them', async () => {
  const desk = { db: world.db, clock: world.clock, bounds: { minimumDays: {}, maximumDays: { usage: 100 } } }
  await call('PUT', '/policies/usage', { organization: acme, keep_days: 700 })
  world.clock.advance(dayMs)
  await adoptSettings(desk, { ...keepDays, usage: 90 })
  const { json } = await call('GET', '/policies')
  const usage = (policies: { data_class: string }[]) => policies.find((policy) => policy.data_class === 'usage')
  expect(usage(json.deployment)).toMatchObject({ keep_days: 0, next: { keep_days: 90 } })
  expect(usage(json.organizations[0].policies)).toMatchObject({ keep_days: 700, next: { keep_days: 100 } })
  await adoptSettings(desk, { ...keepDays, usage: 90 })
  await adoptSettings({ ...desk, bounds }, keepDays)
})

test('a dry run counts what a run then removes, also for policies that are not set; the receipts prove it', async () => {
  const who = { userId: acme, organizationId: acme }
  await aged.request(250, 'old', who)
  await aged.request(250, 'held', {
    ...who,
    userId: (await world.call('GET', '/api/v2/users/me', { token: await world.owner() })).json.id,
  })
  await aged.request(100, 'younger', who)
  await call('POST', '/holds', { user: 'dana', reason: 'case 17' })
  const plan = async (changes?: object[]) =>
    (await call('POST', '/plan', changes === undefined ? {} : { changes })).json
  const day = (days: number) => new Date(world.clock.now().getTime() - days * dayMs).toISOString().slice(0, 10)
  const portion = { data_class: 'content', unit: 'requests', organization: { id: acme } }
  expect(await plan()).toMatchObject({
    portions: [{ ...portion, day: day(250), removed: 1, held: 1 }],
    holds: [{ reason: 'case 17', keeps: 1 }],
  })
  const wider = await plan([{ data_class: 'content', organization: acme, keep_days: 50 }])
  expect(wider.portions).toMatchObject([
    { day: day(250), removed: 1, held: 1 },
    { day: day(100), removed: 1, held: 0 },
  ])
  expect(
    (await call('POST', '/plan', { changes: [{ data_class: 'content', organization: acme, keep_days: 1 }] })).status,
  ).toBe(400)
  expect(
    (await call('POST', '/plan', { changes: [{ data_class: 'content', organization: 'x', keep_days: 9 }] })).status,
  ).toBe(404)
  expect(await plan()).toMatchObject({ portions: [{ removed: 1 }] })

  expect((await call('POST', '/runs')).json).toMatchObject({
    removed: [{ ...portion, day: day(250), removed: 1 }],
    postponed: [],
  })
  expect((await call('POST', '/runs')).json).toEqual({ removed: [], postponed: [] })
  expect(await plan()).toMatchObject({ portions: [{ removed: 0, held: 1 }] })

  const { receipts } = (await call('GET', '/receipts')).json
  expect(receipts).toMatchObject([
    { number: 1, data_class: 'content', unit: 'requests', organization: { id: acme }, removed: 1 },
  ])
  expect((await call('GET', '/receipts?after=1')).json).toEqual({ receipts: [] })
  expect((await call('GET', '/receipts?before=1')).json).toEqual({ receipts: [] })
  expect((await call('GET', '/receipts?before=1&after=1')).status).toBe(400)
  const lines = async function* () {
    for (const { note } of receipts) yield JSON.stringify({ kind: 'receipt', note })
  }
  const keys = signers.map(({ key }) => formatKey(key))
  const verified = await verifyReceipts({ lines: lines(), keys, audited: null, sha256, verify: verifySignature })
  expect(verified).toMatchObject({ receipts: 1, removed: 1, findings: [] })
})

test('every answer that these endpoints declare was seen', () => {
  expect(
    answersNotSeen(
      'listRetentionPolicies',
      'setRetentionPolicy',
      'planRetention',
      'runRetention',
      'listRetentionReceipts',
    ),
  ).toEqual([])
})
