import { sql } from 'kysely'
import type { Executor } from '../db/database.ts'

/** SQL of what is measured of workspaces: numbers, never anybody's words. */

export interface LatestBuilds {
  readonly job: string
  readonly transition: string
  readonly template_name: string
  readonly template_version: string
  readonly owner: string
  readonly count: number
  readonly dormant: number
}

/** Workspaces by where their latest build got to. */
export async function countLatestBuilds(db: Executor): Promise<LatestBuilds[]> {
  const { rows } = await sql<LatestBuilds>`
    select j.status as job, b.transition, t.name as template_name, v.name as template_version, u.username as owner,
      count(*)::int as count, (count(*) filter (where w.dormant_at is not null))::int as dormant
    from workspaces w
    join templates t on t.id = w.template_id
    join users u on u.id = w.owner_id
    join lateral (select * from workspace_builds where workspace_id = w.id order by number desc limit 1) b on true
    join template_versions v on v.id = b.template_version_id
    join provisioner_jobs j on j.id = b.job_id
    where w.deleted_at is null group by 1, 2, 3, 4, 5`.execute(db)
  return rows
}

export interface LiveAgents {
  readonly template_name: string
  readonly template_version: string
  readonly username: string
  readonly workspace_name: string
  readonly agent_name: string
  readonly lifecycle_state: string
  readonly is_connected: boolean
  readonly was_connected: boolean
}

/** Agents of workspaces that run. */
export async function selectLiveAgents(db: Executor, heardSince: Date): Promise<LiveAgents[]> {
  const { rows } = await sql<LiveAgents>`
    select t.name as template_name, v.name as template_version, u.username, w.name as workspace_name,
      a.name as agent_name, a.lifecycle as lifecycle_state, a.first_connected_at is not null as was_connected,
      a.disconnected_at is null and coalesce(a.last_connected_at > ${heardSince}, false) as is_connected
    from workspace_agents a
    join workspace_resources r on r.id = a.resource_id
    join workspace_builds b on b.id = r.build_id
    join template_versions v on v.id = b.template_version_id
    join workspaces w on w.id = b.workspace_id
    join templates t on t.id = w.template_id
    join users u on u.id = w.owner_id
    where a.token_sha256 is not null and w.deleted_at is null`.execute(db)
  return rows
}
