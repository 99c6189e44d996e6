import type { Tx } from '../db/database.ts'
import { enqueue } from '../outbox/outbox.ts'
import type { BuildRow } from './build-queries.ts'

/** What owners of workspaces are told of builds that were not their own doing. */

/** Whoever began a build by hand sees how it ends. */
export async function tellOfFailure(tx: Tx, build: BuildRow, error: string, at: Date): Promise<void> {
  if (build.initiator_id !== null) return
  const { workspace_name: workspace, transition, reason } = build
  const userIds = [build.owner_id]
  await enqueue(tx, { event: 'workspace-build-failed', userIds, facts: { workspace, transition, reason, error }, at })
}

export async function tellOfDeletion(tx: Tx, build: BuildRow, at: Date): Promise<void> {
  // A task that is deleted takes its workspace with it.
  if (build.initiator_id === build.owner_id || build.task_id !== null) return
  const facts = { workspace: build.workspace_name, by: build.initiator_username ?? 'system' }
  await enqueue(tx, { event: 'workspace-deleted', userIds: [build.owner_id], facts, at })
}

export async function tellOfUpdate(tx: Tx, build: BuildRow, at: Date): Promise<void> {
  const facts = { workspace: build.workspace_name, version: build.version_name }
  await enqueue(tx, { event: 'workspace-updated', userIds: [build.owner_id], facts, at })
}
