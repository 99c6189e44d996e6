import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { recordingLog, silentLog, systemClock } from '@reeve/base'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { administer } from '../administer.ts'
import type { Connection } from '../connection.ts'
import { openDatabase } from '../database.ts'
import { isOutage } from '../failures.ts'
import { accountName, canReach, findAccount, postgresAccount } from './account.ts'
import { findBinaries, findPackage } from './binaries.ts'
import { childOptions } from './child.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'
import { prepareFolders } from './folders.ts'
import { isPostmasterOf } from './orphan.ts'

const runner = resolve(import.meta.dirname, '../../../../test/support/run-postgres.ts')
const isRoot = process.getuid?.() === 0
const onlyRoot = 'only root runs it as another user'

let dataDir: string
let started: ChildProcess[]
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'reeve-embedded-'))
  started = []
})
afterEach(async () => {
  for (const child of started) {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  await expect.poll(() => processesOf(dataDir)).toEqual([])
  rmSync(dataDir, { recursive: true })
})

const start = (options: { freeBytesMin?: number; dataDir?: string } = {}) =>
  startEmbeddedPostgres({ dataDir, log: silentLog, clock: systemClock, ...options })

interface Ready {
  readonly pid: number
  readonly connection: Connection
}

/** Another process that runs a database there, once it is ready or has failed. */
async function startElsewhere(options: { uid?: number; gid?: number; until?: (line: object) => boolean } = {}) {
  const { uid, gid, until = () => false } = options
  const child = spawn(process.execPath, [runner, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
  })
  started.push(child)
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text)
    if (line.failed !== undefined) throw new Error(line.failed)
    // SAFETY: the runner says both in the line that says that it is ready.
    if (line.ready === true || until(line)) return { child, ...(line as Ready) }
  }
  throw new Error('ended without a word')
}

const keep = async (connection: Connection) => {
  await administer(connection, 'create table if not exists kept (x integer)')
  await administer(connection, 'insert into kept values (1)')
}
const kept = (connection: Connection) => administer(connection, 'select * from kept')

test('what was written is there after a stop and a start', async () => {
  {
    await using postgres = await start()
    await keep(postgres.connection)
  }
  expect(processesOf(dataDir)).toEqual([])
  await using again = await start()
  expect(await kept(again.connection)).toEqual([{ x: 1 }])
})

test('it is reached by its socket alone, by one user alone, and sorts the same everywhere', async () => {
  await using postgres = await start()
  const show = async (name: string) => Object.values((await administer(postgres.connection, `show ${name}`))[0]!)[0]
  expect(await show('listen_addresses')).toBe('')
  expect(await show('ssl')).toBe('off')
  const [locale] = await administer(
    postgres.connection,
    `select datlocprovider as provider, pg_encoding_to_char(encoding) as encoding, to_jsonb(d) ->> 'datlocale' as locale
     from pg_database d where datname = current_database()`,
  )
  expect(locale).toEqual({ provider: 'b', encoding: 'UTF8', locale: 'C.UTF-8' })
  for (const folder of ['postgres', 'postgres/data', 'postgres/run']) {
    expect(statSync(join(dataDir, folder)).mode & 0o777).toBe(0o700)
  }
})

test('root runs it as a user of its own, who can pass through the data directory and not read it', async ({ skip }) => {
  skip(!isRoot, onlyRoot)
  await using postgres = await start()
  const account = await findAccount(accountName)
  expect(statSync(`/proc/${postgres.pid()}`).uid).toBe(account?.uid)
  expect(statSync(dataDir)).toMatchObject({ uid: 0 })
  expect(statSync(dataDir).mode & 0o007).toBe(0o001)
})

test('a data directory that its user cannot reach is refused with the folder that is closed', async ({ skip }) => {
  skip(!isRoot, onlyRoot)
  const closed = join(dataDir, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  chmodSync(dataDir, 0o711)
  await expect(start({ dataDir: join(closed, 'data') })).rejects.toMatchObject({
    code: 'unavailable',
    message: `the system user ${accountName}, who runs PostgreSQL, cannot pass through ${closed}`,
  })
})

test('binaries that its user cannot reach are copied to where he can', async ({ skip }) => {
  skip(!isRoot, onlyRoot)
  const account = await postgresAccount()
  const original = findPackage()
  const closed = join(dataDir, 'closed')
  cpSync(original.folder, closed, { recursive: true })
  chmodSync(closed, 0o700)
  chmodSync(dataDir, 0o711)
  const found = await findBinaries(account, dataDir, { ...original, folder: closed })
  expect(found.postgres).toBe(join(dataDir, `postgres-${original.version}`, 'native/bin/postgres'))
  expect(await findBinaries(account, dataDir, { ...original, folder: closed })).toEqual(found)
})

test('an ordinary user runs it as himself', async ({ skip }) => {
  skip(!isRoot, 'every other test here already is run by an ordinary user')
  skip(!canReach({ name: 'nobody', uid: 65_534, gid: 65_534 }, import.meta.dirname), 'the checkout is closed to others')
  const nobody = await findAccount('nobody')
  chmodSync(dataDir, 0o777)
  const { child, pid } = await startElsewhere(nobody!)
  expect(statSync(`/proc/${pid}`).uid).toBe(nobody!.uid)
  child.kill('SIGTERM')
  await once(child, 'exit')
  expect(child.exitCode).toBe(0)
})

test('SIGTERM to the server leaves no process behind', async () => {
  const { child } = await startElsewhere()
  child.kill('SIGTERM')
  await once(child, 'exit')
  expect(child.exitCode).toBe(0)
  expect(processesOf(dataDir)).toEqual([])
})

test('a server that is killed takes its database with it, and the next one goes on', async () => {
  const { child, pid, connection } = await startElsewhere()
  await keep(connection)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await using again = await start()
  expect(again.pid()).not.toBe(pid)
  expect(await kept(again.connection)).toEqual([{ x: 1 }])
})

test('a database that outlived its server is stopped before a new one starts', async () => {
  await (await start())[Symbol.asyncDispose]()
  const account = await postgresAccount()
  const folders = prepareFolders(dataDir, account)
  const { postgres } = await findBinaries(account, dataDir)
  const orphan = spawn(postgres, ['-D', folders.data, '-c', 'listen_addresses=', '-k', folders.socket], {
    ...childOptions(account, folders.home),
    stdio: 'ignore',
    detached: true,
  })
  started.push(orphan)
  await expect.poll(() => existsSync(join(folders.socket, '.s.PGSQL.5432'))).toBe(true)
  const log = recordingLog()
  await using again = await startEmbeddedPostgres({ dataDir, log, clock: systemClock })
  expect(orphan.exitCode).toBe(0)
  expect(isPostmasterOf(again.pid()!, folders.data)).toBe(true)
  expect(log.lines).toContainEqual({
    level: 'warn',
    message: 'stopping a PostgreSQL that an earlier server left behind',
    facts: { pid: orphan.pid },
  })
})

test('a pid file that names somebody else stops nobody', async () => {
  await (await start())[Symbol.asyncDispose]()
  const bystander = spawn('sleep', ['600'], { stdio: 'ignore' })
  started.push(bystander)
  writeFileSync(join(dataDir, 'postgres/data/postmaster.pid'), `${bystander.pid}\n/elsewhere\n1\n5432\n`)
  await using again = await start()
  expect(again.pid()).not.toBe(null)
  expect(bystander.exitCode ?? bystander.signalCode).toBe(null)
})

test('a database that crashes is started again, on the same socket, with what was committed', async () => {
  await using postgres = await start()
  await keep(postgres.connection)
  const first = postgres.pid()!
  process.kill(first, 'SIGKILL')
  await expect.poll(() => kept(postgres.connection).catch(() => null)).toEqual([{ x: 1 }])
  expect(postgres.pid()).not.toBe(first)
})

test('a database that freezes is an outage for its callers, who do not wait for ever', async () => {
  await using postgres = await start()
  const db = openDatabase(postgres.connection, { log: silentLog, applicationName: 'test', statementTimeoutMs: 100 })
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db.sql)
  process.kill(rows[0]!.pid, 'SIGSTOP')
  const failure = await sql`select 1`.execute(db.sql).catch((thrown: unknown) => thrown)
  expect(isOutage(failure)).toBe(true)
  expect((await sql`select 1`.execute(db.sql)).rows).toHaveLength(1)
  process.kill(rows[0]!.pid, 'SIGCONT')
  await db.close()
})

test('two servers on one data directory: the second is refused, the first does not notice', async () => {
  await using first = await start()
  const refusal = `another Reeve is running on ${dataDir}`
  await expect(start()).rejects.toMatchObject({ code: 'conflict', message: refusal })
  await expect(startElsewhere()).rejects.toThrow(refusal)
  await keep(first.connection)
})

test('a database whose making was killed is made anew', async () => {
  const isMaking = (line: object) => 'message' in line && line.message === 'making the database'
  const { child } = await startElsewhere({ until: isMaking })
  const home = join(dataDir, 'postgres')
  await expect.poll(() => readdirSync(home).some((name) => name.startsWith('data.new')), { interval: 5 }).toBe(true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(existsSync(join(home, 'data'))).toBe(false)
  await using postgres = await start()
  await keep(postgres.connection)
  expect(readdirSync(home).toSorted()).toEqual(['data', 'lock', 'run'])
})

test('the folder of another major version is refused with what to do', async () => {
  await (await start())[Symbol.asyncDispose]()
  writeFileSync(join(dataDir, 'postgres/data/PG_VERSION'), '17\n')
  await expect(start()).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('was made by PostgreSQL 17; this release of Reeve brings 18'),
    fix: expect.stringContaining('start the release of Reeve that made it'),
  })
})

test('a folder that is not a database is refused, and nothing in it is touched', async () => {
  await (await start())[Symbol.asyncDispose]()
  const data = join(dataDir, 'postgres/data')
  rmSync(data, { recursive: true })
  mkdirSync(data)
  await expect(start()).rejects.toThrow('is not a database of PostgreSQL')
})

test('a disk that is nearly full is refused before anything is written', async () => {
  await expect(start({ freeBytesMin: 2 ** 60 })).rejects.toThrow(/^the disk that holds .* is full: \d+ MiB are free/)
})

test('a data directory that cannot be written is refused with what to do', async () => {
  writeFileSync(join(dataDir, 'file'), '')
  await expect(start({ dataDir: join(dataDir, 'file') })).rejects.toMatchObject({
    message: expect.stringMatching(/cannot be written: E/),
    fix: expect.stringContaining('REEVE_DATA_DIR'),
  })
})

test('a path too long for a socket gets one in a short place of its own', async () => {
  chmodSync(dataDir, 0o711)
  const long = join(dataDir, 'x'.repeat(100))
  await using postgres = await start({ dataDir: long })
  const { socketDir } = Object(postgres.connection)
  expect(socketDir).toMatch(/^\/tmp\/reeve-postgres-\d+-[0-9a-f]{16}$/)
  expect(statSync(socketDir).mode & 0o777).toBe(0o700)
  await keep(postgres.connection)
  rmSync(socketDir, { recursive: true })
})

function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && isPostmasterOf(Number(name), join(folder, 'postgres/data'))
    } catch {
      return false
    }
  })
}
