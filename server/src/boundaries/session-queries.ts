import type { Uuid } from '@reeve/base'
import { type Insertable, type RawBuilder, type Selectable, sql, type Updateable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** SQL of the sessions of boundaries. */

/** Where a boundary runs; all null where that is no workspace. */
export const placeColumns = [
  'workspace_id',
  'workspace_name',
  'template_id',
  'template_name',
  'template_version_id',
  'build_id',
  'agent_id',
  'agent_name',
  'task_id',
  'task_name',
] as const
export type Place = Pick<StoredSession, (typeof placeColumns)[number]>

export type StoredSession = Selectable<Schema['boundary_sessions']>

export interface SessionRow extends StoredSession {
  readonly username: string
  readonly name: string
  readonly avatar_url: string
}

const sessions = (db: Executor) =>
  db
    .selectFrom('boundary_sessions as s')
    .innerJoin('users as u', 'u.id', 's.user_id')
    .selectAll('s')
    .select(['u.username', 'u.name', 'u.avatar_url'])

export const findSession = (db: Executor, id: Uuid): Promise<SessionRow | undefined> =>
  sessions(db).where('s.id', '=', id).executeTakeFirst()

/** Lines of one session are taken one batch after the other, whichever replica they come to. */
export const lockSession = (tx: Tx, id: Uuid): Promise<StoredSession | undefined> =>
  tx.selectFrom('boundary_sessions').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()

export async function insertSession(tx: Tx, row: Insertable<Schema['boundary_sessions']>): Promise<boolean> {
  const { numInsertedOrUpdatedRows = 0n } = await tx
    .insertInto('boundary_sessions')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows > 0n
}

export async function updateSession(
  tx: Executor,
  id: Uuid,
  set: Updateable<Schema['boundary_sessions']>,
): Promise<void> {
  await tx.updateTable('boundary_sessions').set(set).where('id', '=', id).execute()
}

/** Written at most every so often: a boundary that asks all the time is alive, and no more than that. */
export async function touchSession(db: Executor, id: Uuid, now: Date): Promise<void> {
  await sql`update boundary_sessions set last_seen_at = ${now}
    where id = ${id} and last_seen_at < ${now}::timestamptz - interval '20 seconds' and ended_at is null`.execute(db)
}

export type Condition = RawBuilder<unknown>

/** Whose stream is gone for so long without an end is lost. */
const lostAfter = sql`interval '10 minutes'`

/** As `statusOf` says it of a row. */
export const statusIs = (status: string, now: Date): Condition => {
  const complete = sql`(s.acknowledged_seq >= s.last_seq and s.lines >= s.last_seq + 1)`
  const isLost = sql`s.last_seen_at < ${now}::timestamptz - ${lostAfter}`
  if (status === 'ended') return sql`(s.ended_at is not null and ${complete})`
  if (status === 'truncated') return sql`(s.ended_at is not null and not ${complete})`
  return status === 'lost' ? sql`(s.ended_at is null and ${isLost})` : sql`(s.ended_at is null and not ${isLost})`
}

export const selectSessions = (
  db: Executor,
  where: Condition,
  { limit, afterId }: { readonly limit: number; readonly afterId: Uuid | null },
): Promise<SessionRow[]> =>
  sessions(db)
    .where(sql<boolean>`${where}`)
    .where(afterId === null ? sql<boolean>`true` : sql<boolean>`s.id < ${afterId}::uuid`)
    .orderBy('s.id', 'desc')
    .limit(limit)
    .execute()

export async function countSessions(db: Executor, where: Condition, max: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (
      select from boundary_sessions s join users u on u.id = s.user_id where ${where} limit ${max + 1}) as found`.execute(
    db,
  )
  return rows[0]?.count ?? 0
}

/** Told with the commit to every replica. */
export async function tellBoundaries(tx: Executor, notice: object): Promise<void> {
  await sql`select pg_notify('reeve_boundaries', ${JSON.stringify(notice)})`.execute(tx)
}
