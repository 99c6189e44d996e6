import { silentLog } from '@reeve/base'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { administer } from './administer.ts'
import { withDatabase } from './connection.ts'
import { openDatabase } from './database.ts'
import { isOutage, isUniqueViolation } from './failures.ts'
import { type TestDatabase, testDatabase } from './testing.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const at = new Date('2026-01-01T00:00:00Z')
const organization = (id: string, name: string) => ({ id, name, created_at: at, updated_at: at })
const one = '018f0000-0000-7000-8000-000000000001'
const two = '018f0000-0000-7000-8000-000000000002'

test('what a transaction did is gone when its work throws', async () => {
  const work = db.transaction(async (tx) => {
    await tx.insertInto('organizations').values(organization(one, 'one')).execute()
    throw new Error('no')
  })
  await expect(work).rejects.toThrow('no')
  expect(await db.sql.selectFrom('organizations').selectAll().execute()).toEqual([])
})

test('a second row with the same key is told apart from other failures', async () => {
  await db.sql.insertInto('organizations').values(organization(one, 'one')).execute()
  const failure = await db.sql
    .insertInto('organizations')
    .values(organization(two, 'ONE'))
    .execute()
    .catch((thrown: unknown) => thrown)
  expect(isUniqueViolation(failure, 'organizations_name')).toBe(true)
  expect(isUniqueViolation(failure, 'organizations_pkey')).toBe(false)
  expect(isOutage(failure)).toBe(false)
})

test('numbers arrive as numbers, and one that would lose digits is refused', async () => {
  const read = async (expression: string) =>
    (await sql<{ v: unknown }>`select ${sql.raw(expression)} as v`.execute(db.sql)).rows[0]!.v
  expect(await read('9007199254740991::bigint')).toBe(9_007_199_254_740_991)
  expect(await read(`'{1,2}'::bigint[]`)).toEqual([1, 2])
  expect(await read(`'2026-03-01'::date`)).toBe('2026-03-01')
  expect(await read('null::bigint')).toBe(null)
  await expect(read('9007199254740993::bigint')).rejects.toThrow(RangeError)
})

test('a statement that takes too long is cancelled', async () => {
  const hasty = openDatabase(db.connection, { log: silentLog, applicationName: 'hasty', statementTimeoutMs: 50 })
  const failure = await sql`select pg_sleep(30)`.execute(hasty.sql).catch((thrown: unknown) => thrown)
  expect(isOutage(failure)).toBe(true)
  expect((await sql`select 1`.execute(hasty.sql)).rows).toHaveLength(1)
  await hasty.close()
})

test('a connection that the server closes is replaced by the next query', async () => {
  await sql`select 1`.execute(db.sql)
  await administer(
    db.connection,
    `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`,
  )
  // Until the pool has heard of it, a query may still meet a closed connection, and then says that it was an outage.
  const ask = async () => (await sql`select 1`.execute(db.sql)).rows.length
  const outage = (thrown: unknown) => expect(isOutage(thrown)).toBe(true)
  await expect.poll(() => ask().catch(outage)).toBe(1)
})

test('a database that is not there is an outage, and opening it fails nowhere but in the query', async () => {
  const nowhere = openDatabase(
    { socketDir: '/nonexistent', database: 'x', user: 'x' },
    { log: silentLog, applicationName: 'x' },
  )
  const failure = await sql`select 1`.execute(nowhere.sql).catch((thrown: unknown) => thrown)
  expect(isOutage(failure)).toBe(true)
  await nowhere.close()
})

test('the same server has other databases', () => {
  expect(withDatabase({ url: 'postgres://u:p@h:5/a?x=1' }, 'b c')).toEqual({ url: 'postgres://u:p@h:5/b%20c?x=1' })
})
