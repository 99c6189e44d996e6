import type { Uuid } from '@reeve/base'
import { type Insertable, type RawBuilder, type Selectable, sql } from 'kysely'
import type { Visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import type { AuditFilter } from './search.ts'

export async function insertAuditEvent(tx: Tx, row: Insertable<Schema['audit_events']>): Promise<void> {
  await tx.insertInto('audit_events').values(row).execute()
}

export interface AuditRow extends Selectable<Schema['audit_events']> {
  readonly seq: number | null
  readonly hash: Buffer | null
  readonly username: string | null
  readonly name: string | null
  readonly avatar_url: string | null
}

const countMax = 10_000

/** The events that match and may be seen. The actor may be a tombstone by now: what is left of it still names the person. */
function matching(db: Executor, filter: AuditFilter, visible: Visibility) {
  let query = db
    .selectFrom('audit_events as e')
    .leftJoin('users as u', 'u.id', 'e.actor_id')
    .leftJoin('audit_links as l', 'l.event_id', 'e.id')
    .where(
      visibleRows(visible, {
        id: sql.ref('e.id'),
        owner: null,
        organization: sql.ref('e.organization_id'),
        accessList: null,
      }),
    )
  for (const condition of conditions(filter)) query = query.where(condition)
  return query
}

function conditions(filter: AuditFilter): RawBuilder<boolean>[] {
  const found: RawBuilder<boolean>[] = []
  const lists = [
    ['e.action', filter.actions],
    ['e.resource_type', filter.resourceTypes],
    ['e.resource_id', filter.resourceIds],
    ['e.resource_target', filter.resourceTargets],
    ['e.outcome', filter.outcomes],
    ['e.source', filter.sources],
    ['e.request_id', filter.requestIds],
    ['u.username', filter.usernames],
  ] as const
  for (const [column, values] of lists) {
    if (values.length === 0) continue
    found.push(sql`lower(${sql.ref(column)}) = any(${values.map((value) => value.toLowerCase())}::text[])`)
  }
  if (filter.ids.length > 0) found.push(sql`e.id::text = any(${filter.ids.map((id) => id.toLowerCase())}::text[])`)
  if (filter.networks.length > 0) found.push(sql`e.ip <<= any(${[...filter.networks]}::inet[])`)
  if (filter.reasons.length > 0) found.push(sql`e.reason ilike any(${filter.reasons.map(anywhere)}::text[])`)
  if (filter.organizations.length > 0) {
    found.push(sql`e.organization_id in (select o.id from organizations o
      where o.id::text = any(${[...filter.organizations]}::text[])
        or lower(o.name) = any(${filter.organizations.map((name) => name.toLowerCase())}::text[]))`)
  }
  if (filter.actorTypes.length > 0) {
    found.push(sql`case when e.actor_id is null then 'nobody' when u.is_service_account then 'service_account'
      else 'user' end = any(${[...filter.actorTypes]}::text[])`)
  }
  for (const word of filter.words) {
    found.push(sql`concat_ws(' ', e.resource_target, e.resource_type, e.resource_id, e.action, e.reason, u.username)
      ilike ${anywhere(word)}`)
  }
  if (filter.from !== null) found.push(sql`e.id >= ${filter.from}::uuid`)
  if (filter.before !== null) found.push(sql`e.id < ${filter.before}::uuid`)
  return found
}

const anywhere = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`

/** Newest first. */
export async function selectAuditEvents(
  db: Executor,
  filter: AuditFilter,
  visible: Visibility,
  page: { readonly limit: number; readonly afterId: Uuid | null },
): Promise<{ rows: AuditRow[]; count: number }> {
  const query = matching(db, filter, visible)
  const { count } = await db
    .selectFrom(query.select('e.id').limit(countMax).as('found'))
    .select(sql<number>`count(*)::integer`.as('count'))
    .executeTakeFirstOrThrow()
  let list = query
    .selectAll('e')
    .select(['l.seq', 'l.hash', 'u.username', 'u.name', 'u.avatar_url'])
    .orderBy('e.id', 'desc')
    .limit(page.limit)
  if (page.afterId !== null) list = list.where('e.id', '<', page.afterId)
  return { rows: await list.execute(), count }
}

/** Oldest first: the next ones in the chain after a place, up to and with another. */
export async function selectChained(
  db: Executor,
  filter: AuditFilter,
  visible: Visibility,
  range: { readonly afterSeq: number; readonly upToSeq: number; readonly limit: number },
): Promise<AuditRow[]> {
  return matching(db, filter, visible)
    .selectAll('e')
    .select(['l.seq', 'l.hash', 'u.username', 'u.name', 'u.avatar_url'])
    .where('l.seq', '>', range.afterSeq)
    .where('l.seq', '<=', range.upToSeq)
    .orderBy('l.seq')
    .limit(range.limit)
    .execute()
}

/** Every place of the chain in a range, with its event where it is still there. */
export async function selectPlaces(
  db: Executor,
  range: { readonly afterSeq: number; readonly upToSeq: number; readonly limit: number },
): Promise<{ seq: number; hash: Buffer; event_id: Uuid; event: AuditRow | null }[]> {
  const rows = await db
    .selectFrom('audit_links as l')
    .leftJoin('audit_events as e', 'e.id', 'l.event_id')
    .leftJoin('users as u', 'u.id', 'e.actor_id')
    .selectAll('e')
    .select(['l.seq', 'l.hash', 'l.event_id', 'u.username', 'u.name', 'u.avatar_url'])
    .where('l.seq', '>', range.afterSeq)
    .where('l.seq', '<=', range.upToSeq)
    .orderBy('l.seq')
    .limit(range.limit)
    .execute()
  return rows.map((row) => ({
    seq: row.seq,
    hash: row.hash,
    event_id: row.event_id,
    // SAFETY: a left join gives all of the event's columns or none, and its id is never null.
    event: row.id === null ? null : (row as AuditRow),
  }))
}

export interface Chain {
  readonly seq: number
  readonly hash: Buffer
  readonly removed_seq: number
}

export async function selectChain(db: Executor): Promise<Chain> {
  return db.selectFrom('audit_chain').select(['seq', 'hash', 'removed_seq']).executeTakeFirstOrThrow()
}

/** Events that an older release wrote, oldest first. */
export async function selectUnchained(db: Executor, limit: number): Promise<Selectable<Schema['audit_events']>[]> {
  return db
    .selectFrom('audit_events as e')
    .selectAll('e')
    .where('e.content_sha256', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('audit_links as l').select('l.seq').whereRef('l.event_id', '=', 'e.id'))),
    )
    .orderBy('e.id')
    .limit(limit)
    .execute()
}

/** Events that have no place although they have a hash: nothing of ours leaves one. */
export async function selectStrayIds(db: Executor, limit: number): Promise<Uuid[]> {
  const rows = await db
    .selectFrom('audit_events as e')
    .leftJoin('audit_links as l', 'l.event_id', 'e.id')
    .select('e.id')
    .where('l.seq', 'is', null)
    .orderBy('e.id')
    .limit(limit)
    .execute()
  return rows.map((row) => row.id)
}

export async function linkEvent(tx: Tx, id: Uuid, content: Uint8Array): Promise<void> {
  await sql`select link_audit_event(${id}::uuid, ${Buffer.from(content)})`.execute(tx)
}

/** One replica at a time does what the name says; the lock goes with the transaction. */
export async function tryAuditLock(tx: Tx, name: 'checkpoint' | 'chain'): Promise<boolean> {
  const { rows } = await sql<{ ours: boolean }>`
    select pg_try_advisory_xact_lock(hashtext(${`reeve audit ${name}`})) as ours`.execute(tx)
  return rows[0]?.ours === true
}
