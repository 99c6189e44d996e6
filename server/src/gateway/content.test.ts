import { endpoints, type Interception, type Session, type TimelineEvent } from '@reeve/sdk'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builtInRoles, heldRoles } from '../access/built-in-roles.ts'
import { allows } from '../access/policy.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway-testing.ts'
import { bodyOf, record, startFacts, streamOf, testRecord, type TestRecord } from './testing.ts'

let db: TestDatabase
let gateway: TestGateway
let strict: TestGateway
let kept: TestRecord
let dana: Person
let erin: Person
let owner: Person
let auditor: Person
let reviewer: Person
const canary = 'zebrafish'
const ids: Record<string, string> = {}

beforeAll(async () => {
  db = await testDatabase()
  gateway = await testGateway(db, 'http://127.0.0.1:9')
  strict = await testGateway(db, 'http://127.0.0.1:9', { contentReasonRequired: true })
  kept = await testRecord({ db })
  dana = await person(db, 'dana')
  erin = await person(db, 'erin')
  owner = await person(db, 'olga', { roles: ['owner'] })
  auditor = await person(db, 'audrey', { roles: ['auditor'] })
  reviewer = await person(db, 'rita', { roles: ['content-reviewer'] })
  await say(dana, 'dana-1')
  await say(dana, 'dana-2')
  await say(erin, 'erin-1', { outcome: 'upstream_error', errorMessage: `the provider quotes ${canary}` })
  await kept.drain()
})
afterAll(async () => {
  await kept[Symbol.asyncDispose]()
  await strict[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

async function say(who: Person, session: string, end: Parameters<typeof record>[3] = {}): Promise<void> {
  const of = { userId: who.actor.userId, organizationId: who.actor.organizationIds[0]! }
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't0', name: 'Read', input: {} }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 't0', content: `result ${canary}` },
        { type: 'text', text: `words of ${session} ${canary}` },
      ],
    },
  ]
  const start = startFacts(of, bodyOf(messages), { clientSessionId: session })
  const call = { id: `c-${session}`, name: 'Bash', input: { command: canary } }
  ids[session] = await record(
    kept.recorder,
    start,
    streamOf({ thinking: `hm ${canary}`, text: `answer ${canary}`, call }),
    end,
  )
}

// SAFETY of the casts below: the contract's own schema reads each answer before a test looks at it.
const sessions = async (who: Person, query: object = {}, from = gateway) =>
  endpoints.listSessions.result.parse(await from.call('listSessions', who.actor, { query })) as {
    sessions: Session[]
    count: number
  }
const requests = async (who: Person, query: object = {}) =>
  endpoints.listInterceptions.result.parse(await gateway.call('listInterceptions', who.actor, { query })) as {
    count: number
    results: Interception[]
  }
const sessionOf = async (clientId: string): Promise<string> =>
  (await sessions(auditor, { q: `session_id:${clientId}` })).sessions[0]!.id
const timeline = async (who: Person, id: string, query: object = {}, from = gateway) =>
  endpoints.getSessionTimeline.result.parse(
    await from.call('getSessionTimeline', who.actor, { params: { id }, query }),
  ) as { events: TimelineEvent[] }
const readsOf = async (who: Person, as = who) =>
  endpoints.listContentReads.result.parse(
    await gateway.call('listContentReads', as.actor, { params: { user: as === who ? 'me' : who.actor.username } }),
  ).content_reads
const audited = () =>
  db.sql.selectFrom('audit_events').selectAll().where('action', '=', 'read_content').orderBy('id').execute()
const forget = () => sql`truncate content_reads`.execute(db.sql)

test('who may see a request and not its words gets the same rows with the words withheld, and no bytes', async () => {
  const id = await sessionOf('erin-1')
  for (const who of [owner, auditor]) {
    const answers = [
      await sessions(who),
      await requests(who),
      await gateway.call('getSession', who.actor, { params: { id } }),
      await timeline(who, id),
      await gateway.call('getInterception', who.actor, { params: { id: ids['erin-1'] } }),
    ]
    for (const answer of answers) {
      expect(JSON.stringify(answer)).not.toContain(canary)
      expect(JSON.stringify(answer)).toContain('"content_withheld":true')
    }
    const body = { params: { id: ids['erin-1'], side: 'request' } }
    await expect(gateway.call('getInterceptionBody', who.actor, body)).rejects.toMatchObject({ code: 'not_found' })
  }
  const [mine, theirs] = [await timeline(erin, id), await timeline(auditor, id)]
  expect(
    theirs.events.map(({ kind, tool_name, text_bytes, is_error }) => [kind, tool_name, text_bytes, is_error]),
  ).toEqual(mine.events.map(({ kind, tool_name, text_bytes, is_error }) => [kind, tool_name, text_bytes, is_error]))
  expect(JSON.stringify(mine)).toContain(canary)
  expect(await audited()).toEqual([])
  expect(await readsOf(erin)).toEqual([])
})

test('a reviewer reads, and its owner sees who did, when, in which role, what, why and how often', async () => {
  const id = await sessionOf('dana-1')
  for (let i = 0; i < 3; i++) await timeline(reviewer, id, { reason: 'incident 7' })
  const body = { params: { id: ids['dana-1'], side: 'response' } }
  await gateway.call('getInterceptionBody', reviewer.actor, body)
  const reads = await readsOf(dana)
  expect(reads).toMatchObject([
    { how: 'body', session_id: id, interception_id: ids['dana-1'], reason: null, times: 1 },
    {
      reader: { username: 'rita' },
      reader_roles: ['content-reviewer'],
      owner: { username: 'dana' },
      how: 'view',
      session_id: id,
      reason: 'incident 7',
      times: 3,
      request_id: 'request',
    },
  ])
  expect(await audited()).toMatchObject([
    { actor_id: reviewer.actor.userId, resource_id: id, resource_target: 'dana', reason: 'incident 7' },
    { actor_id: reviewer.actor.userId, resource_id: id, resource_target: 'dana' },
  ])
  expect(await readsOf(erin)).toEqual([])
})

test('reading that begins several times at once is one record', async () => {
  await forget()
  const id = await sessionOf('dana-2')
  const before = (await audited()).length
  await Promise.all(Array.from({ length: 8 }, () => timeline(reviewer, id)))
  expect(await readsOf(dana)).toMatchObject([{ session_id: id, times: 8 }])
  expect((await audited()).length).toBe(before + 1)
})

test('a list that shows prompts, and a search for words, is on record for each person whose words it looked into', async () => {
  await forget()
  const quiet = await sessions(reviewer, { content: 'false' })
  expect(quiet.sessions.map((row) => [row.content_withheld, row.first_prompt])).toEqual(
    Array.from({ length: 3 }, () => [true, null]),
  )
  expect(await readsOf(dana)).toEqual([])
  const found = await sessions(reviewer, { q: canary, limit: 1, offset: 50 })
  expect(found).toMatchObject({ count: 3, sessions: [] })
  for (const who of [dana, erin]) expect(await readsOf(who)).toMatchObject([{ how: 'search', session_id: null }])
  expect((await audited()).at(-1)).toMatchObject({ resource_type: 'search', diff: { q: { new: canary } } })
  await sessions(auditor, { q: canary })
  expect(await readsOf(dana)).toHaveLength(1)
})

test('who watches a session of somebody else whose words he may read leaves a record', async () => {
  await forget()
  const id = await sessionOf('dana-1')
  await gateway.call('watchSession', auditor.actor, { params: { id } })
  expect(await readsOf(dana)).toEqual([])
  await gateway.call('watchSession', reviewer.actor, { params: { id } })
  expect(await readsOf(dana)).toMatchObject([{ how: 'watch', session_id: id }])
})

test('when the record cannot be written, nothing is shown', async () => {
  await forget()
  const id = await sessionOf('dana-1')
  await sql`alter table content_reads add constraint broken check (false)`.execute(db.sql)
  try {
    await expect(timeline(reviewer, id)).rejects.toThrow()
    await expect(sessions(reviewer)).rejects.toThrow()
    const body = { params: { id: ids['dana-1'], side: 'request' } }
    await expect(gateway.call('getInterceptionBody', reviewer.actor, body)).rejects.toThrow()
    expect((await timeline(dana, id)).events.length).toBeGreaterThan(0)
  } finally {
    await sql`alter table content_reads drop constraint broken`.execute(db.sql)
  }
})

test('where a reason is needed, words are shown only with one, and one’s own need none', async () => {
  await forget()
  const id = await sessionOf('dana-1')
  const wants = { code: 'invalid', problems: [{ field: 'reason' }] }
  await expect(timeline(reviewer, id, {}, strict)).rejects.toMatchObject(wants)
  await expect(sessions(reviewer, { q: canary }, strict)).rejects.toMatchObject(wants)
  expect((await sessions(reviewer, {}, strict)).sessions.every((row) => row.content_withheld)).toBe(true)
  expect((await timeline(auditor, id, {}, strict)).events.length).toBeGreaterThan(0)
  expect(await readsOf(dana)).toEqual([])
  expect(JSON.stringify(await timeline(dana, id, {}, strict))).toContain(canary)
  expect((await sessions(dana, { q: canary }, strict)).count).toBe(2)
  expect(JSON.stringify(await timeline(reviewer, id, { reason: 'ticket 12' }, strict))).toContain(canary)
  expect(await readsOf(dana)).toMatchObject([{ reason: 'ticket 12' }])
})

test('who read the words of others is for whoever reads the audit log; for anybody else they do not exist', async () => {
  await timeline(reviewer, await sessionOf('dana-1'))
  expect((await readsOf(dana, auditor)).length).toBeGreaterThan(0)
  await expect(readsOf(dana, erin)).rejects.toMatchObject({ code: 'not_found' })
  await expect(readsOf(dana, reviewer)).rejects.toMatchObject({ code: 'not_found' })
  const params = { user: 'nobody-at-all' }
  await expect(gateway.call('listContentReads', auditor.actor, { params })).rejects.toMatchObject({ code: 'not_found' })
})

test('whatever the roles, a search for words tells of exactly what single reads would show: rows, counts and pages', async () => {
  const all = await db.sql.selectFrom('sessions').select(['id', 'user_id', 'organization_id']).execute()
  const names = builtInRoles.map(({ name }) => name)
  const drawn = fc.record({
    site: fc.subarray(names),
    within: fc.subarray(names),
    who: fc.constantFrom('dana', 'erin', 'rita'),
  })
  await fc.assert(
    fc.asyncProperty(drawn, async ({ site, within, who }) => {
      const base = { dana, erin, rita: reviewer }[who] ?? dana
      const organizationId = base.actor.organizationIds[0]!
      const actor = { ...base.actor, roles: heldRoles(site, [{ organizationId, roles: within }]) }
      const readable = all.filter((row) => {
        const object = { id: row.id, ownerId: row.user_id, organizationId: row.organization_id }
        return allows(actor, 'interception:read', object) && allows(actor, 'interception_content:read', object)
      })
      const as = { ...base, actor }
      for (const q of [canary, `"words of" client:"claude code"`]) {
        const found = await sessions(as, { q })
        expect(found.sessions.map((row) => row.id).sort()).toEqual(readable.map((row) => row.id).sort())
        expect(found.count).toBe(readable.length)
        expect((await requests(as, { q })).count).toBe(readable.length)
      }
      const shown = (await sessions(as)).sessions.filter((row) => row.first_prompt !== null)
      expect(shown.map((row) => row.id).sort()).toEqual(readable.map((row) => row.id).sort())
    }),
    { numRuns: 60 },
  )
})
