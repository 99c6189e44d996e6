import type { Uuid } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor, Tx } from '../db/database.ts'
import { ownerColumns } from './event-queries.ts'
import type { Place } from './session-queries.ts'

/** The SQL of the numbers that lines have for sinks. */

/**
 * The number before the next so many. Until the transaction ends nobody else gets any: whoever sees a number as taken
 * sees every line below it, and one that is rolled back leaves no hole.
 */
export async function takeNumbers(tx: Tx, count: number): Promise<number> {
  const { rows } = await sql<{ before: number }>`
    update boundary_records set records = records + ${count} returning records - ${count}::bigint as before`.execute(tx)
  const [taken] = rows
  if (taken === undefined) throw new Error('the database has no row that numbers events of boundaries')
  return taken.before
}

export interface JournalHead {
  readonly journal: Uuid
  /** How many lines have had a number. */
  readonly records: number
}

export const findHead = (db: Executor): Promise<JournalHead | undefined> =>
  db.selectFrom('boundary_records').select(['journal', 'records']).where('records', '>', 0).executeTakeFirst()

/** The lowest number that is still there; null when none is. */
export async function findFirstNumber(db: Executor): Promise<number | null> {
  const row = await db
    .selectFrom('boundary_events')
    .select('record_no')
    .where('record_no', 'is not', null)
    .orderBy('record_no')
    .limit(1)
    .executeTakeFirst()
  return row?.record_no ?? null
}

export interface NumberedRow extends Place {
  readonly record_no: number
  /** Of the line. */
  readonly id: Uuid
  readonly at: Date
  readonly line: string
  readonly session_id: Uuid
  readonly hostname: string
  readonly user_id: Uuid
  readonly username: string
}

/** The next lines behind a number, up to another, by their numbers. */
export async function findNumbered(db: Executor, after: number, upTo: number, limit: number): Promise<NumberedRow[]> {
  const { rows } = await sql<NumberedRow>`
    select e.record_no, e.id, e.at, e.line, e.session_id, s.hostname, e.user_id, ${ownerColumns}
    from boundary_events e
    join boundary_sessions s on s.id = e.session_id
    join users u on u.id = e.user_id
    where e.record_no > ${after} and e.record_no <= ${upTo}
    order by e.record_no limit ${limit}`.execute(db)
  return rows
}
