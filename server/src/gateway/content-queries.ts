import { type Uuid, uuidv7Floor } from '@reeve/base'
import { type Insertable, sql } from 'kysely'
import type { Visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** The SQL of who read whose words. */

/** Counting further helps nobody. */
const countMax = 10_000

interface Wanted {
  readonly user_id: Uuid
  readonly organization_id: Uuid
  readonly sessionId: Uuid | null
  readonly how: string
}

/** Until the transaction ends, the reader's other requests wait with theirs. */
export async function lockReader(tx: Tx, readerId: Uuid): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`content_reads ${readerId}`}, 0))`.execute(tx)
}

/** Counts up the records that are still open. Resolves with what they are of. */
export async function countReading(
  tx: Tx,
  of: { readonly readerId: Uuid; readonly reason: string | null; readonly since: Date; readonly at: Date },
  wanted: readonly Wanted[],
): Promise<Wanted[]> {
  const { rows } = await sql<Wanted>`
    update content_reads r set times = r.times + 1, last_at = greatest(r.last_at, ${of.at})
    from unnest(${wanted.map((one) => one.user_id)}::uuid[], ${wanted.map((one) => one.organization_id)}::uuid[],
      ${wanted.map((one) => one.sessionId)}::uuid[], ${wanted.map((one) => one.how)}::text[])
      as w (owner_id, organization_id, session_id, how)
    where r.reader_id = ${of.readerId} and r.id >= ${uuidv7Floor(of.since)}::uuid and r.first_at > ${of.since}
      and r.owner_id = w.owner_id and r.organization_id = w.organization_id and r.how = w.how
      and r.session_id is not distinct from w.session_id and r.reason is not distinct from ${of.reason}
    returning r.owner_id as user_id, r.organization_id, r.session_id as "sessionId", r.how`.execute(tx)
  return rows
}

export async function insertContentReads(tx: Tx, rows: Insertable<Schema['content_reads']>[]): Promise<void> {
  await tx.insertInto('content_reads').values(rows).execute()
}

export interface ContentReadRow {
  readonly id: Uuid
  readonly reader_id: Uuid
  readonly reader_roles: string[]
  readonly owner_id: Uuid
  readonly organization_id: Uuid
  readonly session_id: Uuid | null
  readonly interception_id: Uuid | null
  readonly how: string
  readonly reason: string | null
  readonly first_at: Date
  readonly last_at: Date
  readonly times: number
  readonly request_id: string
  readonly reader_username: string
  readonly reader_name: string
  readonly reader_avatar_url: string
  readonly owner_username: string
  readonly owner_name: string
  readonly owner_avatar_url: string
}

/** Newest first. Null stands for the owner himself, who sees all of it whatever the organization. */
export async function findContentReads(
  db: Executor,
  ownerId: Uuid,
  visible: Visibility | null,
  page: { readonly limit: number; readonly afterId: Uuid | null },
): Promise<{ rows: ContentReadRow[]; count: number }> {
  const seen =
    visible === null
      ? sql`true`
      : visibleRows(visible, {
          id: sql`r.id`,
          owner: null,
          organization: sql`r.organization_id`,
          accessList: null,
        })
  const condition = sql`r.owner_id = ${ownerId} and ${seen}`
  const after = page.afterId === null ? sql`true` : sql`r.id < ${page.afterId}::uuid`
  const { rows } = await sql<ContentReadRow>`
    select r.*, coalesce(u.username, '') as reader_username, coalesce(u.name, '') as reader_name,
      coalesce(u.avatar_url, '') as reader_avatar_url, coalesce(o.username, '') as owner_username,
      coalesce(o.name, '') as owner_name, coalesce(o.avatar_url, '') as owner_avatar_url
    from content_reads r left join users u on u.id = r.reader_id left join users o on o.id = r.owner_id
    where ${condition} and ${after} order by r.id desc limit ${page.limit}`.execute(db)
  const counted = await sql<{ count: number }>`
    select count(*)::int as count from (select from content_reads r where ${condition} limit ${countMax}) as found`.execute(
    db,
  )
  return { rows, count: counted.rows[0]?.count ?? 0 }
}
