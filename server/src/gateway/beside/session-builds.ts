import type { TimelineBuild } from '@reeve/sdk'
import type { Actor } from '../../access/actor.ts'
import type { Executor } from '../../db/database.ts'
import { buildsAround } from '../../workspaces/builds-around.ts'
import { statusOf } from '../../workspaces/lifecycle.ts'
import { eventId } from '../present.ts'
import { type Page, timesOfEvents } from './page.ts'

/** The builds of the workspaces that a session ran in, beside the events of one page of it. */
export async function sessionBuilds(db: Executor, actor: Actor, page: Page): Promise<TimelineBuild[]> {
  const { session, interceptions, order } = page
  const keys = [...new Set(interceptions.map(({ api_key_id: id }) => id))]
  const span = { from: session.started_at, to: session.last_active_at }
  const builds = await buildsAround(db, actor, keys, span)
  if (builds.length === 0) return []
  const timeOf = timesOfEvents(interceptions)
  const times = order.map(timeOf)
  return builds.flatMap((build) => {
    const at = times.findLastIndex((time) => time <= build.created_at.getTime())
    if (at >= page.to || (at < page.from && !(at === -1 && page.from === 0))) return []
    const behind = order[at]
    return [
      {
        id: build.id,
        after: behind === undefined ? null : eventId(behind.interceptionId, behind.seq),
        time: build.created_at.toISOString(),
        offset_ms: build.created_at.getTime() - session.started_at.getTime(),
        ended_at: build.job_completed_at?.toISOString() ?? null,
        workspace_id: build.workspace_id,
        workspace_name: build.workspace_name,
        number: build.number,
        transition: build.transition,
        reason: build.reason,
        status: statusOf(build.job_status, build.transition),
        task_id: build.task_id,
      },
    ]
  })
}
