import type { Uuid } from '@reeve/base'
import type { Executor } from '../db/database.ts'

/**
 * What is to become of what a server that ended has left running of a workspace. Where a build is at work, failed or was
 * canceled, the next one goes on from what is there. What no row knows of is of another database, or of a backup's time:
 * it ends, and its files stay.
 */
export async function fateOf(db: Executor, workspaceId: Uuid): Promise<'keep' | 'end' | 'remove'> {
  const found = await db
    .selectFrom('workspaces as w')
    .innerJoin('workspace_builds as b', 'b.workspace_id', 'w.id')
    .innerJoin('provisioner_jobs as j', 'j.id', 'b.job_id')
    .select(['w.deleted_at', 'b.transition', 'j.status'])
    .where('w.id', '=', workspaceId)
    .orderBy('b.number', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (found === undefined) return 'end'
  if (found.deleted_at !== null) return 'remove'
  return found.transition === 'stop' && found.status === 'succeeded' ? 'end' : 'keep'
}
