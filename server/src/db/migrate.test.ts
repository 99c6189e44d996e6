import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordingLog, silentLog } from '@reeve/base'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { administer } from './administer.ts'
import { type Connection, connectionOptions } from './connection.ts'
import { migrate } from './migrate.ts'
import { emptyDatabase } from './testing.ts'

let database: Awaited<ReturnType<typeof emptyDatabase>>
let connection: Connection
let folder: string
beforeEach(async () => {
  database = await emptyDatabase()
  connection = database.connection
  folder = mkdtempSync(join(tmpdir(), 'reeve-migrations-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
  await database[Symbol.asyncDispose]()
})

const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
const run = (log = silentLog) => migrate(connection, { log, folder, lockAttempts: 3, lockTimeoutMs: 100 })
const applied = async () =>
  (await administer<{ name: string }>(connection, 'select name from schema_migrations order by number')).map(
    (row) => row.name,
  )

test('migrations run in order, once', async () => {
  write('0001_a.sql', 'create table a (x integer); insert into a values (1)')
  await run()
  write('0002_b.sql', 'alter table a add y integer')
  await run()
  await run()
  expect(await applied()).toEqual(['0001_a.sql', '0002_b.sql'])
  expect(await administer(connection, 'select * from a')).toEqual([{ x: 1, y: null }])
})

test('the migrations of this release apply', async () => {
  await migrate(connection, { log: silentLog })
  expect((await applied()).length).toBeGreaterThan(0)
})

test('a migration that fails half-way leaves nothing, and runs whole when it is mended', async () => {
  write('0001_a.sql', 'create table a (x integer); select 1/0')
  await expect(run()).rejects.toThrow('division by zero')
  write('0001_a.sql', 'create table a (x integer)')
  await run()
  expect(await applied()).toEqual(['0001_a.sql'])
})

test('a migration that was edited after it ran is refused', async () => {
  write('0001_a.sql', 'create table a (x integer)')
  await run()
  write('0001_a.sql', 'create table a (x bigint)')
  await expect(run()).rejects.toThrow('0001_a.sql is not the one that this database was made with')
})

test('a database of a newer release is refused', async () => {
  write('0001_a.sql', 'create table a (x integer)')
  write('0002_b.sql', 'create table b (x integer)')
  await run()
  await rm(join(folder, '0002_b.sql'))
  await expect(run()).rejects.toThrow('made by a newer release of Reeve: it has the migration 0002_b.sql')
})

test('a gap or a stray name among the files is refused before anything runs', async () => {
  write('0001_a.sql', 'create table a (x integer)')
  write('0003_c.sql', 'create table c (x integer)')
  await expect(run()).rejects.toThrow('0003_c.sql is not number 2')
  expect(await administer(connection, `select to_regclass('a') as a`)).toEqual([{ a: null }])
})

test('of replicas that start together one migrates and the others wait', async () => {
  write('0001_a.sql', 'create table a (x integer); select pg_sleep(0.2); insert into a values (1)')
  await Promise.all([1, 2, 3, 4].map(() => migrate(connection, { log: silentLog, folder, lockTimeoutMs: 50 })))
  expect(await administer(connection, 'select * from a')).toEqual([{ x: 1 }])
})

test('a migration that PostgreSQL ends to undo a deadlock with a running deployment is tried again', async () => {
  write('0001_a.sql', 'create table a (x integer); create table b (x integer)')
  await run()
  write('0002_b.sql', 'alter table a add y integer; alter table b add y integer')
  const deployment = new pg.Client(connectionOptions(connection))
  await deployment.connect()
  await deployment.query('begin; lock table b')
  const log = recordingLog()
  const running = migrate(connection, { log, folder, lockTimeoutMs: 20_000 })
  const waiting = () => administer(connection, `select from pg_locks where relation = 'b'::regclass and not granted`)
  await expect.poll(async () => (await waiting()).length).toBe(1)
  // Who began to wait first is the first to look for a deadlock, and the one that gives way.
  await deployment.query('select * from a; commit')
  await deployment.end()
  await running
  expect(log.lines.map(({ message }) => message)).toContain('waiting for a lock to migrate the database')
  expect(await applied()).toEqual(['0001_a.sql', '0002_b.sql'])
})

test('a table that somebody holds is waited for in short turns, then given up with a reason', async () => {
  write('0001_a.sql', 'create table a (x integer)')
  await run()
  write('0002_b.sql', 'alter table a add y integer')
  const holder = new pg.Client(connectionOptions(connection))
  await holder.connect()
  await holder.query('begin; lock table a')
  await expect(run()).rejects.toThrow('something else holds a lock')
  const log = recordingLog()
  const running = run(log)
  await expect.poll(() => log.lines.some(({ message }) => message.startsWith('waiting'))).toBe(true)
  await holder.end()
  await running
  expect(await applied()).toEqual(['0001_a.sql', '0002_b.sql'])
})
