import { setImmediate } from 'node:timers/promises'
import { manualClock } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { person, type Person, testGateway, type TestGateway } from '../gateway/gateway-testing.ts'
import { runRetention } from './run.ts'
import { type TestRetention, testRetention } from './testing.ts'

/** What is shown of requests whose words were removed: that they were, when, and everything else as before. */

const clock = manualClock('2026-06-30T12:00:00Z')
const removedAt = '2026-06-30T12:00:00.000Z'
let db: TestDatabase
let gateway: TestGateway
let world: TestRetention
let dana: Person
let id: string
let sessionId: string

beforeAll(async () => {
  db = await testDatabase()
  gateway = await testGateway(db, 'http://127.0.0.1:9')
  world = await testRetention(db, clock)
  dana = await person(db, 'dana')
  await world.decide('content', 10)
  const who = { userId: dana.actor.userId, organizationId: dana.actor.organizationIds[0] ?? '' }
  id = await world.request(12, 'zebrafish', who, { call: 'Bash' })
  // The gateway's own drain makes days as it starts, and meanwhile none is removed.
  while ((await runRetention(world)).postponed.length > 0) await setImmediate()
  const row = await db.sql
    .selectFrom('interceptions')
    .select('session_id')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  sessionId = row.session_id
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

test('the request says when its words were removed, and which tools it called', async () => {
  const shown = await gateway.call('getInterception', dana.actor, { params: { id } })
  expect(shown).toMatchObject({
    interception: { content_removed_at: removedAt, tool_names: ['Bash'], prompt: null, model: 'm-1', tool_calls: 1 },
    events: [
      { kind: 'request', content_removed_at: removedAt },
      { kind: 'end', outcome: 'ok' },
    ],
  })
  for (const side of ['request', 'response']) {
    await expect(gateway.call('getInterceptionBody', dana.actor, { params: { id, side } })).rejects.toThrow(
      `the bytes of this ${side} were removed by retention on 2026-06-30`,
    )
  }
})

test('its session, its thread, its timeline and the lists say so too; a search for its words finds nothing', async () => {
  const { actor } = dana
  const params = { params: { id: sessionId } }
  const removed = { content_removed_at: removedAt }
  expect(await gateway.call('getSession', actor, params)).toMatchObject({
    ...removed,
    first_prompt: null,
    last_prompt: null,
    threads: [{ ...removed, prompt: null, requests: 1 }],
  })
  expect(await gateway.call('getSessionTimeline', actor, params)).toMatchObject({
    events: [{ kind: 'request', ...removed }, { kind: 'end' }],
  })
  expect(await gateway.call('listSessions', actor, { query: {} })).toMatchObject({ sessions: [removed] })
  expect(await gateway.call('listInterceptions', actor, { query: {} })).toMatchObject({ results: [removed] })
  expect(await gateway.call('listInterceptions', actor, { query: { q: 'zebrafish' } })).toMatchObject({ count: 0 })
  expect(await gateway.call('listSessions', actor, { query: { q: 'zebrafish' } })).toMatchObject({ count: 0 })
})
