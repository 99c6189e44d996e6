import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock, recordingLog, silentLog, uuidv7 } from '@reeve/base'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { keyFilePath, readKeyFile } from './key-file.ts'
import { contextOf, type Keyring } from './keyring.ts'
import { checkKeysOf, openKeyring } from './open-keyring.ts'
import { resealAll, type Resealed } from './reseal.ts'
import { newKey, type SealingKey } from './seal.ts'

let db: TestDatabase
let dataDir: string
beforeEach(async () => {
  db = await testDatabase()
  dataDir = mkdtempSync(join(tmpdir(), 'reeve-keyring-'))
})
afterEach(async () => {
  await db[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true })
})

const clock = manualClock()
const recorded: string[] = []
const open = (keys: readonly SealingKey[] | null): Promise<Keyring> =>
  openKeyring({
    db,
    keys,
    dataDir,
    clock,
    log: silentLog,
    recordNewKey: async (_, id) => void recorded.push(id),
  })

const reseal = (keyring: Keyring): Promise<Resealed> =>
  resealAll({
    db,
    keyring,
    clock,
    log: silentLog,
    signal: new AbortController().signal,
    record: async (_, change) => void recorded.push(JSON.stringify(change)),
  })

/** A person with a linked account, as the oldest sealed value that there is. */
async function link(keyring: Keyring, providerId = 'github'): Promise<string> {
  const userId = uuidv7(clock.now())
  const now = clock.now()
  const person = { username: `u${userId}`, email: `${userId}@example.com`, login_type: 'none' }
  await db.sql
    .insertInto('users')
    .values({ id: userId, created_at: now, updated_at: now, ...person })
    .execute()
  const access_token = keyring.seal('gho_plain', contextOf('external_auth_links', 'access_token', userId, providerId))
  await db.sql
    .insertInto('external_auth_links')
    .values({ user_id: userId, provider_id: providerId, access_token, created_at: now, updated_at: now })
    .execute()
  return userId
}

/** Everything that the database holds, to tell whether anything was written. */
async function everything(): Promise<string> {
  const { rows } = await sql<{ all: string }>`
    select (select json_agg(t order by id) from keyring_keys t)::text || (select json_agg(t)::text from external_auth_links t)
      as all`.execute(db.sql)
  return rows[0]?.all ?? ''
}

test('the first start makes a key that only its owner can read, and later starts take it', async () => {
  const first = await open(null)
  const path = keyFilePath(dataDir)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const userId = await link(first)
  const again = await open(null)
  expect(again.keyIds()).toEqual(first.keyIds())
  const { access_token } = await db.sql.selectFrom('external_auth_links').selectAll().executeTakeFirstOrThrow()
  const context = contextOf('external_auth_links', 'access_token', userId, 'github')
  expect(again.open(access_token, context).reveal()).toBe('gho_plain')
})

test('a key file that others can read is refused, and so is a damaged one', async () => {
  await open(null)
  const path = keyFilePath(dataDir)
  for (const mode of [0o640, 0o604, 0o644]) {
    chmodSync(path, mode)
    await expect(open(null)).rejects.toThrow('can be read by others')
  }
  chmodSync(path, 0o600)
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, `${text}not a key\n`)
  await expect(open(null)).rejects.toThrow('line 4 of the key file')
  writeFileSync(path, '')
  await expect(open(null)).rejects.toThrow('is empty')
})

test('a start without the key, or with another one, is refused by name and writes nothing', async () => {
  const key = newKey()
  const keyring = await open([key])
  await link(keyring)
  const before = await everything()
  const told = recorded.length
  for (const keys of [[newKey()], [newKey(), newKey()], null]) {
    const failure = await open(keys).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'invalid', message: expect.stringContaining(key.id) })
    expect(failure).toMatchObject({ fix: expect.stringContaining('REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS') })
    await expect(checkKeysOf({ db, keys, dataDir })).rejects.toThrow(key.id)
  }
  expect(await everything()).toBe(before)
  expect(existsSync(keyFilePath(dataDir))).toBe(false)
  expect(recorded).toHaveLength(told)
})

test('a wrong key is refused also while nothing is sealed yet', async () => {
  await open([newKey()])
  await expect(open([newKey()])).rejects.toThrow('this server has only')
})

test('a test value that somebody changed is told from a wrong key', async () => {
  const [a, b] = [newKey(), newKey()]
  await open([a, b])
  await sql`update keyring_keys set sealed_check = (select sealed_check from keyring_keys where id = ${b.id})
    where id = ${a.id}`.execute(db.sql)
  await expect(open([a, b])).rejects.toThrow(`test value for the key ${a.id} does not open`)
})

test('the old key is needed until everything was sealed again, and can be removed then', async () => {
  const [old, fresh] = [newKey(), newKey()]
  const before = await open([old])
  const users = await Promise.all([link(before), link(before, 'gitlab'), link(before, 'a/b:c.d')])
  const during = await open([fresh, old])
  await expect(open([fresh])).rejects.toThrow(old.id)
  expect(await reseal(during)).toEqual({ resealed: 3, unreadable: 0 })
  const after = await open([fresh])
  const rows = await db.sql.selectFrom('external_auth_links').selectAll().execute()
  for (const row of rows) {
    const context = contextOf('external_auth_links', 'access_token', row.user_id, row.provider_id)
    expect(after.open(row.access_token, context).reveal()).toBe('gho_plain')
  }
  expect(rows.map((row) => row.user_id).toSorted()).toEqual(users.toSorted())
  expect(recorded).toContain(JSON.stringify({ kind: 'retired', keyId: old.id }))
  expect(await reseal(after)).toEqual({ resealed: 0, unreadable: 0 })
})

test('a key that was let go of and sealed something after all is needed again', async () => {
  const [old, fresh] = [newKey(), newKey()]
  const lagging = await open([old])
  await reseal(await open([fresh, old]))
  // Another replica has not heard of the new key and goes on sealing with the old one.
  await link(lagging)
  await expect(open([fresh])).rejects.toThrow(old.id)
  expect(await reseal(await open([fresh, old]))).toEqual({ resealed: 1, unreadable: 0 })
  await open([fresh])
})

test('a value that does not open is left as it is, told of, and does not keep the others waiting', async () => {
  const [old, fresh] = [newKey(), newKey()]
  const before = await open([old])
  const [first, second, third] = [await link(before), await link(before), await link(before)]
  const token = async (userId: string) =>
    (await db.sql.selectFrom('external_auth_links').selectAll().where('user_id', '=', userId).executeTakeFirstOrThrow())
      .access_token
  // Somebody puts the secret of one person into the row of another.
  await db.sql
    .updateTable('external_auth_links')
    .set({ access_token: await token(first) })
    .where('user_id', '=', second)
    .execute()
  const moved = await token(second)
  const during = await open([fresh, old])
  expect(await reseal(during)).toEqual({ resealed: 2, unreadable: 1 })
  expect(await token(second)).toBe(moved)
  expect(await token(third)).toContain(fresh.id)
  await expect(open([fresh])).rejects.toThrow(`${old.id} (1 secrets`)
})

test('keys and secrets do not get into the log', async () => {
  const log = recordingLog()
  const options = { db, dataDir, clock, log, recordNewKey: async () => {} }
  const keyring = await openKeyring({ ...options, keys: null })
  const [key] = readKeyFile(keyFilePath(dataDir)) ?? []
  await link(keyring)
  await openKeyring({ ...options, keys: [newKey()] }).catch(() => {})
  expect(JSON.stringify(log.lines)).not.toContain(key?.secret.reveal())
  expect(log.lines).toContainEqual(expect.objectContaining({ facts: { key_id: key?.id } }))
})
