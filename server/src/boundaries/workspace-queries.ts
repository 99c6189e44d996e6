import type { Uuid } from '@reeve/base'
import type { Executor } from '../db/database.ts'

/** SQL of the workspaces that boundaries run in. */

/** Where a boundary runs, in the columns of its session. */
export interface WorkspaceFacts {
  readonly organization_id: Uuid
  readonly workspace_id: Uuid
  readonly workspace_name: string
  readonly template_id: Uuid
  readonly template_name: string
  readonly template_version_id: Uuid
  readonly build_id: Uuid
  readonly agent_id: Uuid
  readonly agent_name: string
  readonly task_id: Uuid | null
  readonly task_name: string | null
}

/** Of the agent that the credential was made for; none once it has ended, or where it was made for nobody's. */
export const findWorkspaceFacts = (db: Executor, keyId: string): Promise<WorkspaceFacts | undefined> =>
  db
    .selectFrom('workspace_agents as a')
    .innerJoin('workspace_resources as r', 'r.id', 'a.resource_id')
    .innerJoin('workspace_builds as b', 'b.id', 'r.build_id')
    .innerJoin('workspaces as w', 'w.id', 'b.workspace_id')
    .innerJoin('templates as t', 't.id', 'w.template_id')
    .leftJoin('tasks as k', 'k.workspace_id', 'w.id')
    .select(['w.organization_id', 'w.id as workspace_id', 'w.name as workspace_name'])
    .select(['t.id as template_id', 't.name as template_name', 'b.template_version_id', 'b.id as build_id'])
    .select(['a.id as agent_id', 'a.name as agent_name', 'k.id as task_id', 'k.name as task_name'])
    .where('a.boundary_key_id', '=', keyId)
    .executeTakeFirst()
