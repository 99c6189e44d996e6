import pg from 'pg'
import { columnTypes } from '../../db/column-types.ts'
import { type Connection, connectionOptions } from '../../db/connection.ts'
import { type StatementName, statements } from './queries.ts'

/** One connection, with the drain's statements on it. */
export interface DrainConnection extends AsyncDisposable {
  run(name: StatementName, values: readonly unknown[]): Promise<pg.QueryResult>
  transaction<T>(work: () => Promise<T>): Promise<T>
}

const answerWithinMs = 60_000

/** Nothing on it waits for ever: a server that is frozen looks like one that is gone, and the drain begins again. */
export async function connectDrain(connection: Connection): Promise<DrainConnection> {
  const client = new pg.Client({
    ...connectionOptions(connection),
    types: columnTypes,
    application_name: 'reeve drain',
    connectionTimeoutMillis: 5_000,
    statement_timeout: answerWithinMs - 5_000,
    query_timeout: answerWithinMs,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 120_000,
  })
  // Whoever runs a query on a broken connection is told by that query.
  client.on('error', () => {})
  const close = async () => {
    client.connection.stream.destroy()
  }
  try {
    await client.connect()
  } catch (thrown) {
    await close()
    throw thrown
  }
  return {
    run: (name, values) => client.query({ name: `drain_${name}`, text: statements[name], values: [...values] }),
    async transaction(work) {
      await client.query('begin')
      try {
        const result = await work()
        await client.query('commit')
        return result
      } catch (thrown) {
        // What failed matters; that a broken connection cannot roll back either does not.
        await client.query('rollback').catch(() => {})
        throw thrown
      }
    },
    [Symbol.asyncDispose]: close,
  }
}
