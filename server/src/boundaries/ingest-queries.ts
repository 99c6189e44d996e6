import { type Uuid, uuidv7Floor } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor, Tx } from '../db/database.ts'
import type { EventRow } from './lines.ts'

/** SQL of taking lines in. */

export interface StoredLine {
  readonly seq: number
  readonly hash: Buffer
  readonly prev: Buffer | null
}

/** Of these numbers those that are there. The times bound the partitions that are looked at. */
export async function selectLines(
  db: Executor,
  session: { readonly id: Uuid; readonly started_at: Date },
  seqs: readonly number[],
  now: Date,
): Promise<Map<number, StoredLine>> {
  const rows = await db
    .selectFrom('boundary_events')
    .select(['seq', 'hash', 'prev'])
    .where('session_id', '=', session.id)
    .where('seq', '=', sql<number>`any(${seqs}::bigint[])`)
    .where('id', '>=', uuidv7Floor(session.started_at))
    .where('id', '<', uuidv7Floor(new Date(now.getTime() + 60_000)))
    .execute()
  return new Map(rows.map((row) => [row.seq, row]))
}

/** The days are there, and nobody drops them until the transaction ends. */
export async function keepDays(tx: Tx, days: readonly string[]): Promise<void> {
  for (const day of days.toSorted()) await sql`select keep_day(${day}::date)`.execute(tx)
}

export async function insertEvents(tx: Tx, rows: readonly EventRow[]): Promise<void> {
  if (rows.length > 0)
    await tx
      .insertInto('boundary_events')
      .values([...rows])
      .execute()
}
