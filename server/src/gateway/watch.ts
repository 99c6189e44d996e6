import { type Log, toError, type Uuid } from '@reeve/base'
import { z } from 'zod'
import type { Actor } from '../access/actor.ts'
import { allows, visibleOwners } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { listen } from '../db/listen.ts'
import { statusOf } from './present.ts'
import { findSession, findSessions, type SessionRow } from './queries.ts'
import { readSearch, type SessionStatus } from './search.ts'

export interface SessionChanged {
  readonly session_id: Uuid
  readonly last_active_at: string
  readonly status: SessionStatus
}

/** Changes of sessions, from whichever replica's drain, for as many views as look at them, over one connection. */
export interface SessionWatch extends AsyncDisposable {
  /** One session, or all that the actor may read. Ends with the signal. */
  changes(actor: Actor, of: SessionRow | null, signal: AbortSignal): AsyncIterable<SessionChanged>
}

const Notice = z.object({
  id: z.string(),
  user_id: z.string(),
  last_active_at: z.string(),
  open_requests: z.number(),
  last_outcome: z.string(),
})

/** A view that is slower than this many changed sessions is told to look at the latest ones only. */
const queuedMax = 500
const caughtUpMax = 100

interface View {
  wants(userId: Uuid, sessionId: Uuid): boolean
  push(change: SessionChanged): void
  catchUp(): Promise<void>
}

export async function watchSessions({ db, log }: { db: Database; log: Log }): Promise<SessionWatch> {
  const views = new Set<View>()
  const hear = (payload: string) => {
    const notice = Notice.safeParse(jsonOf(payload)).data
    if (notice === undefined) return
    const change = changeOf(notice, new Date(notice.last_active_at))
    for (const view of views) {
      if (view.wants(notice.user_id, notice.id)) view.push(change)
    }
  }
  const listener = await listen(db.connection, 'reeve_sessions', hear, {
    log,
    // What happened meanwhile was not heard: each view looks for itself.
    onReconnect: () => {
      for (const view of views)
        view.catchUp().catch((thrown: unknown) => log.warn({ err: toError(thrown) }, 'a live view could not catch up'))
    },
  })

  return {
    async *changes(actor, of, signal) {
      const queue = new Map<Uuid, SessionChanged>()
      let wake: () => void = () => {}
      const view: View = {
        wants: (ownerId, id) => (of === null || of.id === id) && allows(actor, 'interception:read', { ownerId }),
        push(change) {
          // Of one session only the latest change matters, so that a slow view cannot make the queue long.
          queue.delete(change.session_id)
          queue.set(change.session_id, change)
          if (queue.size > queuedMax) queue.delete(queue.keys().next().value ?? '')
          wake()
        },
        async catchUp() {
          for (const row of await latest(db, actor, of)) view.push(changeOf(row, row.last_active_at))
        },
      }
      const aborted = () => wake()
      signal.addEventListener('abort', aborted)
      views.add(view)
      try {
        // After the view is registered, so that nothing falls between what is there and what comes.
        if (of !== null) await view.catchUp()
        while (!signal.aborted) {
          const [next] = queue.values()
          if (next === undefined) {
            await new Promise<void>((resolve) => (wake = resolve))
            continue
          }
          queue.delete(next.session_id)
          yield next
        }
      } finally {
        views.delete(view)
        signal.removeEventListener('abort', aborted)
      }
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

const changeOf = (
  row: { readonly id: Uuid; readonly open_requests: number; readonly last_outcome: string },
  at: Date,
): SessionChanged => ({ session_id: row.id, last_active_at: at.toISOString(), status: statusOf(row) })

async function latest(db: Database, actor: Actor, of: SessionRow | null): Promise<SessionRow[]> {
  if (of !== null) {
    const row = await findSession(db.sql, of.id)
    return row === undefined ? [] : [row]
  }
  return findSessions(db.sql, visibleOwners(actor, 'interception:read'), readSearch(undefined, actor), {
    limit: caughtUpMax,
    offset: 0,
    afterId: null,
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Anybody who can reach the database may notify; what is not ours says nothing.
    return undefined
  }
}
