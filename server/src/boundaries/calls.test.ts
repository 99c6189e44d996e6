import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { manualClock, silentLog, type Uuid, uuidv7 } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { openDeployment } from '../identity/people/setup.ts'
import { insertUser } from '../identity/queries.ts'
import { type BoundaryCalls, openBoundaryCalls, type Origin } from './calls.ts'
import { updateSession } from './session-queries.ts'

let db: TestDatabase
let calls: BoundaryCalls
let organizationId: Uuid
const clock = manualClock(new Date())
const owner = uuidv7(clock.now())

beforeAll(async () => {
  db = await testDatabase()
  await openDeployment({ db, clock })
  calls = await openBoundaryCalls({ db, accessUrl: 'https://reeve.test', clock, log: silentLog })
  const found = await db.sql.selectFrom('organizations').select('id').executeTakeFirstOrThrow()
  organizationId = found.id
  const at = clock.now()
  const row = { id: owner, username: 'max', email: 'max@example.com', login_type: 'password', roles: [] }
  await db.transaction((tx) => insertUser(tx, { ...row, created_at: at, updated_at: at }, [organizationId]))
})
afterAll(async () => {
  await calls[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

async function session(workspaceId: Uuid | null = null): Promise<{ readonly id: Uuid; readonly key: KeyObject }> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const id = uuidv7(clock.now())
  const now = clock.now()
  await db.sql
    .insertInto('boundary_sessions')
    .values({
      id,
      organization_id: organizationId,
      user_id: owner,
      workspace_id: workspaceId,
      public_key: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
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
  return { id, key: privateKey }
}

const path = '/api/v2/aibridge/anthropic/v1/messages'

function headersOf({ id, key }: { id: Uuid; key: KeyObject }, seq: number, over: Partial<Signed> = {}): string[] {
  const { time = clock.now().getTime(), method = 'POST', host = 'reeve.test', at = path } = over
  const signature = sign(null, Buffer.from([id, seq, time, method, host, at].join('\n')), key).toString('base64url')
  return [
    'x-reeve-boundary-session',
    id,
    'x-reeve-boundary-sequence',
    String(seq),
    'x-reeve-boundary-time',
    String(time),
    'x-reeve-boundary-signature',
    signature,
  ]
}
interface Signed {
  readonly time: number
  readonly method: string
  readonly host: string
  readonly at: string
}

/** As it arrives over a socket. */
async function originOf(headers: readonly string[], userId = owner): Promise<Origin | null> {
  const heard = Promise.withResolvers<IncomingMessage>()
  const server = createServer((req, res) => {
    heard.resolve(req)
    res.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // SAFETY: a TCP server that listens has an address record.
  const { port } = server.address() as AddressInfo
  const options = { port, path, method: 'POST', agent: false, setHost: false }
  const req = request({ ...options, headers: ['Host', 'reeve.test:8443', ...headers] }).end()
  const [res] = await once(req, 'response')
  res.resume()
  const answer = await calls.read(await heard.promise, path, { userId })
  server.close()
  return answer
}

const read = async (headers: readonly string[], userId = owner): Promise<unknown> =>
  (await originOf(headers, userId))?.call ?? null

test('a request that its boundary signed is known, once; one that names none comes from none', async () => {
  const one = await session()
  expect(await read(headersOf(one, 3))).toEqual({ sessionId: one.id, seq: 3, verified: true })
  expect(await read(headersOf(one, 3))).toMatchObject({ verified: false })
  expect(await read(headersOf(one, 2))).toMatchObject({ verified: true })
  expect(await read([])).toBeNull()
  expect(await read(['x-coder-agent-firewall-session-id', one.id])).toBeNull()
  expect(await read(['x-reeve-boundary-session', 'x', 'x-reeve-boundary-sequence', '1'])).toBeNull()
})

test('what does not hold is told as not verified: key, person, time, method, host, path, doubled and missing headers', async () => {
  const one = await session()
  const other = await session()
  const bad = [
    headersOf({ id: one.id, key: other.key }, 1),
    headersOf(one, 1, { time: clock.now().getTime() - 301_000 }),
    headersOf(one, 1, { time: clock.now().getTime() + 301_000 }),
    headersOf(one, 1, { method: 'GET' }),
    headersOf(one, 1, { host: 'evil.test' }),
    headersOf(one, 1, { at: '/api/v2/aibridge/anthropic/v1/other' }),
    [...headersOf(one, 1), 'x-reeve-boundary-signature', 'x'],
    headersOf(one, 1).slice(0, 4),
  ]
  for (const [at, headers] of bad.entries()) expect([at, await read(headers)]).toMatchObject([at, { verified: false }])
  expect(await read(headersOf(one, 1), uuidv7(clock.now()))).toMatchObject({ verified: false })
  expect(await read(headersOf({ id: uuidv7(clock.now()), key: one.key }, 1))).toMatchObject({ verified: false })
})

test('the workspace of a boundary is known by its signature, whoever asks, and by nothing less', async () => {
  const workspaceId = uuidv7(clock.now())
  const one = await session(workspaceId)
  expect(await originOf(headersOf(one, 1))).toMatchObject({ call: { verified: true }, workspaceId })
  const stranger = uuidv7(clock.now())
  expect(await originOf(headersOf(one, 2), stranger)).toMatchObject({ call: { verified: false }, workspaceId })
  const { key } = await session()
  for (const headers of [headersOf({ id: one.id, key }, 3), headersOf(one, 1)]) {
    expect(await originOf(headers)).toMatchObject({ call: { verified: false }, workspaceId: null })
  }
  expect(await originOf(headersOf(await session(), 1))).toMatchObject({ call: { verified: true }, workspaceId: null })
})

test('a boundary that ended or is lost speaks for nothing any more', async () => {
  const one = await session()
  expect(await read(headersOf(one, 1))).toMatchObject({ verified: true })
  await updateSession(db.sql, one.id, { ended_at: clock.now() })
  clock.advance(6_000)
  expect(await read(headersOf(one, 2))).toMatchObject({ verified: false })
  const lost = await session()
  clock.advance(11 * 60_000)
  expect(await read(headersOf(lost, 1))).toMatchObject({ verified: false })
})

test('an organization that requires a boundary is known within moments', async () => {
  expect(calls.isRequired(organizationId)).toBe(false)
  await db.sql.updateTable('organizations').set({ require_boundary: true }).where('id', '=', organizationId).execute()
  await expect.poll(() => calls.isRequired(organizationId)).toBe(true)
})
