import { sql } from 'kysely'
import type { Executor } from '../db/database.ts'

/**
 * A state for each build would be most of the database: the last ones of each workspace stay, and that of the last build
 * that went well, which is the one to go back to.
 */
const statesKept = 10
const prunedAtOnce = 1_000

export async function pruneStates(db: Executor): Promise<void> {
  await sql`
    delete from workspace_states where build_id in (
      select s.build_id from workspace_states s
      join workspace_builds b on b.id = s.build_id
      where b.number <= (
          select o.number from workspace_builds o join workspace_states os on os.build_id = o.id
          where o.workspace_id = b.workspace_id order by o.number desc offset ${statesKept} limit 1)
        and b.number <> coalesce((
          select max(g.number) from workspace_builds g
          join workspace_states gs on gs.build_id = g.id
          join provisioner_jobs j on j.id = g.job_id
          where g.workspace_id = b.workspace_id and j.status = 'succeeded'), 0)
      limit ${prunedAtOnce})`.execute(db)
}
