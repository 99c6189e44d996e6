import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault, type Log } from '@reeve/base'
import pg from 'pg'
import { type Connection, connectionOptions } from './connection.ts'
import { sqlState } from './failures.ts'

/**
 * Brings a database to the shape that this release knows. Migrations are plain SQL files, `0001_name.sql`, forward only,
 * each in a transaction of its own together with the row that says that it ran and what its text hashed to.
 *
 * Replicas that start together: an advisory lock lets one of them migrate; the others wait and find nothing to do. Waits
 * for locks are short and tried again, so that a migration never queues in front of a running deployment's queries for
 * longer than `lockTimeoutMs`.
 */
export interface MigrateOptions {
  readonly log: Log
  /** Where the SQL files are; for tests. */
  readonly folder?: string
  /** How often a lock is waited for, `lockTimeoutMs` each time. */
  readonly lockAttempts?: number
  readonly lockTimeoutMs?: number
}

interface Migration {
  readonly number: number
  readonly name: string
  readonly text: string
  readonly sha256: string
}

/** Any number will do, as long as nothing else in the database locks the same one. */
const advisoryLock = 7_338_356_061
const oldestServer = 150_000
/** A lock that was not given in time, and a deadlock with the queries of a running deployment that ours was chosen to end. */
const lockedOut: ReadonlySet<string | null> = new Set(['55P03', '40P01'])

export async function migrate(connection: Connection, options: MigrateOptions): Promise<void> {
  const { log, lockAttempts = 30, lockTimeoutMs = 4_000 } = options
  const known = await readMigrations(options.folder ?? join(import.meta.dirname, 'migrations'))
  const client = new pg.Client({
    ...connectionOptions(connection),
    application_name: 'reeve migrate',
    connectionTimeoutMillis: 10_000,
    lock_timeout: lockTimeoutMs,
  })
  // A connection that breaks fails the query in flight; without a listener it would end the process too.
  client.on('error', () => {})
  const again = <T>(work: () => Promise<T>) => retryLocked(work, lockAttempts, log)
  await client.connect()
  try {
    await checkServer(client)
    await again(() => client.query('select pg_advisory_lock($1)', [advisoryLock]))
    for (const migration of await pending(client, known)) {
      await again(() => apply(client, migration))
      log.info({ migration: migration.name }, 'database migrated')
    }
  } finally {
    // Closing the connection gives the advisory lock back.
    await client.end()
  }
}

const waitMs = 2_000

/**
 * For a server that does not migrate: resolves when the database has the shape that this release knows. A database that
 * is behind is waited for, as the server that leads may be on its way; one that is ahead needs a newer release here.
 */
export async function waitForMigrations(
  connection: Connection,
  options: Pick<MigrateOptions, 'log' | 'folder'> & { readonly signal: AbortSignal },
): Promise<void> {
  const { log, folder = join(import.meta.dirname, 'migrations'), signal } = options
  const known = await readMigrations(folder)
  for (let tries = 0; ; tries++) {
    const missing = await look(connection, known)
    if (missing.length === 0) return
    if (tries === 0) {
      log.warn({ missing: missing.length }, 'waiting for a server with the role control to migrate the database')
    }
    await pause(waitMs, null, { signal }).catch(() => {
      throw new Fault('unavailable', 'asked to stop before the database was migrated')
    })
  }
}

async function look(connection: Connection, known: readonly Migration[]): Promise<readonly Migration[]> {
  const client = new pg.Client({
    ...connectionOptions(connection),
    application_name: 'reeve migrate',
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => {})
  await client.connect()
  try {
    await checkServer(client)
    const { rows } = await client.query<{ made: boolean }>(
      `select to_regclass('schema_migrations') is not null as made`,
    )
    return rows[0]?.made === true ? compare(await applied(client), known) : known
  } finally {
    await client.end()
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1])
      if (number !== index + 1) throw new Fault('internal', `the migration ${name} is not number ${index + 1}`)
      const text = await readFile(join(folder, name), 'utf8')
      return { number, name, text, sha256: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string; server_encoding: string }>(
    `select current_setting('server_version_num') as server_version_num, current_setting('server_encoding') as server_encoding`,
  )
  const { server_version_num: version, server_encoding: encoding } = rows[0]!
  if (Number(version) < oldestServer) {
    throw new Fault(
      'invalid',
      `the database is PostgreSQL ${Math.floor(Number(version) / 10_000)}; 15 or newer is needed`,
    )
  }
  if (encoding !== 'UTF8') {
    throw new Fault('invalid', `the database keeps text as ${encoding}; it must be created with encoding UTF8`)
  }
}

async function pending(client: pg.Client, known: readonly Migration[]): Promise<Migration[]> {
  await client.query(`create table if not exists schema_migrations (
    number     integer primary key,
    name       text not null,
    sha256     text not null,
    applied_at timestamptz not null default now()
  )`)
  return compare(await applied(client), known)
}

type Applied = Pick<Migration, 'number' | 'name' | 'sha256'>

async function applied(client: pg.Client): Promise<Applied[]> {
  const { rows } = await client.query<Applied>('select number, name, sha256 from schema_migrations order by number')
  return rows
}

/** What has not run yet. Refuses a history that is not the beginning of ours. */
function compare(ran: readonly Applied[], known: readonly Migration[]): Migration[] {
  for (const [index, { number, name, sha256 }] of ran.entries()) {
    const ours = known[index]
    if (ours === undefined) {
      throw new Fault('conflict', `the database was made by a newer release of Reeve: it has the migration ${name}`, {
        fix: 'start the newer release, or restore the backup from before the upgrade',
      })
    }
    if (ours.number !== number || ours.sha256 !== sha256) {
      throw new Fault('conflict', `the migration ${ours.name} is not the one that this database was made with`, {
        fix: 'start the release that made the database; a migration that has run is never edited',
      })
    }
  }
  return known.slice(ran.length)
}

async function apply(client: pg.Client, { number, name, text, sha256 }: Migration): Promise<void> {
  try {
    await client.query('begin')
    await client.query(text)
    await client.query('insert into schema_migrations (number, name, sha256) values ($1, $2, $3)', [
      number,
      name,
      sha256,
    ])
    await client.query('commit')
  } catch (thrown) {
    // When the connection is what broke, there is nothing left to undo, and the first error is the one that tells why.
    await client.query('rollback').catch(() => {})
    throw thrown
  }
}

async function retryLocked<T>(work: () => Promise<T>, attempts: number, log: Log): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (thrown) {
      if (!lockedOut.has(sqlState(thrown))) throw thrown
      if (attempt === attempts) {
        throw new Fault(
          'unavailable',
          'the database could not be migrated: something else holds a lock that is needed',
          {
            fix: 'look for another Reeve that is migrating, or for a long transaction in pg_stat_activity',
            cause: thrown,
          },
        )
      }
      log.info({ attempt }, 'waiting for a lock to migrate the database')
    }
  }
}
