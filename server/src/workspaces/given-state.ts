import { Fault, type Uuid } from '@reeve/base'
import { appendAudit } from '../audit/journal.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { mayWithTemplate } from '../templates/policy.ts'
import { findTemplate } from '../templates/queries.ts'
import type { Room } from '../templates/room.ts'
import { keepState, selectBuilds } from './build-queries.ts'
import { workspaceOf } from './builds.ts'
import { stateWritten } from './events.ts'
import { lockWorkspace } from './queries.ts'
import { buildFor } from './reachable.ts'
import { readState } from './read-state.ts'
import { sealState } from './state.ts'

/**
 * Puts a state in place of what a build left, for a workspace whose things were changed or moved by hand: the next build
 * goes on from it. Only of the latest build, and not while it goes on, which would write over it.
 */
export async function putState(room: Room, scope: Scope, id: Uuid, base64: string): Promise<void> {
  const { db, keyring, clock } = room
  const actor = signedIn(scope)
  const build = await buildFor(db.sql, actor, id)
  const template = await findTemplate(db.sql, build.template_id)
  if (template === undefined || !mayWithTemplate(actor, 'template:update', template)) {
    throw new Fault('forbidden', 'states are for those who may change the template')
  }
  const state = readState(base64)
  const now = clock.now()
  await db.transaction(async (tx) => {
    if (!(await lockWorkspace(tx, build.workspace_id))) throw new Fault('conflict', 'the workspace is gone')
    const [latest] = await selectBuilds(tx, build.workspace_id, { afterId: null, limit: 1 })
    if (latest?.id !== id) throw new Fault('conflict', 'there is a later build, which went on from this one')
    if (!['succeeded', 'failed', 'canceled'].includes(latest.job_status)) {
      throw new Fault('conflict', 'the build is under way', { fix: 'wait for its end, or cancel it' })
    }
    await keepState(tx, id, sealState(keyring, id, state), now)
    await appendAudit(tx, { scope, at: now, ...stateWritten(build, workspaceOf(build)) })
  })
}
