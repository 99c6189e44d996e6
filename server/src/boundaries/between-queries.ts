import { type Uuid, uuidv7Floor } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor } from '../db/database.ts'
import { type EventRow, ownerColumns } from './event-queries.ts'
import type { Condition } from './session-queries.ts'

/** SQL of the lines between two numbers of a record. The table of a condition is `e`. */

export interface Gap {
  readonly boundaryId: Uuid
  /** The first number. */
  readonly from: number
  /** The number behind the last one; null: as far as the record goes. */
  readonly before: number | null
}

/** Between which instants to look, so that PostgreSQL opens the partitions of those days alone. */
export interface Span {
  readonly from: Date
  readonly to: Date
}

/** What was decided, and what a boundary met with that nobody may do to it. */
const kinds = sql`e.kind in ('net', 'dns', 'file', 'exec', 'tamper')`
const isAllowed = sql`(e.decision = 'allow' and e.would = 'allow')`

const within = (visible: Condition, { from, to }: Span): Condition => sql`
  e.session_id = w.session_id and e.seq >= w.low and e.seq < w.high and ${kinds} and ${visible}
  and e.id >= ${uuidv7Floor(from)}::uuid and e.id <= ${uuidv7Floor(to)}::uuid`

const columns = (gaps: readonly Gap[]): Condition => sql`
  ${gaps.map(({ boundaryId }) => boundaryId)}::uuid[], ${gaps.map(({ from }) => from)}::bigint[],
  ${gaps.map(({ before }) => before ?? Number.MAX_SAFE_INTEGER)}::bigint[]`

export async function selectBetween(
  db: Executor,
  visible: Condition,
  gaps: readonly Gap[],
  span: Span,
  limits: { readonly allowed: number; readonly denied: number },
): Promise<(EventRow & { readonly gap: number })[]> {
  const where = within(visible, span)
  const { rows } = await sql<EventRow & { readonly gap: number }>`
    select (w.n - 1)::int as gap, e.*, ${ownerColumns}
    from unnest(${columns(gaps)}) with ordinality as w (session_id, low, high, n)
    cross join lateral (
      (select * from boundary_events e where ${where} and ${isAllowed} order by e.seq limit ${limits.allowed})
      union all
      (select * from boundary_events e where ${where} and not ${isAllowed} order by e.seq limit ${limits.denied})
    ) as e
    join users u on u.id = e.user_id
    join boundary_sessions s on s.id = e.session_id
    order by w.n, e.seq`.execute(db)
  return rows
}

/** Lines of a gap that were not read, as there are too many. */
export interface RestRow {
  readonly gap: number
  readonly verdict: 'allowed' | 'denied' | 'observed'
  readonly firstSeq: number
  readonly lastSeq: number
  readonly count: number
  readonly receivedAt: Date
}

/** How many there are of what was not read, each verdict for itself. */
export async function countBetween(
  db: Executor,
  visible: Condition,
  gaps: readonly (Gap & { readonly gap: number; readonly isAllowed: boolean })[],
  span: Span,
): Promise<RestRow[]> {
  const { rows } = await sql<RestRow>`
    select w.gap, r.*
    from unnest(${columns(gaps)}, ${gaps.map(({ gap }) => gap)}::int[], ${gaps.map((one) => one.isAllowed)}::boolean[])
      as w (session_id, low, high, gap, allowed)
    cross join lateral (
      select case when ${isAllowed} then 'allowed' when e.decision = 'deny' then 'denied' else 'observed' end as verdict,
        min(e.seq) as "firstSeq", max(e.seq) as "lastSeq", sum(e.times)::bigint as count, max(e.received_at) as "receivedAt"
      from boundary_events e where ${within(visible, span)} and ${isAllowed} = w.allowed
      group by 1
    ) as r
    order by w.gap, r."firstSeq"`.execute(db)
  return rows
}
