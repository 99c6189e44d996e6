import type { Tx } from '../db/database.ts'
import { insertBuild } from './build-queries.ts'
import { counts, type FinishedBuild } from './counts.ts'

/**
 * Called in the transaction that ends the job of a build of a workspace. A build is counted once however often its end
 * is reported, by however many replicas: its id is the key of the ledger, and the first decision stands. The sum of the
 * day is added to by the same statement.
 *
 * True when this call counted it.
 */
export async function countBuild(tx: Tx, build: FinishedBuild, at: Date): Promise<boolean> {
  const decision = counts(build)
  if (decision === null) return false
  const isNew = await insertBuild(tx, {
    build_id: build.id,
    recorded_at: at,
    counted: decision.counted,
    trigger: decision.trigger,
    reason: decision.reason,
    organization_id: build.organization.id,
    organization_name: build.organization.name,
    template_id: build.template.id,
    template_name: build.template.name,
    template_version_id: build.templateVersion.id,
    template_version_name: build.templateVersion.name,
    owner_id: build.owner.id,
    owner_name: build.owner.name,
    workspace_id: build.workspace.id,
    workspace_name: build.workspace.name,
    task_id: build.task?.id ?? null,
    task_name: build.task?.name ?? null,
  })
  return isNew && decision.counted
}
