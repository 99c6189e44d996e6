import { type Uuid, uuidv7Floor, uuidv7Time } from '@reeve/base'
import { sql } from 'kysely'
import type { Visibility } from '../access/policy.ts'
import type { Executor } from '../db/database.ts'
import { type Condition, visibleOf } from './list-conditions.ts'
import { type InterceptionRow, type SessionRow, userColumns } from './queries.ts'
import type { SessionFilter } from './search.ts'

/** The SQL of the lists. Every one of them is read by its cursor, and counted no further than somebody would read. */

export interface Page {
  readonly limit: number
  readonly offset: number
  readonly afterId: Uuid | null
}

/** Counting further helps nobody and costs more with every row; most of all where words are looked for. */
export const countMaxOf = ({ words }: SessionFilter): number => (words.length > 0 ? 1_000 : 10_000)

export async function findSessions(db: Executor, where: Condition, page: Page): Promise<SessionRow[]> {
  const after =
    page.afterId === null
      ? sql`true`
      : sql`(s.last_active_at, s.id) < ((select last_active_at from sessions where id = ${page.afterId}), ${page.afterId}::uuid)`
  const { rows } = await sql<SessionRow>`
    select s.*, ${userColumns} from sessions s left join users u on u.id = s.user_id
    where ${where} and ${after}
    order by s.last_active_at desc, s.id desc limit ${page.limit} offset ${page.offset}`.execute(db)
  return rows
}

export const countSessions = (db: Executor, where: Condition, max: number): Promise<number> =>
  counted(db, sql`select from sessions s where ${where} limit ${max + 1}`)

export async function findInterceptions(
  db: Executor,
  where: Condition,
  page: Page & { readonly now: Date },
): Promise<InterceptionRow[]> {
  const after = page.afterId === null ? sql`true` : sql`i.id < ${page.afterId}::uuid`
  const rows: InterceptionRow[] = []
  for (const stretch of page.offset > 0 ? [sql`true`] : stretches(page)) {
    const found = await sql<InterceptionRow>`
      select i.*, ${userColumns} from interceptions i left join users u on u.id = i.user_id
      where ${where} and ${after} and ${stretch}
      order by i.id desc limit ${page.limit - rows.length} offset ${page.offset}`.execute(db)
    rows.push(...found.rows)
    if (rows.length >= page.limit) break
  }
  return rows
}

export async function countInterceptions(db: Executor, where: Condition, max: number, now: Date): Promise<number> {
  let count = 0
  for (const stretch of stretches({ afterId: null, now })) {
    count += await counted(db, sql`select from interceptions i where ${where} and ${stretch} limit ${max + 1 - count}`)
    if (count > max) break
  }
  return count
}

/**
 * How far back a list looks before it looks further. PostgreSQL plans with every partition that a statement may need,
 * which takes longer than reading a page where there are hundreds of them, and nearly every page is in the last few.
 */
const stretchDays = [2, 30]
const dayMs = 86_400_000

/** Conditions on the id, newest first and without holes; the last of them has no beginning. */
function stretches({ afterId, now }: { readonly afterId: Uuid | null; readonly now: Date }): Condition[] {
  const newest = (afterId === null ? null : uuidv7Time(afterId)) ?? now
  const bounds = stretchDays.map((days) => uuidv7Floor(new Date(Math.max(newest.getTime() - days * dayMs, 0))))
  return [...bounds, null].map((from, at) => {
    const below = at === 0 ? sql`true` : sql`i.id < ${bounds[at - 1]}::uuid`
    return from === null ? below : sql`i.id >= ${from}::uuid and ${below}`
  })
}

/** Everybody whose words a search found: also who is beyond the page is told of by the count. */
export async function findOwners(
  db: Executor,
  of: 'sessions' | 'interceptions',
  where: Condition,
  max: number,
): Promise<{ readonly user_id: Uuid; readonly organization_id: Uuid; readonly username: string }[]> {
  const found =
    of === 'sessions'
      ? sql`select s.user_id, s.organization_id from sessions s where ${where}`
      : sql`select i.user_id, i.organization_id from interceptions i where ${where}`
  const { rows } = await sql<{ user_id: Uuid; organization_id: Uuid; username: string }>`
    select f.user_id, f.organization_id, coalesce(u.username, '') as username
    from (select distinct * from (${found} limit ${max + 1}) as matched) as f left join users u on u.id = f.user_id`.execute(
    db,
  )
  return rows
}

/** Distinct values over the sessions of these owners, by prefix. */
export async function findNames(
  db: Executor,
  of: 'models' | 'clients',
  visible: Visibility,
  { prefix, after, limit }: { readonly prefix: string; readonly after: string | null; readonly limit: number },
): Promise<string[]> {
  const from =
    of === 'models' ? sql`sessions s, unnest(s.models) as name` : sql`sessions s, lateral (select s.client) as c (name)`
  const behind = after === null ? sql`true` : sql`name > ${after}`
  const { rows } = await sql<{ name: string }>`
    select distinct name from ${from}
    where ${visibleOf(visible, sql`s`)} and name ilike ${`${prefix.replace(/[\\%_]/g, '\\$&')}%`} and ${behind}
    order by name limit ${limit}`.execute(db)
  return rows.map((row) => row.name)
}

async function counted(db: Executor, query: Condition): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from (${query}) as counted`.execute(db)
  return rows[0]?.count ?? 0
}
