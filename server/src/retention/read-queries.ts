import { uuidv7Floor } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor } from '../db/database.ts'

/** Who read whose words: records that ended before, unless reader, owner, session or time of them are held. */
const freeReads = (before: Date) => sql`
  select r.id from content_reads r
  where r.id < ${uuidv7Floor(before)}::uuid and r.last_at < ${before} and not exists (
    select from legal_holds h where h.released_at is null
      and (h.user_id is null or r.reader_id = h.user_id or r.owner_id = h.user_id)
      and (h.session_id is null or r.session_id = h.session_id)
      and (h.from_at is null or r.last_at >= h.from_at)
      and (h.to_at is null or r.first_at < h.to_at))`

export async function countReads(db: Executor, before: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (${freeReads(before)}) as free`.execute(db)
  return rows[0]?.count ?? 0
}

export async function deleteReads(db: Executor, before: Date, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from content_reads where id in (${freeReads(before)} order by r.id limit ${limit})`.execute(db)
  return Number(numAffectedRows ?? 0)
}
