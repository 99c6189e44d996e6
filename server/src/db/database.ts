import type { Log } from '@reeve/base'
import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import pg from 'pg'
import type { Schema } from './__generated__/schema.ts'
import { columnTypes } from './column-types.ts'
import { closeNow, type Connection, connectionOptions } from './connection.ts'

export type { Connection } from './connection.ts'
export type Tx = Transaction<Schema>
/** What a query may run on: a pool, each statement on its own, or a transaction. */
export type Executor = Kysely<Schema> | Tx

export interface Database {
  readonly sql: Kysely<Schema>
  /** Commits what `work` did when it resolves, undoes it when it throws. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Reads that all see the database as it was at the first of them. */
  snapshot<T>(read: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
  /** How to reach the same database from elsewhere, such as a worker thread: plain data. */
  readonly connection: Connection
}

export interface DatabaseOptions {
  readonly log: Log
  readonly poolSize?: number
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string
  readonly statementTimeoutMs?: number
}

const connectTimeoutMs = 5_000
const lockTimeoutMs = 10_000
const idleInTransactionTimeoutMs = 30_000
/** How much longer than the server's own limit we wait before a connection counts as dead. */
const silenceMs = 5_000

/**
 * A pool of connections. Nothing in it waits for ever: the server cancels a statement, a lock wait or a forgotten
 * transaction, and when the server itself is frozen or unreachable the client gives the connection up. It connects when
 * first used, so that opening it never fails.
 */
export function openDatabase(connection: Connection, options: DatabaseOptions): Database {
  const { log, poolSize = 10, applicationName, statementTimeoutMs = 15_000 } = options
  const pool = new pg.Pool({
    ...connectionOptions(connection),
    types: columnTypes,
    max: poolSize,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + silenceMs,
    lock_timeout: Math.min(lockTimeoutMs, statementTimeoutMs),
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
  })
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process. While
  // the pool closes, the server may be stopping too.
  pool.on('error', (error: Error & { code?: string }) => {
    if (pool.ending) return
    log.warn({ error: error.message, code: error.code, applicationName }, 'an idle database connection broke')
  })
  pool.on('connect', (client) => {
    // The same error reaches whoever runs a query on the connection; this one would end the process.
    client.on('error', () => {})
    closeWhenSilent(client)
  })

  const sql = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
  return {
    sql,
    connection,
    transaction: (work) => sql.transaction().execute(work),
    snapshot: (read) => sql.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read),
    close: () => sql.destroy(),
  }
}

/**
 * Closes a connection that did not answer in time: its answer may still come, and would then be taken for the answer to
 * the next query.
 */
function closeWhenSilent(client: pg.PoolClient): void {
  const query = client.query.bind(client)
  // SAFETY: the overloads of `query` are kept; only the promise that one of them returns is looked at.
  client.query = ((...args: Parameters<typeof query>) => {
    const answer: unknown = query(...args)
    if (!(answer instanceof Promise)) return answer
    return answer.catch((thrown: unknown) => {
      if (thrown instanceof Error && thrown.message === 'Query read timeout') closeNow(client)
      throw thrown
    })
  }) as typeof client.query
}
