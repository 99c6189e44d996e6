import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** All SQL of licences; that of the meter is in `build-queries.ts`. */

export type LicenseRow = Selectable<Schema['licenses']>

export const selectLicenses = (db: Executor): Promise<LicenseRow[]> =>
  db.selectFrom('licenses').selectAll().orderBy('id').execute()

/** Undefined when there is one with the same uuid. */
export const insertLicense = (tx: Tx, row: Insertable<Schema['licenses']>): Promise<LicenseRow | undefined> =>
  tx
    .insertInto('licenses')
    .values(row)
    .onConflict((conflict) => conflict.column('uuid').doNothing())
    .returningAll()
    .executeTakeFirst()

export const deleteLicense = (tx: Tx, id: number): Promise<LicenseRow | undefined> =>
  tx.deleteFrom('licenses').where('id', '=', id).returningAll().executeTakeFirst()

export interface DeploymentFacts {
  readonly id: Uuid
  readonly created_at: Date
  readonly seen_at: Date | null
  readonly active_users: number
}

/** Who is dormant or suspended, or a program, is not counted. */
export async function selectDeployment(db: Executor): Promise<DeploymentFacts> {
  const { rows } = await sql<DeploymentFacts>`
    select d.id, d.created_at, c.seen_at,
      (select count(*)::int from users
        where status = 'active' and deleted_at is null and not is_service_account) as active_users
    from deployment d left join license_clock c on true`.execute(db)
  const [facts] = rows
  if (facts === undefined) throw new Error('the deployment has no id yet')
  return facts
}

/**
 * Remembers that it is this late. Both clocks have to say so, this server's and the database's: one that is set wrong by
 * itself must not end licences for good.
 */
export async function noteMoment(db: Executor, now: Date): Promise<void> {
  await sql`insert into license_clock as c (seen_at) values (least(${now}::timestamptz, now()))
    on conflict (only_row) do update set seen_at = excluded.seen_at where c.seen_at < excluded.seen_at`.execute(db)
}

/** True for the first who says it of the period. */
export async function noteTold(tx: Tx, row: Insertable<Schema['license_notices']>): Promise<boolean> {
  const inserted = await tx
    .insertInto('license_notices')
    .values(row)
    .onConflict((conflict) => conflict.columns(['kind', 'period']).doNothing())
    .returning('kind')
    .executeTakeFirst()
  return inserted !== undefined
}
