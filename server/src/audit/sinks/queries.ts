import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Schema } from '../../db/__generated__/schema.ts'
import type { Executor, Tx } from '../../db/database.ts'
import { type Heads, headsTable } from './record-cursors.ts'

export type SinkRow = Selectable<Schema['audit_sinks']>

export async function selectSinks(db: Executor): Promise<SinkRow[]> {
  return db.selectFrom('audit_sinks').selectAll().orderBy('name').execute()
}

const byNameOrId = (db: Executor, given: string) =>
  db
    .selectFrom('audit_sinks')
    .selectAll()
    .where((where) => where.or([sql<boolean>`lower(name) = lower(${given})`, sql<boolean>`id::text = lower(${given})`]))

/** By name or id. */
export async function selectSink(db: Executor, given: string): Promise<SinkRow | undefined> {
  return byNameOrId(db, given).executeTakeFirst()
}

/** The same, and nobody else changes it until the transaction ends. */
export async function lockSink(tx: Tx, given: string): Promise<SinkRow | undefined> {
  return byNameOrId(tx, given).forUpdate().executeTakeFirst()
}

export async function insertSink(tx: Tx, row: Insertable<Schema['audit_sinks']>): Promise<SinkRow> {
  return tx.insertInto('audit_sinks').values(row).returningAll().executeTakeFirstOrThrow()
}

/**
 * Also takes the lease from whoever has it and ends the pause: what is on its way still goes the old way, and whoever
 * sends it finds at its end that the sink is no longer his.
 */
export async function updateSink(tx: Tx, id: Uuid, changes: Updateable<Schema['audit_sinks']>): Promise<SinkRow> {
  return tx
    .updateTable('audit_sinks')
    .set({ ...changes, leased_by: null, leased_until: null, next_attempt_at: null, attempts: 0 })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function deleteSink(tx: Tx, id: Uuid): Promise<void> {
  await tx.deleteFrom('audit_sinks').where('id', '=', id).execute()
}

/**
 * Takes the sinks that nobody serves and that may be tried, for as long as one delivery may last. Who dies with a lease
 * is followed by another replica when it has run out.
 */
export async function leaseSinks(
  db: Executor,
  replicaId: Uuid,
  now: Date,
  until: Date,
  heads: Heads,
): Promise<SinkRow[]> {
  const isBehind = sql<boolean>`exists (
    select from ${headsTable(heads)}
    left join audit_sink_journals had on had.sink_id = audit_sinks.id and had.journal = h.journal
    where h.stream = any(sends) and h.records > coalesce(had.delivered, 0))`
  return db
    .updateTable('audit_sinks')
    .set({ leased_by: replicaId, leased_until: until })
    .where(({ eb, or }) =>
      or([eb('leased_until', 'is', null), eb('leased_until', '<=', now), eb('leased_by', '=', replicaId)]),
    )
    .where(({ eb, or }) => or([eb('next_attempt_at', 'is', null), eb('next_attempt_at', '<=', now)]))
    .where('disabled_at', 'is', null)
    .where(({ eb, or, and, selectFrom }) =>
      or([
        and([
          sql<boolean>`'audit' = any(sends)`,
          or([
            eb('delivered_seq', '<', selectFrom('audit_chain').select('seq')),
            eb(
              'delivered_checkpoint',
              '<',
              selectFrom('audit_checkpoints').select((max) => max.fn.max('number').as('number')),
            ),
          ]),
        ]),
        isBehind,
      ]),
    )
    .returningAll()
    .execute()
}

/** The cursor moves only for who still has the lease. False when it was lost. */
export async function recordDelivery(
  db: Executor,
  sink: {
    readonly id: Uuid
    readonly replicaId: Uuid
    readonly seq: number
    readonly checkpoint: number
    readonly at: Date
    readonly until: Date
  },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('audit_sinks')
    .set({
      delivered_seq: sink.seq,
      delivered_checkpoint: sink.checkpoint,
      last_delivered_at: sink.at,
      leased_until: sink.until,
      last_error: null,
      failing_since: null,
      next_attempt_at: null,
      attempts: 0,
    })
    .where('id', '=', sink.id)
    .where('leased_by', '=', sink.replicaId)
    .where('delivered_seq', '<=', sink.seq)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export async function recordFailure(
  db: Executor,
  sink: { readonly id: Uuid; readonly replicaId: Uuid; readonly error: string; readonly at: Date; readonly next: Date },
): Promise<void> {
  await db
    .updateTable('audit_sinks')
    .set(({ fn, val, eb }) => ({
      last_error: sink.error,
      failing_since: fn.coalesce('failing_since', val(sink.at)),
      attempts: eb('attempts', '+', 1),
      next_attempt_at: sink.next,
      leased_by: null,
      leased_until: null,
    }))
    .where('id', '=', sink.id)
    .where('leased_by', '=', sink.replicaId)
    .execute()
}

export async function releaseSink(db: Executor, id: Uuid, replicaId: Uuid): Promise<void> {
  await db
    .updateTable('audit_sinks')
    .set({ leased_by: null, leased_until: null })
    .where('id', '=', id)
    .where('leased_by', '=', replicaId)
    .execute()
}

export async function releaseSinks(db: Executor, replicaId: Uuid): Promise<void> {
  await db
    .updateTable('audit_sinks')
    .set({ leased_by: null, leased_until: null })
    .where('leased_by', '=', replicaId)
    .execute()
}
