import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { recordingLog } from '@reeve/base'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { administer } from './administer.ts'
import { type Connection, connectionOptions } from './connection.ts'
import { onceUp } from './once-up.ts'
import { type TestDatabase, testDatabase } from './testing.ts'

let db: TestDatabase
beforeAll(async () => void (db = await testDatabase()))
afterAll(() => db[Symbol.asyncDispose]())

const fields = ['SFATAL', 'VFATAL', 'C57P03', 'Mthe database system is starting up', '']
const refusal = Buffer.from(`E\0\0\0\0${fields.map((field) => `${field}\0`).join('')}`)
refusal.writeInt32BE(refusal.length - 1, 1)

/** In front of the database: refuses the first connections as PostgreSQL does while it starts. */
async function frontOf(connection: Connection, refused: number) {
  // Never connected: it knows how the options are read. Databases of tests are reached by a socket.
  const client = new pg.Client(connectionOptions(connection))
  let left = refused
  const server = createServer((near) => {
    near.on('error', () => {})
    if (left > 0) {
      left -= 1
      near.once('data', () => near.end(refusal))
      return
    }
    const far = connect(`${client.host}/.s.PGSQL.${client.port}`)
    far.on('error', () => near.destroy())
    near.pipe(far).pipe(near)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // SAFETY: it listens on a port.
  const { port } = server.address() as AddressInfo
  const url = `postgres://${client.user}@127.0.0.1:${port}/${client.database}`
  return { connection: { url }, [Symbol.asyncDispose]: async () => void server.close() }
}

test('a database that is starting up is waited for', async () => {
  await using front = await frontOf(db.connection, 2)
  const log = recordingLog()
  const signal = new AbortController().signal
  expect(await onceUp(() => administer(front.connection, 'select 1 as one'), { log, signal })).toEqual([{ one: 1 }])
  expect(log.lines.map(({ message }) => message)).toEqual(['waiting for PostgreSQL, which is starting up'])
})

test('whoever is asked to stop meanwhile says why it did not start', async () => {
  await using front = await frontOf(db.connection, 1_000)
  const log = recordingLog()
  const asked = new AbortController()
  const waiting = onceUp(() => administer(front.connection, 'select 1'), { log, signal: asked.signal })
  const ending = expect(waiting).rejects.toThrow('the database system is starting up')
  await expect.poll(() => log.lines.length).toBe(1)
  asked.abort()
  await ending
})

test('any other refusal is told at once', async () => {
  const options = { log: recordingLog(), signal: new AbortController().signal }
  await expect(onceUp(() => administer(db.connection, 'select nothing'), options)).rejects.toThrow('does not exist')
  expect(options.log.lines).toEqual([])
})
