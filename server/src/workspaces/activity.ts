import type { Clock, Uuid } from '@reeve/base'
import type { Database } from '../db/database.ts'
import { noteUse } from './time-queries.ts'

interface Noting {
  readonly db: Database
  readonly clock: Clock
}

/**
 * Somebody, or the agent of a task, is at work in this workspace. Whoever carries connections into workspaces says so
 * when one begins and for as long as something goes through it.
 */
export async function touch({ db, clock }: Noting, workspaceId: Uuid): Promise<void> {
  await noteUse(db.sql, workspaceId, clock.now())
}
