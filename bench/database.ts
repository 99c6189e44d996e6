import { join } from 'node:path'
import pg from 'pg'
import { type Connection, connectionOptions } from '../server/src/db/connection.ts'
import type { RunningServer } from '../test/support/server.ts'

/** One row of figures from the record, asked of PostgreSQL itself. */
export function figuresOf(server: RunningServer, text: string): Promise<Readonly<Record<string, number>>> {
  return figuresIn({ socketDir: join(server.dataDir, 'postgres/run'), database: 'reeve', user: 'reeve' }, text)
}

export async function figuresIn(connection: Connection, text: string): Promise<Readonly<Record<string, number>>> {
  const client = new pg.Client(connectionOptions(connection))
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, string>>(text)
    return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, value]) => [name, Number(value)]))
  } finally {
    await client.end()
  }
}

export const recordFigures = `
  select (select count(*) from interceptions) as interceptions,
         (select count(*) from interceptions where ended_at is not null) as ended,
         (select coalesce(sum(request_bytes + response_bytes), 0) from interceptions) as seen_bytes,
         (select coalesce(sum(length(bytes)), 0) from blobs) as stored_bytes,
         (select coalesce(sum(raw_bytes), 0) from blobs) as raw_bytes,
         (select count(*) from blobs) as blobs`
