import type { Uuid } from '@reeve/base'
import { type Insertable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor } from '../db/database.ts'

/** The SQL of the list of gateways. */

export async function saveGateway(db: Executor, row: Insertable<Schema['gateways']>): Promise<void> {
  const { replica_id: _, started_at: __, ...told } = row
  await db
    .insertInto('gateways')
    .values(row)
    .onConflict((conflict) => conflict.column('replica_id').doUpdateSet({ ...told, started_at: row.started_at }))
    .execute()
}

/** Those that ended in order before this moment and left nothing on their disk. */
export async function forgetGateways(db: Executor, stoppedBefore: Date): Promise<void> {
  await sql`
    delete from gateways g using journal_checkpoints c
    where c.replica_id = g.replica_id and c.seq >= g.journal_seq and g.stopped_at < ${stoppedBefore}`.execute(db)
}

const listed = [
  'g.replica_id',
  'g.host',
  'g.process',
  'g.version',
  'g.started_at',
  'g.seen_at',
  'g.stopped_at',
  'g.healthy',
  'g.detail',
  'g.pending_bytes',
  'g.drain_lag_seconds',
  'g.open_requests',
] as const

/** `pending_records` is what was durable on the gateway's disk when it was heard of last, and is not in PostgreSQL. */
export function findGateways(db: Executor, replicaId?: Uuid) {
  const all = db
    .selectFrom('gateways as g')
    .leftJoin('journal_checkpoints as c', 'c.replica_id', 'g.replica_id')
    .select(listed)
    .select(sql<number>`greatest(g.journal_seq - coalesce(c.seq, 0), 0)::bigint`.as('pending_records'))
    .orderBy('g.host')
    .orderBy('g.process')
    .orderBy('g.started_at')
  return (replicaId === undefined ? all : all.where('g.replica_id', '=', replicaId)).execute()
}

export type GatewayRow = Awaited<ReturnType<typeof findGateways>>[number]

/** What the gateways that run and were heard of since then tell of a provider; null where they tell nothing of it. */
export function findStandings(db: Executor, providerName: string, seenSince: Date) {
  return db
    .selectFrom('gateways')
    .select(['replica_id', 'host', 'process', 'seen_at'])
    .select(sql<unknown>`provider_standings -> ${providerName}::text`.as('standing'))
    .where('stopped_at', 'is', null)
    .where('seen_at', '>=', seenSince)
    .orderBy('host')
    .orderBy('process')
    .orderBy('started_at')
    .execute()
}

export type StandingRow = Awaited<ReturnType<typeof findStandings>>[number]

/** It did not say so itself, and what it had is here now. */
export async function stopGateway(db: Executor, replicaId: Uuid, at: Date): Promise<void> {
  await db
    .updateTable('gateways')
    .set({ stopped_at: at, pending_bytes: 0, drain_lag_seconds: 0, open_requests: 0, provider_standings: null })
    .where('replica_id', '=', replicaId)
    .where('stopped_at', 'is', null)
    .execute()
}
