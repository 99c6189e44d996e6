import type { Uuid } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor } from '../../db/database.ts'
import type { ItemRow } from '../item-queries.ts'
import type { Condition } from '../list-conditions.ts'
import { boundsOf, type InterceptionRow, type SessionRow, type SessionSpan, userColumns } from '../queries.ts'

/** The SQL of exports: everything in the order of ids, which no later request changes. */

interface After {
  readonly after: Uuid | null
  readonly limit: number
}

export async function findSessionsInOrder(
  db: Executor,
  where: Condition,
  { after, upTo, limit }: After & { readonly upTo: Uuid },
): Promise<SessionRow[]> {
  const behind = after === null ? sql`true` : sql`s.id > ${after}::uuid`
  const { rows } = await sql<SessionRow>`
    select s.*, ${userColumns} from sessions s left join users u on u.id = s.user_id
    where ${where} and ${behind} and s.id < ${upTo}::uuid order by s.id limit ${limit}`.execute(db)
  return rows
}

export async function findInterceptionsInOrder(
  db: Executor,
  session: SessionSpan,
  { after, limit }: After,
): Promise<InterceptionRow[]> {
  const { low, high } = boundsOf(session)
  const behind = after === null ? sql`true` : sql`i.id > ${after}::uuid`
  const { rows } = await sql<InterceptionRow>`
    select i.*, ${userColumns}
    from interceptions i left join users u on u.id = i.user_id
    where i.session_id = ${session.id} and i.id between ${low}::uuid and ${high}::uuid and ${behind} order by i.id limit ${limit}`.execute(
    db,
  )
  return rows
}

/** The items of these requests behind one of them, in the order of the requests and then their own. `ids` in order. */
export async function findItemsInOrder(
  db: Executor,
  ids: readonly Uuid[],
  after: Pick<ItemRow, 'interception_id' | 'seq'> | null,
  limit: number,
): Promise<ItemRow[]> {
  const from = after ?? { interception_id: ids[0], seq: 0 }
  const { rows } = await sql<ItemRow>`
    select * from interception_items
    where interception_id = any(${ids}::uuid[])
      and interception_id between ${from.interception_id}::uuid and ${ids.at(-1)}::uuid
      and (interception_id, seq) > (${from.interception_id}::uuid, ${from.seq}::int)
    order by interception_id, seq limit ${limit}`.execute(db)
  return rows
}
