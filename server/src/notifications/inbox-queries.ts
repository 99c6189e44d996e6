import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import type { Method } from '../outbox/events.ts'

/** SQL of what people read and choose. */

export type InboxRow = Selectable<Schema['inbox_notifications']>

/** Payload: JSON of `{user, id}`; the id is null when only the number of unread ones changed. */
export const inboxChannel = 'reeve_inbox'

const announce = (tx: Tx, user: Uuid, id: Uuid | null) =>
  sql`select pg_notify(${inboxChannel}, ${JSON.stringify({ user, id })})`.execute(tx)

export async function insertInbox(tx: Tx, rows: readonly Insertable<Schema['inbox_notifications']>[]): Promise<void> {
  if (rows.length === 0) return
  await tx
    .insertInto('inbox_notifications')
    .values([...rows])
    .execute()
  for (const { user_id, id } of rows) await announce(tx, user_id, id)
}

export async function selectInbox(
  db: Executor,
  userId: Uuid,
  page: { readonly readStatus: 'all' | 'read' | 'unread'; readonly limit: number; readonly before: Uuid | null },
): Promise<InboxRow[]> {
  let query = db
    .selectFrom('inbox_notifications')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('id', 'desc')
    .limit(page.limit)
  if (page.readStatus !== 'all') query = query.where('read_at', page.readStatus === 'read' ? 'is not' : 'is', null)
  if (page.before !== null) query = query.where('id', '<', page.before)
  return query.execute()
}

export function findInboxEntry(db: Executor, userId: Uuid, id: Uuid): Promise<InboxRow | undefined> {
  return db
    .selectFrom('inbox_notifications')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst()
}

export async function countUnread(db: Executor, userId: Uuid): Promise<number> {
  const { count } = await db
    .selectFrom('inbox_notifications')
    .select(sql<number>`count(*)::integer`.as('count'))
    .where('user_id', '=', userId)
    .where('read_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}

/** Null when the entry is not one of this person. */
export async function setReadAt(tx: Tx, userId: Uuid, id: Uuid, readAt: Date | null): Promise<InboxRow | null> {
  const row = await tx
    .updateTable('inbox_notifications')
    .set({ read_at: readAt === null ? null : sql<Date>`coalesce(read_at, ${readAt})` })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  if (row !== undefined) await announce(tx, userId, null)
  return row ?? null
}

export async function markAllRead(tx: Tx, userId: Uuid, now: Date): Promise<void> {
  await tx
    .updateTable('inbox_notifications')
    .set({ read_at: now })
    .where('user_id', '=', userId)
    .where('read_at', 'is', null)
    .execute()
  await announce(tx, userId, null)
}

export interface PreferenceRow {
  readonly event: string
  readonly method: string
  readonly enabled: boolean
}

export const selectPreferences = (db: Executor, userId: Uuid): Promise<PreferenceRow[]> =>
  db
    .selectFrom('notification_preferences')
    .select(['event', 'method', 'enabled'])
    .where('user_id', '=', userId)
    .execute()

export async function setPreference(tx: Tx, userId: Uuid, wish: PreferenceRow, now: Date): Promise<void> {
  await tx
    .insertInto('notification_preferences')
    .values({ user_id: userId, ...wish, updated_at: now })
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'event', 'method']).doUpdateSet({ enabled: wish.enabled, updated_at: now }),
    )
    .execute()
}

export async function selectOverrides(db: Executor): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('notification_event_methods').select(['event', 'method']).execute()
  return new Map(rows.map(({ event, method }) => [event, method]))
}

export async function setOverride(tx: Tx, event: string, method: Method | null, now: Date): Promise<void> {
  if (method === null) await tx.deleteFrom('notification_event_methods').where('event', '=', event).execute()
  else {
    await tx
      .insertInto('notification_event_methods')
      .values({ event, method, updated_at: now })
      .onConflict((conflict) => conflict.column('event').doUpdateSet({ method, updated_at: now }))
      .execute()
  }
}

export async function isPaused(db: Executor): Promise<boolean> {
  return (
    (await db.selectFrom('notification_settings').select('notifier_paused').executeTakeFirst())?.notifier_paused ===
    true
  )
}

/** Whoever sends looks again when the transaction commits. */
export async function setPaused(tx: Tx, paused: boolean, now: Date, channel: string): Promise<void> {
  await tx
    .insertInto('notification_settings')
    .values({ notifier_paused: paused, updated_at: now })
    .onConflict((conflict) => conflict.column('only_row').doUpdateSet({ notifier_paused: paused, updated_at: now }))
    .execute()
  await sql`select pg_notify(${channel}, '')`.execute(tx)
}
