import { silentLog } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { administer } from './administer.ts'
import { listen } from './listen.ts'
import { type TestDatabase, testDatabase } from './testing.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

const notify = (payload: string) => administer(db.connection, `select pg_notify('Some channel', $1)`, [payload])
const cut = (how: string) =>
  administer(
    db.connection,
    `select ${how}(pid) from pg_stat_activity where application_name = 'reeve listen Some channel'`,
  )

test('messages arrive in order, and again after the connection was lost', async () => {
  const heard: string[] = []
  let reconnects = 0
  await using _listening = await listen(db.connection, 'Some channel', (payload) => heard.push(payload), {
    log: silentLog,
    onReconnect: () => reconnects++,
  })
  await notify('a')
  await notify('b')
  await expect.poll(() => heard).toEqual(['a', 'b'])
  for (const round of [1, 2]) {
    await cut('pg_terminate_backend')
    await expect.poll(() => reconnects).toBe(round)
    await notify(`c${round}`)
    await expect.poll(() => heard).toContain(`c${round}`)
  }
})

test('a first connection that fails is told to the caller', async () => {
  const nowhere = { socketDir: '/nonexistent', database: 'x', user: 'x' }
  await expect(listen(nowhere, 'x', () => {}, { log: silentLog })).rejects.toThrow('ENOENT')
})

test('nothing is heard, and nothing tried again, after it was disposed of', async () => {
  const heard: string[] = []
  const listening = await listen(db.connection, 'Some channel', (payload) => heard.push(payload), { log: silentLog })
  await listening[Symbol.asyncDispose]()
  await notify('late')
  await expect.poll(() => cut('abs')).toEqual([])
  expect(heard).toEqual([])
})
