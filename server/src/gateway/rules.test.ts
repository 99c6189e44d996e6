import { type Uuid, uuidv7 } from '@reeve/base'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { answerTurn, messageEvents } from '../../../test/support/messages.ts'
import { eventStream } from '../../../test/support/replies.ts'
import { startUpstream, type Upstream } from '../../../test/support/upstream.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway-testing.ts'
import { bodyOf } from './testing.ts'

/** Two gateways on one database; the rules are changed by nobody who would tell them but the database. */
let db: TestDatabase
let upstream: Upstream
let dana: Person
let here: TestGateway
let there: TestGateway
beforeAll(async () => {
  db = await testDatabase()
  upstream = await startUpstream()
  upstream.answer((seen) =>
    answerTurn(seen, { blocks: [{ type: 'text', text: 'hello' }], usage: { input_tokens: 5, output_tokens: 3 } }),
  )
  dana = await person(db, 'dana')
  here = await testGateway(db, upstream.url)
  there = await testGateway(db, upstream.url)
})
afterAll(async () => {
  await here[Symbol.asyncDispose]()
  await there[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await db.sql.deleteFrom('ai_rules').execute()
  for (const gateway of [here, there]) await vi.waitFor(async () => expect(await statusAt(gateway)).toBe(200), 60_000)
})

const prompt = bodyOf([{ role: 'user', content: 'hello' }])
const statusAt = async (gateway: TestGateway) => {
  const response = await gateway.ask(dana.token, prompt)
  await response.arrayBuffer()
  return response.status
}
const organizationId = () => dana.actor.organizationIds[0]!
const times = () => ({ created_at: new Date(), updated_at: new Date() })
const bound = (models: string[] | null, more: { group_id?: Uuid; tools_denied?: string[] } = {}) => {
  const { group_id = null, tools_denied = [] } = more
  const row = { organization_id: organizationId(), group_id, models, tools_allowed: null, tools_denied, contact: '' }
  return db.sql
    .insertInto('ai_rules')
    .values({ ...row, version: 1, updated_at: new Date() })
    .execute()
}

/** Waits for the drain, which brings the record into the database. */
const recorded = (id: string, interception: object) =>
  vi.waitFor(
    async () =>
      expect(await here.call('getInterception', dana.actor, { params: { id } })).toMatchObject({ interception }),
    60_000,
  )

test('a model that the rules do not name is not asked: the client is told in words, and the record says which rule it was', async () => {
  await bound(['gpt-*'])
  await vi.waitFor(async () => expect(await statusAt(here)).toBe(403), 60_000)
  const before = upstream.seen.length
  const response = await here.ask(dana.token, prompt)
  // SAFETY: the test asserts on what it finds.
  const said = (await response.json()) as { error: { type: string; message: string } }
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([403, 'false'])
  expect(said.error.message).toContain(
    'is not allowed in the organization default; use gpt-*, or ask an administrator of default.',
  )
  expect(upstream.seen.length).toBe(before)
  const id = response.headers.get('x-reeve-interception-id') ?? ''
  await recorded(id, {
    outcome: 'denied',
    error_type: 'policy_denied',
    decisions: [{ subject: 'model', allowed: false, rule: 'models of organization default' }],
  })
})

test('what is taken from the rules is denied on another gateway within seconds', async () => {
  await bound(['m-*'])
  expect(await statusAt(there)).toBe(200)
  await db.sql.updateTable('ai_rules').set({ models: [] }).execute()
  await vi.waitFor(async () => expect(await statusAt(there)).toBe(403), 60_000)
})

test('of an answer that calls a denied tool the client has the text and the reason, and never the call', async () => {
  const group = await db.sql
    .insertInto('groups')
    .values({ id: uuidv7(new Date()), organization_id: organizationId(), name: 'interns', ...times() })
    .returning('id')
    .executeTakeFirstOrThrow()
  const member = { group_id: group.id, user_id: dana.actor.userId, created_at: new Date() }
  await db.sql.insertInto('group_members').values(member).execute()
  await bound(null, { group_id: group.id, tools_denied: ['Bash', 'mcp__*'] })
  const call = (name: string) => {
    const tool = { type: 'tool_use' as const, id: `toolu_${name}`, name, input: { command: 'date' } }
    const turn = {
      blocks: [{ type: 'text' as const, text: 'I look.' }, tool],
      usage: { input_tokens: 5, output_tokens: 3 },
    }
    const events = messageEvents(turn)
    upstream.answer(() => eventStream(events))
    return events.join('')
  }
  const asked = async () => {
    const response = await here.ask(dana.token, bodyOf([{ role: 'user', content: 'hello' }], { stream: true }))
    return { text: await response.text(), id: response.headers.get('x-reeve-interception-id') ?? '' }
  }
  call('Bash')
  await vi.waitFor(async () => expect((await asked()).text).not.toContain('tool_use'), 60_000)
  const denied = await asked()
  expect(denied.text).toContain('look')
  expect(denied.text).toContain('The tool Bash is not allowed to members of the group interns; ask an administrator')
  expect(denied.text).not.toMatch(/tool_use|date|message_stop/)
  const decision = { subject: 'tool_call', name: 'Bash', allowed: false, rule: 'tools of group interns' }
  await recorded(denied.id, { outcome: 'denied', decisions: [decision] })

  const whole = call('Read')
  const allowed = await asked()
  expect(allowed.text).toBe(whole)
  await recorded(allowed.id, { outcome: 'ok', decisions: [{ name: 'Read', allowed: true }] })
})

test('the list of a provider’s models stays as the provider tells it', async () => {
  await bound([])
  await vi.waitFor(async () => expect(await statusAt(here)).toBe(403), 60_000)
  upstream.answer(() => [
    { do: 'send', bytes: Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 29\r\n\r\n{"data": [{"id":"claude-5"}]}') },
  ])
  const listed = await fetch(`${here.url}/anthropic/v1/models`, { headers: { 'x-api-key': dana.token } })
  expect(await listed.text()).toBe('{"data": [{"id":"claude-5"}]}')
})
