import pg from 'pg'
import { type Connection, connectionOptions } from './connection.ts'

/** Runs one statement on a connection of its own, outside of any transaction. */
export async function administer<Row extends pg.QueryResultRow>(
  connection: Connection,
  statement: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client(connectionOptions(connection))
  await client.connect()
  try {
    return (await client.query<Row>(statement, values)).rows
  } finally {
    await client.end()
  }
}
