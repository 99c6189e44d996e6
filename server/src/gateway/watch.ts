import { type Clock, type Log, toError, type Uuid } from '@reeve/base'
import type { SessionStatus } from '@reeve/sdk'
import { z } from 'zod'
import type { Actor } from '../access/actor.ts'
import { impliedRoles } from '../access/built-in-roles.ts'
import { allows } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { listen } from '../db/listen.ts'
import { findGoodKeys } from '../identity/tokens/queries.ts'
import { sessionsMatching } from './list-conditions.ts'
import { findSessions } from './list-queries.ts'
import { findSession, type SessionRow } from './queries.ts'
import { readSearch } from './search.ts'
import { statusOf } from './session-status.ts'
import { sightOf } from './sessions.ts'

export interface SessionChanged {
  readonly session_id: Uuid
  readonly last_active_at: string
  readonly status: SessionStatus
}

/** Changes of sessions, from whichever replica's drain, for as many views as look at them, over one connection. */
export interface SessionWatch extends AsyncDisposable {
  /**
   * One session, or all that the actor may read. Ends with the signal, and within 5 s when the actor's credential is
   * revoked or expires, its owner is suspended, or a role is taken away.
   */
  changes(actor: Actor, of: SessionRow | null, signal: AbortSignal): AsyncIterable<SessionChanged>
}

const Notice = z.object({
  id: z.string(),
  user_id: z.string(),
  organization_id: z.string(),
  last_active_at: z.string(),
  open_requests: z.number(),
  last_outcome: z.string(),
})

/** A view that is slower than this many changed sessions is told to look at the latest ones only. */
const queuedMax = 500
const caughtUpMax = 100
/** How often the credentials behind the views are looked up, all with one query. */
export const checkMs = 3_000

interface View {
  readonly actor: Actor
  end(): void
  wants(session: { readonly id: Uuid; readonly user_id: Uuid; readonly organization_id: Uuid }): boolean
  push(change: SessionChanged): void
  catchUp(): Promise<void>
}

export async function watchSessions(options: {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
}): Promise<SessionWatch> {
  const { db, clock, log } = options
  const views = new Set<View>()
  const hear = (payload: string) => {
    const notice = Notice.safeParse(jsonOf(payload)).data
    if (notice === undefined) return
    const change = changeOf(notice, new Date(notice.last_active_at))
    for (const view of views) {
      if (view.wants(notice)) view.push(change)
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

  async function check(): Promise<void> {
    const keys = [...new Set([...views].map(({ actor }) => actor.apiKeyId))]
    if (keys.length === 0) return
    const good = await findGoodKeys(db.sql, keys, clock.now())
    for (const view of views) {
      // One that came meanwhile was not asked about.
      if (keys.includes(view.actor.apiKeyId) && !isStill(view.actor, good.get(view.actor.apiKeyId))) view.end()
    }
  }
  let checking: Promise<void> | null = null
  const timer = setInterval(() => {
    checking ??= check()
      // Nobody knows at the moment: whoever was let in stays, and the next check asks again.
      .catch((thrown: unknown) => log.warn({ err: toError(thrown) }, 'the readers of live views cannot be checked'))
      .finally(() => (checking = null))
  }, checkMs)
  timer.unref()

  return {
    async *changes(actor, of, signal) {
      const queue = new Map<Uuid, SessionChanged>()
      let wake: () => void = () => {}
      const over = new AbortController()
      const until = AbortSignal.any([signal, over.signal])
      const view: View = {
        actor,
        end: () => over.abort(),
        wants: ({ id, user_id: ownerId, organization_id: organizationId }) =>
          (of === null || of.id === id) && allows(actor, 'interception:read', { id, ownerId, organizationId }),
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
      until.addEventListener('abort', aborted)
      views.add(view)
      try {
        // After the view is registered, so that nothing falls between what is there and what comes.
        if (of !== null) await view.catchUp()
        while (!until.aborted) {
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
        until.removeEventListener('abort', aborted)
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await checking
      await listener[Symbol.asyncDispose]()
    },
  }
}

/** Whether the key is good and its owner has every role that the view was opened with. */
const isStill = (actor: Actor, roles: readonly string[] | undefined): boolean =>
  roles !== undefined &&
  actor.roles.every(({ name, organizationId }) => {
    if (name === impliedRoles.site || name === impliedRoles.organization) return true
    return roles.includes(organizationId === null ? name : `${organizationId} ${name}`)
  })

const changeOf = (
  row: { readonly id: Uuid; readonly open_requests: number; readonly last_outcome: string },
  at: Date,
): SessionChanged => ({ session_id: row.id, last_active_at: at.toISOString(), status: statusOf(row) })

async function latest(db: Database, actor: Actor, of: SessionRow | null): Promise<SessionRow[]> {
  if (of !== null) {
    const row = await findSession(db.sql, of.id)
    return row === undefined ? [] : [row]
  }
  const where = await sessionsMatching(db.sql, sightOf(actor), readSearch(undefined, actor))
  return findSessions(db.sql, where, { limit: caughtUpMax, offset: 0, afterId: null })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Anybody who can reach the database may notify; what is not ours says nothing.
    return undefined
  }
}
