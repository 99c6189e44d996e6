import { type Clock, Fault, formatDuration, type Log, toError, type Uuid, uuidv7 } from '@reeve/base'
import { appendAudit, type AuditEntry } from '../audit/journal.ts'
import type { Database, Tx } from '../db/database.ts'
import { enqueue } from '../outbox/outbox.ts'
import { type Repeating, repeating } from '../runtime/repeating.ts'
import { beginBuild } from './begin-build.ts'
import { isQueueStuck, selectStopsSoon, selectWatched, takeTurn, type Watched } from './due-queries.ts'
import { asleep } from './deadlines.ts'
import { workspaceChanged } from './events.ts'
import { lockWorkspace } from './queries.ts'
import { pruneStates } from './state-queries.ts'
import { noteUse, updateWorkspace } from './time-queries.ts'
import { type Due, retryAfterMs, whatIsDue } from './what-is-due.ts'

/** Once a minute: what the clock asks of workspaces is done, by one replica, and people are told before it is. */

interface Tending {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly onDone?: (what: string) => void
}

const everyMs = 60_000
/** So long before a workspace stops its owner is told. */
const toldBeforeMs = 15 * 60_000
const stuckAfterMs = 15 * 60_000

export function startTending(tending: Tending): Repeating {
  const work = repeating(
    () => tendWorkspaces(tending),
    everyMs,
    (thrown) => tending.log.warn({ err: toError(thrown) }, 'workspaces are not looked after'),
  )
  work.again()
  return work
}

/** Replicas that come at the same moment leave it to one of them; what each does it does once all the same. */
export async function tendWorkspaces(tending: Tending): Promise<void> {
  const { db, clock, log } = tending
  await db.transaction(async (turn) => {
    if (!(await takeTurn(turn))) return
    const now = clock.now()
    const isStuck = await isQueueStuck(db.sql, new Date(now.getTime() - stuckAfterMs))
    for (const watched of await selectWatched(db.sql, now, null)) {
      if (whatIsDue(watched, { now, isQueueStuck: isStuck }) === null) continue
      await doDue(tending, watched.id, isStuck).catch((thrown: unknown) =>
        log.warn({ err: toError(thrown), workspace: watched.id }, 'what is due of a workspace is not done'),
      )
    }
    await remind(db, now)
    await pruneStates(db.sql)
  })
}

/** The row is looked at again once nobody else can change it: it may have been started, or used, just now. */
async function doDue({ db, clock, log, onDone }: Tending, id: Uuid, isStuck: boolean): Promise<void> {
  const done = await db
    .transaction(async (tx) => {
      if (!(await lockWorkspace(tx, id))) return null
      const now = clock.now()
      const [watched] = await selectWatched(tx, now, [id])
      const due = watched === undefined ? null : whatIsDue(watched, { now, isQueueStuck: isStuck })
      if (watched === undefined || due === null) return null
      await carryOut(tx, watched, due, now)
      return due
    })
    .catch((thrown: unknown) => refused(db, id, thrown, clock.now()))
  if (done === null) return
  const what = done.kind === 'build' ? done.reason : done.kind
  log.info({ workspace: id, what }, 'done for a workspace as its time has come')
  onDone?.(what)
}

async function carryOut(tx: Tx, watched: Watched, due: Due, now: Date): Promise<void> {
  const workspace = {
    id: watched.id,
    name: watched.name,
    organization_id: watched.organizationId,
    template_id: watched.templateId,
  }
  const scope = serverScope(now)
  switch (due.kind) {
    case 'bump':
      await noteUse(tx, watched.id, now)
      return
    case 'dormant': {
      const set = asleep(now, watched.deleteTtlMs)
      await updateWorkspace(tx, watched.id, { ...set, updated_at: now })
      const diff = { dormant_at: { old: null, new: now.toISOString() } }
      await appendAudit(tx, { scope, at: now, reason: 'nobody used it', ...workspaceChanged(workspace, diff) })
      const deleting = set.deleting_at?.toISOString() ?? ''
      const facts = { workspace: watched.name, deleting }
      await enqueue(tx, { event: 'workspace-dormant', userIds: [watched.ownerId], facts, at: now })
      return
    }
    case 'build': {
      const { transition, reason } = due
      const isUpdate = transition === 'start' && watched.takesActiveVersion
      const versionId = isUpdate ? watched.activeVersionId : null
      const begin = { workspace, transition, versionId, values: {}, reason, orphan: false, now }
      await beginBuild(tx, scope, begin)
      await tellOfRetry(tx, watched, due, now)
    }
  }
}

const serverScope = (now: Date): AuditEntry['scope'] => ({
  actor: null,
  requestId: uuidv7(now),
  sourceIp: null,
  userAgent: null,
})

/** From so many failures on it is not only its owner’s: something goes on that costs money. */
const failuresToTell = 3

async function tellOfRetry(tx: Tx, watched: Watched, due: Due, at: Date): Promise<void> {
  const { name, failures, jobError, id, job, transition } = watched
  if (due.kind !== 'build' || job !== 'failed' || transition === 'start' || failures < failuresToTell) return
  const next = formatDuration(retryAfterMs(failures + 1))
  const facts = { workspace: name, transition, failures: String(failures), error: jobError ?? '', next }
  // Once for each row of failures: it is known by the build that it goes on from.
  const dedupeKey = `${id} ${watched.failuresFrom}`
  await enqueue(tx, { event: 'workspace-does-not-stop', userIds: 'owners', facts, dedupeKey, at })
}

/** A start that cannot even begin is told of once a day, and left for the next time. */
async function refused(db: Database, id: Uuid, thrown: unknown, at: Date): Promise<null> {
  if (!(thrown instanceof Fault) || (thrown.code !== 'invalid' && thrown.code !== 'conflict')) throw thrown
  const [watched] = await selectWatched(db.sql, at, [id])
  if (watched === undefined) return null
  const said = thrown.problems.map(({ field, detail }) => `${field.split('.').at(-1)} ${detail}`)
  const error = [thrown.message, ...said].join('; ')
  const facts = { workspace: watched.name, transition: 'start', reason: 'autostart', error }
  const dedupeKey = `${id} ${at.toISOString().slice(0, 10)}`
  const userIds = [watched.ownerId]
  await db.transaction((tx) => enqueue(tx, { event: 'workspace-build-failed', userIds, facts, dedupeKey, at }))
  return null
}

async function remind(db: Database, at: Date): Promise<void> {
  for (const soon of await selectStopsSoon(db.sql, at, new Date(at.getTime() + toldBeforeMs))) {
    const facts = { workspace: soon.name, deadline: soon.deadline.toISOString() }
    const userIds = [soon.owner_id]
    // Use moves the deadline by little, many times: once for each run is enough.
    const dedupeKey = soon.build_id
    await db.transaction((tx) => enqueue(tx, { event: 'workspace-stops-soon', userIds, facts, dedupeKey, at }))
  }
}
