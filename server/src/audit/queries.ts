import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

export async function insertAuditEvent(tx: Tx, row: Insertable<Schema['audit_events']>): Promise<void> {
  await tx.insertInto('audit_events').values(row).execute()
}

export interface AuditRow extends Selectable<Schema['audit_events']> {
  readonly username: string | null
  readonly name: string | null
  readonly avatar_url: string | null
}

export interface AuditFilter {
  readonly actions: readonly string[]
  readonly resourceTypes: readonly string[]
  readonly resourceIds: readonly string[]
  readonly outcomes: readonly string[]
  readonly usernames: readonly string[]
  /** Bounds of the id, which holds the time: from this one, up to and without that one. */
  readonly from: Uuid | null
  readonly before: Uuid | null
}

const countMax = 10_000

/** Newest first. The actor may be a tombstone by now: what is left of it still names the person. */
export async function selectAuditEvents(
  db: Executor,
  filter: AuditFilter,
  page: { readonly limit: number; readonly afterId: Uuid | null },
): Promise<{ rows: AuditRow[]; count: number }> {
  let query = db.selectFrom('audit_events as e').leftJoin('users as u', 'u.id', 'e.actor_id')
  const lists = [
    ['e.action', filter.actions],
    ['e.resource_type', filter.resourceTypes],
    ['e.resource_id', filter.resourceIds],
    ['e.outcome', filter.outcomes],
    ['u.username', filter.usernames],
  ] as const
  for (const [column, values] of lists) {
    if (values.length === 0) continue
    query = query.where(
      sql<boolean>`lower(${sql.ref(column)}) = any(${values.map((value) => value.toLowerCase())}::text[])`,
    )
  }
  if (filter.from !== null) query = query.where('e.id', '>=', filter.from)
  if (filter.before !== null) query = query.where('e.id', '<', filter.before)
  const { count } = await db
    .selectFrom(query.select('e.id').limit(countMax).as('found'))
    .select(sql<number>`count(*)::integer`.as('count'))
    .executeTakeFirstOrThrow()
  let list = query
    .selectAll('e')
    .select(['u.username', 'u.name', 'u.avatar_url'])
    .orderBy('e.id', 'desc')
    .limit(page.limit)
  if (page.afterId !== null) list = list.where('e.id', '<', page.afterId)
  return { rows: await list.execute(), count }
}
