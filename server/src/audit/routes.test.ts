import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuditEvent, contentHash, genesis, linkHash, toBase64 } from '@reeve/sdk'
import { appendAudit } from './journal.ts'
import { sha256 } from './proof.ts'
import { answersNotSeen, type TestIdentity, testIdentity, testPassword } from '../identity/testing.ts'

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  await world.person('max')
  await world.call('POST', '/api/v2/users/login', { body: { email: 'max@example.com', password: 'wrong password' } })
})
afterAll(() => world[Symbol.asyncDispose]())

const list = async (query: string, token = owner) => {
  const { status, json } = await world.call('GET', `/api/v2/audit${query}`, { token })
  expect(status).toBe(200)
  return json
}

test('every change and every sign-in is there, newest first, with who, what and from where', async () => {
  const { audit_logs, count } = await list('')
  expect(
    audit_logs.map(({ action, resource_target, outcome }: Record<string, string>) => [
      action,
      resource_target,
      outcome,
    ]),
  ).toEqual([
    ['login', 'max', 'refused'],
    ['login', 'max', 'ok'],
    ['create', 'max', 'ok'],
    ['login', 'dana', 'ok'],
    ['create', 'dana', 'ok'],
  ])
  expect(count).toBe(5)
  expect(audit_logs[0]).toMatchObject({ actor: null, ip: '127.0.0.1', diff: { reason: { new: 'wrong password' } } })
  expect(audit_logs[2]).toMatchObject({
    actor: { username: 'dana' },
    diff: { password: { old: null, new: '[secret]', secret: true } },
  })
  expect(JSON.stringify(audit_logs)).not.toContain(testPassword)
})

test('it pages and searches, and refuses a search that it does not understand', async () => {
  const first = await list('?limit=2')
  expect(first.audit_logs).toHaveLength(2)
  const next = await list(`?limit=2&after_id=${first.audit_logs[1].id}`)
  expect(next.audit_logs.map(({ action }: { action: string }) => action)).toEqual(['create', 'login'])
  const today = world.clock.now().toISOString().slice(0, 10)
  expect((await list(`?q=action:login+outcome:refused+date_from:${today}+date_to:${today}`)).count).toBe(1)
  expect((await list('?q=username:DANA')).count).toBe(2)
  expect((await list('?q=date_to:2020-01-01')).count).toBe(0)
  expect((await list(`?q=resource_type:"user'+or+1=1"`)).count).toBe(0)
  for (const q of ['color:red', 'outcome:maybe', 'ip:home', 'date_from:yesterday', 'date_from:2026-02-31x']) {
    expect((await world.call('GET', `/api/v2/audit?q=${q}`, { token: owner })).status).toBe(400)
  }
})

test('one event is found by its id', async () => {
  const [, second] = (await list('')).audit_logs
  expect((await list(`?q=id:${second.id.toUpperCase()}`)).audit_logs).toEqual([second])
  expect((await list('?q=id:nothing')).count).toBe(0)
})

test('what the list says of an event is what its hash covers: a reader can follow the chain', async () => {
  const events: AuditEvent[] = (await list('')).audit_logs.toReversed()
  let before: Uint8Array = genesis
  for (const event of events) {
    const content = contentHash({ ...event, actor_id: event.actor?.id ?? null }, sha256)
    before = linkHash(before, event.seq ?? 0, content, sha256)
    expect(event.hash).toBe(toBase64(before))
  }
  const { json } = await world.call('GET', '/api/v2/audit/chain', { token: owner })
  expect(json.hash).toBe(events.at(-1)?.hash)
})

test('an auditor reads it and a member does not', async () => {
  expect((await list('', await world.person('aud', 'auditor'))).count).toBeGreaterThan(0)
  expect((await world.call('GET', '/api/v2/audit', { token: await world.signIn('max') })).status).toBe(403)
})

test('an entry goes with its change, and what is written stays', async () => {
  const before = (await world.audit()).length
  const entry = {
    scope: { actor: null, requestId: 'r', sourceIp: null, userAgent: 'odd \0 \ud800 agent' },
    at: new Date(),
    action: 'write',
    resourceType: 'test',
    resourceId: '1',
    resourceTarget: 'x',
  }
  const undone = world.db.transaction(async (tx) => {
    await appendAudit(tx, entry)
    throw new Error('the change failed')
  })
  await expect(undone).rejects.toThrow('the change failed')
  await world.db.transaction((tx) => appendAudit(tx, entry))
  expect(await world.audit()).toHaveLength(before + 1)
  await expect(world.db.sql.deleteFrom('audit_events').execute()).rejects.toThrow('only grows')
  await expect(world.db.sql.updateTable('audit_events').set({ action: 'x' }).execute()).rejects.toThrow('only grows')
})

test('the endpoint gave every answer that it declares', () => {
  expect(answersNotSeen('listAuditEvents')).toEqual([])
})
