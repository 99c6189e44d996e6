import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import type { Method } from '../outbox/events.ts'

/** SQL of telling: from the outbox to deliveries, and how these end. The inbox and settings are in `inbox-queries.ts`. */

export type MessageRow = Selectable<Schema['outbox_messages']>
export type DeliveryMethod = Exclude<Method, 'inbox'>

/** The next message that nobody is at. An event that this release does not know waits for one that does. */
export function lockNextMessage(tx: Tx, events: readonly string[]): Promise<MessageRow | undefined> {
  return tx
    .selectFrom('outbox_messages')
    .selectAll()
    .where('expanded_at', 'is', null)
    .where('event', 'in', events)
    .orderBy('id')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
}

export interface RecipientRow {
  readonly id: Uuid
  readonly username: string
  /** What he chose for the event, by method. */
  readonly own: Readonly<Record<string, boolean>>
}

/** The people whom a message is for, as they are now. Service accounts read nothing. */
export async function findRecipients(
  tx: Tx,
  message: MessageRow,
  reachesSuspended: boolean,
): Promise<readonly RecipientRow[]> {
  const audience = message.audience === 'owners' ? ['owner'] : ['owner', 'user-admin']
  const { rows } = await sql<RecipientRow>`
    select u.id, u.username, coalesce((
      select jsonb_object_agg(p.method, p.enabled) from notification_preferences p
      where p.user_id = u.id and p.event = ${message.event}), '{}') as own
    from users u
    where u.deleted_at is null and not u.is_service_account and (u.status <> 'suspended' or ${reachesSuspended})
      and case when ${message.audience}::text is null
        then u.id = any(${message.user_ids ?? []}::uuid[]) else u.roles && ${audience}::text[] end
    order by u.id`.execute(tx)
  return rows
}

export async function findOverride(db: Executor, event: string): Promise<Method | null> {
  const row = await db
    .selectFrom('notification_event_methods')
    .select('method')
    .where('event', '=', event)
    .executeTakeFirst()
  return row === undefined ? null : asMethod(row.method)
}

const asMethod = (text: string): Method => (text === 'smtp' || text === 'webhook' ? text : 'inbox')

export async function insertDeliveries(
  tx: Tx,
  rows: readonly Insertable<Schema['notification_deliveries']>[],
): Promise<void> {
  if (rows.length > 0)
    await tx
      .insertInto('notification_deliveries')
      .values([...rows])
      .execute()
}

export async function markExpanded(tx: Tx, id: Uuid, now: Date): Promise<void> {
  await tx.updateTable('outbox_messages').set({ expanded_at: now }).where('id', '=', id).execute()
}

export interface LeasedRow extends Selectable<Schema['notification_deliveries']> {
  readonly event: string
  readonly facts: unknown
  readonly sealed_facts: string | null
  readonly mail_to: string | null
  readonly happened_at: Date
  /** Null when the person is gone, or the delivery is to an address. */
  readonly email: string | null
  readonly username: string | null
  readonly name: string | null
}

/** Takes what is due for as long as `until`. Replicas that ask at the same time get different rows. */
export async function leaseDeliveries(
  db: Executor,
  lease: {
    readonly id: Uuid
    readonly method: DeliveryMethod
    readonly now: Date
    readonly until: Date
    readonly limit: number
  },
): Promise<readonly LeasedRow[]> {
  const { id, method, now, until, limit } = lease
  const { rows } = await sql<LeasedRow>`
    with due as (
      select id from notification_deliveries
      where status = 'pending' and method = ${method} and next_attempt_at <= ${now}
        and (leased_until is null or leased_until <= ${now})
      order by next_attempt_at, id limit ${limit} for update skip locked
    ), leased as (
      update notification_deliveries d set lease_id = ${id}, leased_until = ${until}, attempts = d.attempts + 1
      from due where d.id = due.id returning d.*
    )
    select l.*, m.event, m.facts, m.sealed_facts, m.mail_to, m.created_at as happened_at, u.email, u.username, u.name
    from leased l join outbox_messages m on m.id = l.message_id
    left join users u on u.id = l.user_id and u.deleted_at is null
    order by l.next_attempt_at, l.id`.execute(db)
  return rows
}

/** False when the lease was lost meanwhile: whoever has it now writes down how it ends. */
export async function recordAttempt(
  tx: Tx,
  delivery: { readonly id: Uuid; readonly messageId: Uuid; readonly leaseId: Uuid },
  set: {
    readonly status: string
    readonly lastError: string | null
    readonly nextAttemptAt: Date | null
    readonly now: Date
  },
): Promise<boolean> {
  const { id, messageId, leaseId } = delivery
  const ended = set.status !== 'pending'
  const { numUpdatedRows } = await tx
    .updateTable('notification_deliveries')
    .set({
      status: set.status,
      last_error: set.lastError,
      lease_id: null,
      leased_until: null,
      finished_at: ended ? set.now : null,
      ...(set.nextAttemptAt === null ? {} : { next_attempt_at: set.nextAttemptAt }),
    })
    .where('id', '=', id)
    .where('lease_id', '=', leaseId)
    .where('status', '=', 'pending')
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  if (ended) await forgetSecrets(tx, messageId)
  return true
}

/** What opens a door is kept for no longer than it takes to send it. */
export async function forgetSecrets(tx: Tx, messageId: Uuid): Promise<void> {
  await tx.updateTable('outbox_messages').set({ sealed_facts: null }).where('id', '=', messageId).execute()
}

export interface QueueRow {
  readonly method: DeliveryMethod
  readonly queued: number
  readonly failed: number
  readonly oldest: Date | null
}

export async function measureQueue(db: Executor): Promise<readonly QueueRow[]> {
  const { rows } = await sql<QueueRow>`
    select method, count(*) filter (where status = 'pending')::integer as queued,
      count(*) filter (where status = 'failed')::integer as failed,
      min(created_at) filter (where status = 'pending') as oldest
    from notification_deliveries where status in ('pending', 'failed') group by method`.execute(db)
  return rows
}

export interface DeliveryRow extends Selectable<Schema['notification_deliveries']> {
  readonly event: string
  readonly recipient: string | null
}

const deliveries = (db: Executor) =>
  db
    .selectFrom('notification_deliveries as d')
    .innerJoin('outbox_messages as m', 'm.id', 'd.message_id')
    .leftJoin('users as u', 'u.id', 'd.user_id')
    .selectAll('d')
    .select(['m.event', sql<string | null>`coalesce(u.username, m.mail_to)`.as('recipient')])

export function selectDeliveries(
  db: Executor,
  filter: { readonly status: string | null; readonly afterId: Uuid | null; readonly limit: number },
): Promise<DeliveryRow[]> {
  let query = deliveries(db).orderBy('d.id', 'desc').limit(filter.limit)
  if (filter.status !== null) query = query.where('d.status', '=', filter.status)
  if (filter.afterId !== null) query = query.where('d.id', '<', filter.afterId)
  return query.execute()
}

export const findDelivery = (db: Executor, id: Uuid): Promise<DeliveryRow | undefined> =>
  deliveries(db).where('d.id', '=', id).executeTakeFirst()

/** A failed delivery begins its life again, under its id. False when it has not failed. */
export async function reviveDelivery(tx: Tx, id: Uuid, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('notification_deliveries')
    .set({ status: 'pending', attempts: 0, next_attempt_at: now, finished_at: null })
    .where('id', '=', id)
    .where('status', '=', 'failed')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** In the order of their references. What waits stays, however old it is. */
export async function deleteOld(db: Executor, before: { readonly told: Date; readonly inbox: Date }): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('outbox_messages as m')
    .where('m.created_at', '<', before.told)
    .where('m.expanded_at', 'is not', null)
    .where(
      sql<boolean>`not exists (
        select from notification_deliveries d where d.message_id = m.id and d.status = 'pending')`,
    )
    .executeTakeFirst()
  await db.deleteFrom('inbox_notifications').where('created_at', '<', before.inbox).execute()
  await db.deleteFrom('sign_in_places').where('last_seen_at', '<', before.inbox).execute()
  return Number(numDeletedRows)
}

/** Tokens of people that end within the time, but for those that were made for no longer than that. */
export async function findExpiringTokens(
  db: Executor,
  now: Date,
  withinMs: number,
): Promise<
  readonly {
    readonly id: string
    readonly user_id: Uuid
    readonly username: string
    readonly token_name: string
    readonly expires_at: Date
    readonly is_service_account: boolean
  }[]
> {
  return db
    .selectFrom('api_keys as k')
    .innerJoin('users as u', 'u.id', 'k.user_id')
    .select(['k.id', 'k.user_id', 'u.username', 'k.token_name', 'k.expires_at', 'u.is_service_account'])
    .where('k.login_type', '=', 'token')
    .where('k.workspace_id', 'is', null)
    .where('k.expires_at', '>', now)
    .where('k.expires_at', '<=', new Date(now.getTime() + withinMs))
    .where(sql<boolean>`k.lifetime_seconds > ${withinMs / 1000}`)
    .where('u.deleted_at', 'is', null)
    .orderBy('k.id')
    .execute()
}

/** Whoever sends looks again when the transaction commits. */
export async function notifySenders(tx: Tx, channel: string): Promise<void> {
  await sql`select pg_notify(${channel}, '')`.execute(tx)
}

/** Receivers of the audit log that have taken nothing for a while. */
export const findFailingSinks = (db: Executor, failingBefore: Date) =>
  db
    .selectFrom('audit_sinks')
    .select(['id', 'name', 'last_error', sql<Date>`failing_since`.as('failing_since')])
    .where('failing_since', '<=', failingBefore)
    .orderBy('id')
    .execute()
