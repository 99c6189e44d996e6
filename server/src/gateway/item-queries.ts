import type { Uuid } from '@reeve/base'
import { turnRoutes } from '@reeve/bridge'
import { sql } from 'kysely'
import type { Executor } from '../db/database.ts'
import { boundsOf, type InterceptionRow, type SessionSpan, userColumns } from './queries.ts'

/** SQL of what interceptions are made of, for their pages. */

export interface ItemMark {
  readonly interception_id: Uuid
  readonly seq: number
  readonly kind: string
  readonly tool_call_id: string | null
}

export interface ItemRow extends ItemMark {
  readonly origin: string
  readonly at: Date
  readonly text: string | null
  readonly text_bytes: number
  readonly truncated: boolean
  readonly not_captured: boolean
  readonly tool_name: string | null
  readonly is_error: boolean
}

/** Everything about the items that their order depends on, without their texts. `ids` in order. */
export async function findItemMarks(db: Executor, ids: readonly Uuid[]): Promise<ItemMark[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<ItemMark>`
    select interception_id, seq, kind, tool_call_id from interception_items
    where interception_id = any(${ids}::uuid[])
      and interception_id >= ${ids[0]}::uuid and interception_id <= ${ids.at(-1)}::uuid
    order by interception_id, seq`.execute(db)
  return rows
}

export async function findItems(
  db: Executor,
  marks: readonly Pick<ItemMark, 'interception_id' | 'seq'>[],
): Promise<ItemRow[]> {
  if (marks.length === 0) return []
  const ids = marks.map((mark) => mark.interception_id).toSorted()
  const { rows } = await sql<ItemRow>`
    select item.* from unnest(${marks.map((mark) => mark.interception_id)}::uuid[], ${marks.map((mark) => mark.seq)}::int[])
      as wanted (interception_id, seq)
    join interception_items item on item.interception_id = wanted.interception_id and item.seq = wanted.seq
    where item.interception_id >= ${ids[0]}::uuid and item.interception_id <= ${ids.at(-1)}::uuid`.execute(db)
  return rows
}

/** Longer texts are cut in details: the timeline has them as they were kept. */
const detailChars = 16 * 1024

/** The items of these kinds, in order. */
export async function findItemsOf(db: Executor, ids: readonly Uuid[], kinds: readonly string[]): Promise<ItemRow[]> {
  if (ids.length === 0) return []
  const sorted = ids.toSorted()
  const { rows } = await sql<ItemRow>`
    select interception_id, seq, kind, origin, at, left(text, ${detailChars}) as text, text_bytes,
      truncated or length(text) > ${detailChars} as truncated, not_captured, tool_name, tool_call_id, is_error
    from interception_items
    where interception_id = any(${ids}::uuid[]) and kind = any(${kinds}::text[])
      and interception_id >= ${sorted[0]}::uuid and interception_id <= ${sorted.at(-1)}::uuid
    order by interception_id, seq`.execute(db)
  return rows
}

/** The turns of threads of one session, in the order in which they began. */
export async function findTurns(
  db: Executor,
  session: SessionSpan,
  threadIds: readonly Uuid[],
  limit: number,
): Promise<InterceptionRow[]> {
  const { low, high } = boundsOf(session)
  const { rows } = await sql<InterceptionRow>`
    select i.*, ${userColumns} from interceptions i left join users u on u.id = i.user_id
    where i.session_id = ${session.id} and i.id between ${low}::uuid and ${high}::uuid and i.thread_id = any(${threadIds}::uuid[]) and i.route = any(${turnRoutes})
    order by i.id limit ${limit}`.execute(db)
  return rows
}
