import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** SQL of legal holds. */

export interface HoldRow extends Selectable<Schema['legal_holds']> {
  readonly username: string | null
  readonly name: string | null
  readonly avatar_url: string | null
  readonly creator_username: string | null
  readonly creator_name: string | null
  readonly creator_avatar_url: string | null
}

/**
 * Whoever places a hold and whoever removes take turns, until their transactions end. Who removes asks for holds after
 * this: a hold that was placed between his first look and his removal is seen.
 */
export async function lockHolds(tx: Tx): Promise<void> {
  await sql`select lock_legal_holds()`.execute(tx)
}

const holds = (db: Executor) =>
  db
    .selectFrom('legal_holds as h')
    .leftJoin('users as u', 'u.id', 'h.user_id')
    .leftJoin('users as c', 'c.id', 'h.created_by')
    .selectAll('h')
    .select(['u.username', 'u.name', 'u.avatar_url'])
    .select(['c.username as creator_username', 'c.name as creator_name', 'c.avatar_url as creator_avatar_url'])

export async function selectHolds(db: Executor): Promise<HoldRow[]> {
  return holds(db).orderBy('h.id', 'desc').execute()
}

export async function selectHold(db: Executor, id: Uuid): Promise<HoldRow | undefined> {
  return holds(db).where('h.id', '=', id).executeTakeFirst()
}

export async function insertHold(tx: Tx, row: Insertable<Schema['legal_holds']>): Promise<void> {
  await tx.insertInto('legal_holds').values(row).execute()
}

export async function releaseHold(
  tx: Tx,
  id: Uuid,
  release: { readonly at: Date; readonly by: Uuid; readonly reason: string },
): Promise<void> {
  await tx
    .updateTable('legal_holds')
    .set({ released_at: release.at, released_by: release.by, release_reason: release.reason })
    .where('id', '=', id)
    .execute()
}

/** People whom a hold may be about, also those who were deleted. */
export async function selectHeldUser(db: Executor, given: string): Promise<{ id: Uuid; username: string } | undefined> {
  return db
    .selectFrom('users')
    .select(['id', 'username'])
    .where((where) =>
      where.or([sql<boolean>`id::text = lower(${given})`, sql<boolean>`lower(username) = lower(${given})`]),
    )
    .orderBy(sql`deleted_at is not null`)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Whether an interception, under this alias, is held. */
export const isHeld = (alias: string) =>
  sql<boolean>`exists (select from legal_holds h where h.released_at is null and ${coversInterception(alias)})`

/** What the hold `h` is about; `is_held_event` in the database says the same of events. */
const coversInterception = (alias: string) => {
  const column = (name: string) => sql.ref(`${alias}.${name}`)
  return sql<boolean>`(h.user_id is null or ${column('user_id')} = h.user_id)
    and (h.session_id is null or ${column('session_id')} = h.session_id)
    and (h.from_at is null or ${column('id')} >= uuidv7_floor(h.from_at))
    and (h.to_at is null or ${column('id')} < uuidv7_floor(h.to_at))`
}

/** What a hold is about: what is in all of those that are given. */
export interface HoldAbout {
  readonly userId: Uuid | null
  readonly sessionId: Uuid | null
  readonly from: Date | null
  readonly to: Date | null
}

const countedUpTo = 10_000

const within = ({ from, to }: HoldAbout, id: string) => sql`(${from}::timestamptz is null
    or ${sql.ref(id)} >= uuidv7_floor(${from}::timestamptz))
  and (${to}::timestamptz is null or ${sql.ref(id)} < uuidv7_floor(${to}::timestamptz))`

/** Each by an index: an event is of a person in one of three ways. */
function coveredEvents(about: HoldAbout) {
  const { userId, sessionId } = about
  const inTime = within(about, 'e.id')
  const ofSession = sessionId === null ? sql`true` : sql`e.resource_id = ${sessionId}::text`
  if (userId === null) return sql`select e.id from audit_events e where ${ofSession} and ${inTime}`
  return sql`
    select e.id from audit_events e where e.actor_id = ${userId}::uuid and ${ofSession} and ${inTime}
    union select e.id from audit_events e where e.resource_id = ${userId}::text and ${ofSession} and ${inTime}
    union select e.id from audit_events e
      where e.diff ? 'user_id' and e.diff -> 'user_id' ->> 'new' = ${userId}::text and ${ofSession} and ${inTime}`
}

/** How much there is that a hold is about, or was, or would be. */
export async function countCovered(
  db: Executor,
  about: HoldAbout,
): Promise<{ interceptions: number; sessions: number; audit_events: number }> {
  const { userId, sessionId } = about
  const requests = sql`interceptions i where (${userId}::uuid is null or i.user_id = ${userId}::uuid)
    and (${sessionId}::uuid is null or i.session_id = ${sessionId}::uuid) and ${within(about, 'i.id')}`
  const upTo = sql`limit ${countedUpTo}`
  const { rows } = await sql<{ interceptions: number; sessions: number; audit_events: number }>`
    select
      (select count(*)::int from (select from ${requests} ${upTo}) as each) as interceptions,
      (select count(*)::int from (select distinct i.session_id from ${requests} ${upTo}) as each) as sessions,
      (select count(*)::int from (select from (${coveredEvents(about)}) as e ${upTo}) as each) as audit_events`.execute(
    db,
  )
  return rows[0] ?? { interceptions: 0, sessions: 0, audit_events: 0 }
}
