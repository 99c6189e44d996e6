import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock, silentLog, uuidv7 } from '@reeve/base'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import type { Scope } from '../http/implement.ts'
import { keyFilePath } from '../keyring/key-file.ts'
import { contextOf, type Keyring } from '../keyring/keyring.ts'
import { openKeyring } from '../keyring/open-keyring.ts'
import { newKey, type SealingKey } from '../keyring/seal.ts'
import { recordNewKey, type Rotation, startRotation, systemScope } from './rotation.ts'

let db: TestDatabase
let dataDir: string
beforeEach(async () => {
  db = await testDatabase()
  dataDir = mkdtempSync(join(tmpdir(), 'reeve-rotation-'))
})
afterEach(async () => {
  await db[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true })
})

const clock = manualClock()

async function start(keys: readonly SealingKey[] | null): Promise<{ keyring: Keyring; rotation: Rotation }> {
  const common = { db, dataDir, clock, log: silentLog }
  const keyring = await openKeyring({ ...common, keys, recordNewKey: recordNewKey(systemScope(clock)) })
  const more = { keyring, configured: keys !== null, metrics: new Registry() }
  return { keyring, rotation: startRotation({ ...common, ...more }) }
}

/** An owner who asks for it. */
async function owner(): Promise<Scope> {
  const userId = uuidv7(clock.now())
  const dates = { created_at: clock.now(), updated_at: clock.now() }
  await db.sql
    .insertInto('users')
    .values({ id: userId, username: 'dana', email: 'dana@example.com', login_type: 'none', ...dates })
    .execute()
  const nothing = { organizationIds: [], groupIds: [], roles: [], allowList: null }
  const actor = { userId, username: 'dana', ...nothing, apiKeyId: 'key', scopes: ['all' as const] }
  const request = { requestId: uuidv7(clock.now()), sourceIp: '127.0.0.1', userAgent: null }
  return { actor, ...request, signal: new AbortController().signal, log: silentLog }
}

async function link(keyring: Keyring, userId: string, plain: string): Promise<void> {
  const access_token = keyring.seal(plain, contextOf('external_auth_links', 'access_token', userId, 'github'))
  const dates = { created_at: clock.now(), updated_at: clock.now() }
  await db.sql
    .insertInto('external_auth_links')
    .values({ user_id: userId, provider_id: 'github', access_token, ...dates })
    .execute()
}

async function linked(keyring: Keyring): Promise<string> {
  const row = await db.sql.selectFrom('external_auth_links').selectAll().executeTakeFirstOrThrow()
  return keyring
    .open(row.access_token, contextOf('external_auth_links', 'access_token', row.user_id, 'github'))
    .reveal()
}

test('the key of one’s own is changed while the server runs, and the old one can be taken out afterwards', async () => {
  const scope = await owner()
  const first = await start(null)
  await link(first.keyring, scope.actor!.userId, 'gho_plain')
  const [old] = first.keyring.keyIds()
  // The look at everything that each start begins with would write of the new key as well.
  await expect.poll(async () => (await first.rotation.report()).resealing).toBe(false)
  expect(await first.rotation.rotate(scope)).toEqual({ resealed: 1, unreadable: 0 })
  expect(await linked(first.keyring)).toBe('gho_plain')
  const report = await first.rotation.report()
  expect(report).toMatchObject({ source: 'file', unreadable: 0 })
  expect(report.keys).toMatchObject([
    { id: first.keyring.keyIds()[0], seals: true, values: 1, removable: false },
    { id: old, seals: false, values: 0, removable: true },
  ])
  expect(report.places).toContainEqual({ table: 'external_auth_links', column: 'access_token', values: 1, left: 0 })
  expect(report.places.reduce((sum, { values }) => sum + values, 0)).toBe(1)
  await first.rotation[Symbol.asyncDispose]()

  // The line of the old key is the last one.
  const path = keyFilePath(dataDir)
  writeFileSync(path, readFileSync(path, 'utf8').trimEnd().split('\n').slice(0, -1).join('\n'))
  const second = await start(null)
  expect(second.keyring.keyIds()).toHaveLength(1)
  expect(await linked(second.keyring)).toBe('gho_plain')
  await second.rotation[Symbol.asyncDispose]()

  const events = await db.sql.selectFrom('audit_events').selectAll().orderBy('id').execute()
  expect(events.map(({ action, actor_id }) => [action, actor_id === null ? 'system' : 'owner'])).toEqual([
    ['create', 'system'],
    ['create', 'owner'],
    ['rotate', 'owner'],
    ['write', 'owner'],
    ['write', 'owner'],
  ])
})

test('a rotation that was cut short goes on at the next start, with the key that it made', async () => {
  const scope = await owner()
  const first = await start(null)
  await link(first.keyring, scope.actor!.userId, 'gho_plain')
  await first.rotation[Symbol.asyncDispose]()
  // The new key was written, and nothing was sealed with it before the end.
  const path = keyFilePath(dataDir)
  const old = readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)
  writeFileSync(path, `${newKey().secret.reveal()}\n${old}\n`)
  const second = await start(null)
  // It begins with the start.
  expect((await second.rotation.report()).resealing).toBe(true)
  const values = async () => (await second.rotation.report()).keys.find(({ seals }) => seals)?.values
  await expect.poll(values).toBe(1)
  expect(second.keyring.keyIds()).toHaveLength(2)
  expect(await linked(second.keyring)).toBe('gho_plain')
  await second.rotation[Symbol.asyncDispose]()
  expect((await second.rotation.report()).resealing).toBe(false)
})

test('a new key in front of the configured ones takes over by itself', async () => {
  const scope = await owner()
  const [old, fresh] = [newKey(), newKey()]
  const before = await start([old])
  await link(before.keyring, scope.actor!.userId, 'gho_plain')
  await before.rotation[Symbol.asyncDispose]()
  const during = await start([fresh, old])
  const removable = async () => (await during.rotation.report()).keys.find(({ id }) => id === old.id)?.removable
  await expect.poll(removable).toBe(true)
  await during.rotation[Symbol.asyncDispose]()
  const after = await start([fresh])
  expect(await linked(after.keyring)).toBe('gho_plain')
  expect((await after.rotation.report()).source).toBe('configured')
  await after.rotation[Symbol.asyncDispose]()
})

test('a key file that was changed under the running server is not written over', async () => {
  const scope = await owner()
  const { rotation } = await start(null)
  const path = keyFilePath(dataDir)
  writeFileSync(path, `${newKey().secret.reveal()}\n`)
  const before = readFileSync(path, 'utf8')
  await expect(rotation.rotate(scope)).rejects.toThrow('is not the one that this server started with')
  expect(readFileSync(path, 'utf8')).toBe(before)
  await rotation[Symbol.asyncDispose]()
})
