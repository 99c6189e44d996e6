import type { Uuid } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor, Tx } from '../db/database.ts'

/** SQL of what workspaces cost, and may cost. */

interface Whose {
  readonly ownerId: Uuid
  readonly organizationId: Uuid
}

/** Until the end of the transaction nobody else takes of this budget. */
export async function lockQuota(tx: Tx, ownerId: Uuid, organizationId: Uuid): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`workspace quota ${ownerId} ${organizationId}`}, 0))`.execute(
    tx,
  )
}

/** Null where no group of the organization has an allowance. */
export async function budgetOf(db: Executor, { ownerId, organizationId }: Whose): Promise<number | null> {
  const { rows } = await sql<{ budget: number; limited: boolean }>`
    select coalesce(sum(g.quota_allowance) filter (where m.user_id is not null), 0)::float8 as budget,
      coalesce(bool_or(g.quota_allowance > 0), false) as limited
    from groups g left join group_members m on m.group_id = g.id and m.user_id = ${ownerId}
    where g.organization_id = ${organizationId}`.execute(db)
  return rows[0]?.limited === true ? rows[0].budget : null
}

/** What the latest build of each workspace that is there costs. */
export async function consumedBy(
  db: Executor,
  { ownerId, organizationId, without }: Whose & { readonly without: Uuid | null },
): Promise<number> {
  const { rows } = await sql<{ consumed: number }>`
    select coalesce(sum(b.daily_cost), 0)::float8 as consumed
    from workspaces w
    join lateral (select daily_cost from workspace_builds where workspace_id = w.id order by number desc limit 1) b on true
    where w.owner_id = ${ownerId} and w.organization_id = ${organizationId} and w.deleted_at is null
      and w.id is distinct from ${without}::uuid`.execute(db)
  return rows[0]?.consumed ?? 0
}
