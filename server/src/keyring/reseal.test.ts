import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { silentLog, systemClock, uuidv7 } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { contextOf, createKeyring, type Keyring } from './keyring.ts'
import { openKeyring } from './open-keyring.ts'
import { countSealed } from './queries.ts'
import { resealAll } from './reseal.ts'
import { newKey, type SealingKey } from './seal.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const people = 60
const plainOf = (column: string, index: number): string => `${column} of person ${index}`

/** Two sealed columns in sixty rows. */
async function fill(keyring: Keyring): Promise<string[]> {
  const now = new Date()
  const ids = Array.from({ length: people }, () => uuidv7(now))
  for (const [index, id] of ids.entries()) {
    const sealed = (column: string) =>
      keyring.seal(plainOf(column, index), contextOf('external_auth_links', column, id, 'github'))
    await db.sql
      .insertInto('users')
      .values({
        id,
        username: `u${index}`,
        email: `u${index}@x.test`,
        login_type: 'none',
        created_at: now,
        updated_at: now,
      })
      .execute()
    await db.sql
      .insertInto('external_auth_links')
      .values({
        user_id: id,
        provider_id: 'github',
        access_token: sealed('access_token'),
        refresh_token: sealed('refresh_token'),
        created_at: now,
        updated_at: now,
      })
      .execute()
  }
  return ids
}

async function expectAllReadable(keyring: Keyring, ids: readonly string[]): Promise<void> {
  const rows = await db.sql.selectFrom('external_auth_links').selectAll().execute()
  expect(rows).toHaveLength(people)
  for (const row of rows) {
    const index = ids.indexOf(row.user_id)
    for (const column of ['access_token', 'refresh_token'] as const) {
      const context = contextOf('external_auth_links', column, row.user_id, 'github')
      expect(keyring.open(row[column] ?? '', context).reveal()).toBe(plainOf(column, index))
    }
  }
}

const open = (keys: readonly SealingKey[]): Promise<Keyring> =>
  openKeyring({ db, keys, dataDir: '/nowhere', clock: systemClock, log: silentLog, recordNewKey: async () => {} })

function start(keys: readonly SealingKey[], dieIn: number | null): ChildProcess & { said: string[] } {
  const task = { connection: db.connection, keys: keys.map(({ secret }) => secret.reveal()), dieIn }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testing-reseal.ts'), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {},
  })
  const said: string[] = []
  child.stdout?.setEncoding('utf8').on('data', (text: string) => said.push(...text.split('\n').filter(Boolean)))
  return Object.assign(child, { said })
}

test('kill -9 in the middle of a change of keys loses nothing, and the next run goes on', async () => {
  const [old, fresh] = [newKey(), newKey()]
  const ids = await fill(await open([old]))
  const both = await open([fresh, old])
  const stale = async (): Promise<number> => (await countSealed(db.sql)).get(old.id) ?? 0
  const before = await stale()
  expect(before).toBe(2 * people)

  // Inside of a transaction: what it wrote is undone.
  const first = start([fresh, old], 3)
  const [, signal] = await once(first, 'close')
  expect(signal).toBe('SIGKILL')
  expect(before - (await stale())).toBe(2 * 7)
  await expectAllReadable(both, ids)
  await expect(open([fresh])).rejects.toThrow(old.id)

  // Between the two, or wherever it happens to be.
  const second = start([fresh, old], null)
  await expect.poll(() => second.said.length).toBeGreaterThan(1)
  second.kill('SIGKILL')
  await once(second, 'close')
  await expectAllReadable(both, ids)

  // Two replicas at once do it to its end, and do nothing twice.
  const left = await stale()
  const last = [start([fresh, old], null), start([fresh, old], null)]
  await Promise.all(last.map((child) => once(child, 'close')))
  const counts = last.map(({ said }) => Number(/^done (\d+)$/.exec(said.at(-1) ?? '')?.[1]))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(left)
  if ((await stale()) > 0) await once(start([fresh, old], null), 'close')
  expect(await stale()).toBe(0)
  const after = await open([fresh])
  await expectAllReadable(after, ids)
})

test('a token that is renewed while its row is sealed again is the one that stays', async () => {
  const [old, fresh] = [newKey(), newKey()]
  const before = createKeyring([old])
  await db.sql.deleteFrom('external_auth_links').execute()
  const users = await db.sql.selectFrom('users').select('id').orderBy('id').limit(10).execute()
  const ids = users.map(({ id }) => id)
  const contextFor = (id: string): string => contextOf('external_auth_links', 'access_token', id, 'github')
  for (const id of ids) {
    const dates = { created_at: new Date(), updated_at: new Date() }
    const access_token = before.seal('old', contextFor(id))
    await db.sql
      .insertInto('external_auth_links')
      .values({ user_id: id, provider_id: 'github', access_token, ...dates })
      .execute()
  }
  const renew = (id: string): Promise<unknown> =>
    db.sql
      .updateTable('external_auth_links')
      .set({ access_token: before.seal('renewed', contextFor(id)) })
      .where('user_id', '=', id)
      .execute()
  const [done, ahead] = [ids[1]!, ids[8]!]
  const waiting: Promise<unknown>[] = []
  const both = createKeyring([fresh, old])
  const options = { db, keyring: both, clock: systemClock, log: silentLog, signal: new AbortController().signal }
  await resealAll({
    ...options,
    batchRows: 3,
    async record() {
      if (waiting.length > 0) return
      // One row is locked by the batch, so that its renewal waits for it; the other has not been reached yet.
      waiting.push(renew(done))
      await renew(ahead)
    },
  })
  await Promise.all(waiting)
  await resealAll({ ...options, record: async () => {} })
  const rows = await db.sql.selectFrom('external_auth_links').selectAll().execute()
  for (const row of rows) {
    const expected = [done, ahead].includes(row.user_id) ? 'renewed' : 'old'
    expect(createKeyring([fresh]).open(row.access_token, contextFor(row.user_id)).reveal()).toBe(expected)
  }
})
