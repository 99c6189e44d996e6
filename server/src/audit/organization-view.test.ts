import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyExport } from '@reeve/sdk'
import { type TestIdentity, testIdentity } from '../identity/testing.ts'
import { sha256, verifySignature } from './proof.ts'

/** Who is auditor of an organization sees what happened in it, in the list as in every kind of export, and no more. */

let world: TestIdentity
let owner: string
let auditor: string
let research: string

beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  research = (await call('POST', '/organizations', owner, { name: 'research' })).json.id
  await call('POST', '/organizations', owner, { name: 'sales' })
  for (const [username, organization] of [
    ['aud', 'research'],
    ['max', 'research'],
    ['sam', 'sales'],
  ] as const) {
    await world.person(username)
    await call('POST', `/organizations/${organization}/members/${username}`, owner)
  }
  await call('PUT', '/organizations/research/members/aud/roles', owner, { roles: ['organization-auditor'] })
  await call('POST', '/organizations/research/groups', owner, { name: 'lab' })
  await call('POST', '/organizations/sales/groups', owner, { name: 'field' })
  auditor = await world.signIn('aud')
})
afterAll(() => world[Symbol.asyncDispose]())

const call = (method: string, path: string, token: string, body?: unknown) =>
  world.call(method, `/api/v2${path}`, { token, ...(body === undefined ? {} : { body }) })

const list = async (q = '') => {
  const { status, json } = await call('GET', `/audit?q=${encodeURIComponent(q)}`, auditor)
  expect(status).toBe(200)
  return json
}

async function exported(format: string, q = ''): Promise<string> {
  const path = `/api/v2/audit/export?format=${format}&q=${encodeURIComponent(q)}`
  const answer = await fetch(`${world.url}${path}`, { headers: { 'Reeve-Session-Token': auditor } })
  expect(answer.status).toBe(200)
  return answer.text()
}

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** What the database holds of the organization, oldest first. */
const idsOfResearch = async (): Promise<string[]> => {
  const rows = await world.db.sql
    .selectFrom('audit_events')
    .select('id')
    .where('organization_id', '=', research)
    .orderBy('id')
    .execute()
  expect(rows.length).toBeGreaterThan(3)
  return rows.map(({ id }) => id)
}

test('the list has the events of the organization and no others, whatever is searched for', async () => {
  const { audit_logs, count } = await list()
  const seen = audit_logs.map(({ id }: { id: string }) => id).toReversed()
  expect(seen).toEqual(await idsOfResearch())
  expect(count).toBe(seen.length)
  expect((await list('organization:sales')).count).toBe(0)
  expect((await list('resource_target:field')).count).toBe(0)
  expect((await list('action:login')).count).toBe(0)
  expect((await list('resource_type:group')).audit_logs).toMatchObject([{ resource_target: 'lab' }])
  const [foreign] = (await call('GET', '/audit?q=resource_target:field', owner)).json.audit_logs
  const after = await call('GET', `/audit?after_id=${foreign.id}`, auditor)
  expect(
    after.json.audit_logs.every(({ organization_id }: Record<string, unknown>) => organization_id === research),
  ).toBe(true)
})

test('every kind of export has the same events and nothing of the rest of the log', async () => {
  const ids = await idsOfResearch()
  expect(linesOf(await exported('ocsf')).map(({ metadata }) => metadata)).toMatchObject(ids.map((uid) => ({ uid })))
  const csv = (await exported('csv')).trimEnd().split('\r\n').slice(1)
  expect(csv.map((line) => line.slice(-36))).toEqual(ids)
  const text = await exported('jsonl')
  expect(linesOf(text).filter(({ kind }) => kind === 'event')).toMatchObject(ids.map((id) => ({ id })))
  expect(text).not.toContain('sales')
  expect(text).not.toContain('"sam"')
})

test('the proof of such an export says that it is a part, holds for what is in it, and tells no checkpoints or journals', async () => {
  const lines = (await exported('jsonl')).trimEnd().split('\n')
  const kinds = new Set(lines.map((line) => JSON.parse(line).kind))
  expect([...kinds].filter((kind) => kind !== 'key')).toEqual(['header', 'event', 'manifest'])
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ complete: false })
  async function* each() {
    yield* lines
  }
  const result = await verifyExport({ lines: each(), witnessed: [], keys: [], sha256, verify: verifySignature })
  expect(result).toMatchObject({ events: (await idsOfResearch()).length })
  expect(result.findings.filter(({ kind }) => kind !== 'unknown_key')).toEqual([])
})

test('the export itself is on record, with the one who made it and what was asked', async () => {
  await exported('csv', 'resource_type:group')
  const events = (await call('GET', '/audit?q=action:export+username:aud', owner)).json.audit_logs
  expect(events[0]).toMatchObject({
    resource_type: 'audit_log',
    resource_id: 'csv',
    resource_target: 'resource_type:group',
  })
})

test('how the chain stands is told to who may read all of it', async () => {
  expect((await call('GET', '/audit/chain', auditor)).status).toBe(403)
  expect((await call('GET', '/audit/chain', owner)).status).toBe(200)
})
