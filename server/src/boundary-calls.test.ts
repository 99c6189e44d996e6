import { generateKeyPairSync, sign } from 'node:crypto'
import { silentLog, systemClock, uuidv7 } from '@reeve/base'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { answerTurn } from '../../test/support/messages.ts'
import { startUpstream, type Upstream } from '../../test/support/upstream.ts'
import { type BoundaryCalls, openBoundaryCalls } from './boundaries/calls.ts'
import { type TestDatabase, testDatabase } from './db/testing.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway/gateway-testing.ts'
import { bodyOf } from './gateway/testing.ts'

/** A gateway that knows boundaries, and a provider that would tell what reached it. */
let db: TestDatabase
let upstream: Upstream
let dana: Person
let calls: BoundaryCalls
let gateway: TestGateway
const keys = generateKeyPairSync('ed25519')
const session = uuidv7(systemClock.now())

beforeAll(async () => {
  db = await testDatabase()
  upstream = await startUpstream()
  upstream.answer((seen) =>
    answerTurn(seen, { blocks: [{ type: 'text', text: 'hello' }], usage: { input_tokens: 5, output_tokens: 3 } }),
  )
  dana = await person(db, 'dana')
  calls = await openBoundaryCalls({ db, accessUrl: null, clock: systemClock, log: silentLog })
  gateway = await testGateway(db, upstream.url, {}, { boundaries: calls })
  const now = systemClock.now()
  await db.sql
    .insertInto('boundary_sessions')
    .values({
      id: session,
      organization_id: dana.actor.organizationIds[0] ?? '',
      user_id: dana.actor.userId,
      public_key: Buffer.from(keys.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
      client_version: '1',
      command: 'claude',
      hostname: 'laptop',
      tier: 1,
      jail: 'namespaces',
      kernel: '6',
      started_at: now,
      registered_at: now,
      last_seen_at: now,
    })
    .execute()
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await calls[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const prompt = bodyOf([{ role: 'user', content: 'hello' }])

function signed(seq: number): Record<string, string> {
  const time = String(systemClock.now().getTime())
  const message = [session, seq, time, 'POST', '127.0.0.1', '/api/v2/aibridge/anthropic/v1/messages'].join('\n')
  return {
    'x-reeve-boundary-session': session,
    'x-reeve-boundary-sequence': String(seq),
    'x-reeve-boundary-time': time,
    'x-reeve-boundary-signature': sign(null, Buffer.from(message), keys.privateKey).toString('base64url'),
    'x-coder-agent-firewall-session-id': session,
    'x-coder-agent-firewall-sequence-number': String(seq),
  }
}

const ask = async (headers: Record<string, string> = {}) => {
  const response = await gateway.ask(dana.token, prompt, headers)
  return { status: response.status, text: await response.text() }
}
const recorded = () =>
  db.sql
    .selectFrom('interceptions')
    .select(['boundary_session_id as session', 'boundary_seq as seq', 'boundary_verified as verified'])
    .where('ended_at', 'is not', null)
    .orderBy('id')
    .execute()

test('a request from a boundary stands in the record with it, a forged one as not verified, and none of it goes further', async () => {
  expect((await ask(signed(7))).status).toBe(200)
  expect((await ask({ ...signed(8), 'x-reeve-boundary-sequence': '9' })).status).toBe(200)
  expect((await ask()).status).toBe(200)
  await vi.waitFor(
    async () =>
      expect(await recorded()).toEqual([
        { session, seq: 7, verified: true },
        { session, seq: 9, verified: false },
        { session: null, seq: null, verified: null },
      ]),
    60_000,
  )
  expect(JSON.stringify(upstream.seen.map(({ headers }) => headers))).not.toMatch(/boundary|firewall/i)
})

test('where an organization requires a boundary, models are asked from behind one and from nowhere else', async () => {
  const require = (required: boolean) =>
    db.sql.updateTable('organizations').set({ require_boundary: required }).execute()
  await require(true)
  await vi.waitFor(async () => expect((await ask()).status).toBe(403), 60_000)
  const before = upstream.seen.length
  expect((await ask()).text).toContain('reeve boundary -- ')
  expect((await ask({ ...signed(20), 'x-reeve-boundary-sequence': '21' })).status).toBe(403)
  expect(upstream.seen).toHaveLength(before)
  expect((await ask(signed(22))).status).toBe(200)
  expect((await ask(signed(22))).status).toBe(403)
  await require(false)
  await vi.waitFor(async () => expect((await ask()).status).toBe(200), 60_000)
})
