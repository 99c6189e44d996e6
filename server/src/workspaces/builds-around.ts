import type { Uuid } from '@reeve/base'
import type { ProvisionerJob, WorkspaceTransition } from '@reeve/sdk'
import { sql } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import type { Executor } from '../db/database.ts'
import { type BuildRow, selectBuildsById } from './build-queries.ts'
import { objectOf } from './reachable.ts'

export interface BuildAround extends BuildRow {
  readonly transition: WorkspaceTransition
  readonly job_status: ProvisionerJob['status']
}

/** Of one stretch of time no more are told. */
const buildsMax = 200

/**
 * The builds that a stretch of time lies between, of the workspaces that these credentials are of, as far as somebody may
 * see them: from the start that it began in to the stop or the deletion that came after it. In order.
 */
export async function buildsAround(
  db: Executor,
  actor: Actor,
  keyIds: readonly string[],
  span: { readonly from: Date; readonly to: Date },
): Promise<BuildAround[]> {
  if (keyIds.length === 0) return []
  const { rows } = await sql<{ id: Uuid }>`
    with spaces as (
      select distinct workspace_id from api_keys where id = any(${keyIds}::text[]) and workspace_id is not null
    )
    select b.id from spaces s join workspace_builds b on b.workspace_id = s.workspace_id
    where b.number >= coalesce((
        select max(e.number) from workspace_builds e
        where e.workspace_id = s.workspace_id and e.transition = 'start' and e.created_at <= ${span.from}), 1)
      and b.number <= coalesce((
        select min(e.number) from workspace_builds e
        where e.workspace_id = s.workspace_id and e.transition <> 'start' and e.created_at >= ${span.to}), 2147483647)
    order by b.id limit ${buildsMax}`.execute(db)
  const found = await selectBuildsById(
    db,
    rows.map(({ id }) => id),
  )
  return (
    found
      .filter((row) => allows(actor, 'workspace:read', objectOf({ ...row, id: row.workspace_id })))
      // SAFETY: the columns have no other values.
      .map((row) => row as BuildAround)
      .toSorted((a, b) => a.created_at.getTime() - b.created_at.getTime())
  )
}
