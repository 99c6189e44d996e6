import type { Uuid } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor, Tx } from '../../db/database.ts'
import type { RecordStream } from './record-streams.ts'

/** How far sinks have had the records of each journal. A journal that is not there has not been begun. */

/** How many records each journal of each stream has had. */
export type Heads = ReadonlyMap<RecordStream, ReadonlyMap<Uuid, number>>

/** The same as a table of SQL, with the columns `stream`, `journal` and `records`. */
export function headsTable(heads: Heads) {
  const rows = [...heads].flatMap(([stream, journals]) =>
    [...journals].map(([journal, records]) => ({ stream, journal, records })),
  )
  return sql`unnest(${rows.map(({ stream }) => stream)}::text[], ${rows.map(({ journal }) => journal)}::uuid[],
    ${rows.map(({ records }) => records)}::bigint[]) as h (stream, journal, records)`
}

export async function selectJournals(
  db: Executor,
  sinkId: Uuid,
  stream: RecordStream,
): Promise<ReadonlyMap<Uuid, number>> {
  const rows = await db
    .selectFrom('audit_sink_journals')
    .selectAll()
    .where('sink_id', '=', sinkId)
    .where('stream', '=', stream)
    .execute()
  return new Map(rows.map(({ journal, delivered }) => [journal, delivered]))
}

/** Never back. */
export async function moveJournals(
  db: Executor,
  sinkId: Uuid,
  stream: RecordStream,
  to: ReadonlyMap<Uuid, number>,
): Promise<void> {
  await sql`
    insert into audit_sink_journals as had (sink_id, stream, journal, delivered)
    select ${sinkId}, ${stream}, journal, delivered from unnest(${[...to.keys()]}::uuid[], ${[...to.values()]}::bigint[])
      as moved (journal, delivered)
    on conflict (sink_id, journal) do update set delivered = greatest(had.delivered, excluded.delivered)`.execute(db)
}

/** Whoever wants no records of a stream has no place in it, and begins anew when it wants them again. */
export async function forgetJournals(tx: Tx, sinkId: Uuid, stream: RecordStream): Promise<void> {
  await tx.deleteFrom('audit_sink_journals').where('sink_id', '=', sinkId).where('stream', '=', stream).execute()
}

export type RecordLags = ReadonlyMap<Uuid, ReadonlyMap<RecordStream, number>>

/** How many records each sink has still to be sent of each stream that it wants, by its id. */
export async function selectRecordLags(db: Executor, heads: Heads): Promise<RecordLags> {
  const { rows } = await sql<{ id: Uuid; stream: RecordStream; lag: number }>`
    select s.id, wanted.stream, coalesce(sum(greatest(h.records - coalesce(had.delivered, 0), 0)), 0)::bigint as lag
    from audit_sinks s
    cross join unnest(s.sends) as wanted (stream)
    left join ${headsTable(heads)} on h.stream = wanted.stream
    left join audit_sink_journals had on had.sink_id = s.id and had.journal = h.journal
    where wanted.stream <> 'audit' group by s.id, wanted.stream`.execute(db)
  const lags = new Map<Uuid, Map<RecordStream, number>>()
  for (const { id, stream, lag } of rows) lags.set(id, (lags.get(id) ?? new Map()).set(stream, lag))
  return lags
}
