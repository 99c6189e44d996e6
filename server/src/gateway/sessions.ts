import { type Clock, Fault, type Uuid } from '@reeve/base'
import type { Session, Thread, TimelineEvent } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows, visibility } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Database } from '../db/database.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { contentRead } from './events.ts'
import {
  eventId,
  presentEnd,
  presentItem,
  presentRequest,
  presentSession,
  presentThread,
  requestSeq,
  endSeq,
} from './present.ts'
import {
  contentWasReadSince,
  countMax,
  countSessions,
  findInterceptionsOf,
  findItemMarks,
  findItems,
  findSession,
  findSessions,
  findThreads,
  lockReading,
  type InterceptionRow,
  type SessionRow,
} from './queries.ts'
import { readSearch } from './search.ts'
import { type EventRef, orderEvents } from './timeline.ts'

export interface ListQuery {
  readonly q?: string | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

export async function listSessions(
  db: Database,
  actor: Actor,
  query: ListQuery & { readonly after_session_id?: Uuid | undefined },
): Promise<{ sessions: Session[]; count: number; count_is_exact: boolean }> {
  const owners = visibility(actor, 'interception:read')
  const filter = readSearch(query.q, actor)
  const afterId = query.after_session_id ?? null
  refuseBoth('after_session_id', afterId, query.offset)
  if (afterId !== null) await readableSession(db, actor, afterId, unknownCursor('after_session_id'))
  const page = { limit: query.limit ?? 100, offset: query.offset ?? 0, afterId }
  const [rows, count] = await Promise.all([
    findSessions(db.sql, owners, filter, page),
    countSessions(db.sql, owners, filter),
  ])
  return { sessions: rows.map(presentSession), count: Math.min(count, countMax), count_is_exact: count <= countMax }
}

export function refuseBoth(cursor: string, afterId: Uuid | null, offset: number | undefined): void {
  if (afterId !== null && offset !== undefined) {
    throw new Fault('invalid', `${cursor} and offset cannot be used together`, {
      problems: [{ field: 'offset', detail: `leave it out when ${cursor} is there` }],
    })
  }
}

export function unknownCursor(field: string): Fault {
  return new Fault('invalid', 'the page cannot be found', {
    problems: [{ field, detail: 'names nothing in the list' }],
  })
}

/** Missing and somebody else's look the same. */
export async function readableSession(
  db: Database,
  actor: Actor,
  id: Uuid,
  otherwise = new Fault('not_found', 'there is no such session'),
): Promise<SessionRow> {
  const row = await findSession(db.sql, id)
  if (
    row === undefined ||
    !allows(actor, 'interception:read', { ownerId: row.user_id, organizationId: row.organization_id })
  ) {
    throw otherwise
  }
  return row
}

export async function getSession(
  db: Database,
  actor: Actor,
  id: Uuid,
  query: { readonly limit?: number | undefined; readonly after_id?: Uuid | undefined },
): Promise<Omit<Session, 'threads'> & { thread_count: number; threads: Thread[] }> {
  const row = await readableSession(db, actor, id)
  const page = { limit: query.limit ?? 50, afterId: query.after_id ?? null }
  const threads = await findThreads(db.sql, id, page)
  const { threads: thread_count, ...session } = presentSession(row)
  return { ...session, thread_count, threads: threads.map(presentThread) }
}

/** Throws `Fault('invalid')` for a cursor that names no event of the session. */
export async function getSessionTimeline(
  db: Database,
  actor: Actor,
  id: Uuid,
  query: { readonly after?: string | undefined; readonly limit?: number | undefined },
): Promise<{ events: TimelineEvent[]; next: string | null }> {
  const session = await readableSession(db, actor, id)
  const interceptions = await findInterceptionsOf(db.sql, id)
  const marks = await findItemMarks(
    db.sql,
    interceptions.map((row) => row.id),
  )
  const order = orderEvents(
    interceptions.map((row) => ({
      id: row.id,
      startedAtMs: row.started_at.getTime(),
      endedAtMs: row.ended_at?.getTime() ?? null,
      retryOf: row.retry_of,
    })),
    marks.map((mark) => ({ ...mark, interceptionId: mark.interception_id, toolCallId: mark.tool_call_id })),
  )
  const from = query.after === undefined ? 0 : placeOf(order, query.after) + 1
  const page = order.slice(from, from + (query.limit ?? 500))
  const last = page.at(-1)
  const more = from + page.length < order.length
  return {
    events: await presentEvents(db, page, interceptions, session.started_at),
    next: more && last !== undefined ? eventId(last.interceptionId, last.seq) : null,
  }
}

function placeOf(order: readonly EventRef[], cursor: string): number {
  const place = order.findIndex((ref) => eventId(ref.interceptionId, ref.seq) === cursor)
  if (place === -1) throw unknownCursor('after')
  return place
}

export async function presentEvents(
  db: Database,
  refs: readonly EventRef[],
  interceptions: readonly InterceptionRow[],
  sessionStart: Date,
): Promise<TimelineEvent[]> {
  const rows = new Map(interceptions.map((row) => [row.id, row]))
  const wanted = refs.filter(({ seq }) => seq !== requestSeq && seq !== endSeq)
  const items = await findItems(
    db.sql,
    wanted.map((ref) => ({ interception_id: ref.interceptionId, seq: ref.seq })),
  )
  const found = new Map(items.map((item) => [eventId(item.interception_id, item.seq), item]))
  return refs.flatMap((ref) => {
    const row = rows.get(ref.interceptionId)
    if (row === undefined) return []
    if (ref.seq === requestSeq) return [presentRequest(row, sessionStart)]
    if (ref.seq === endSeq) return [presentEnd(row, sessionStart)]
    const item = found.get(eventId(ref.interceptionId, ref.seq))
    // Retention may have removed it since.
    return item === undefined ? [] : [presentItem(item, row, sessionStart)]
  })
}

const onceMs = 3_600_000

/**
 * Reading another person's content is itself recorded, before any of it is shown: once for each reader and session in an
 * hour, so that turning pages is one reading.
 */
export async function noteReading(
  db: Database,
  scope: Scope,
  of: { readonly sessionId: Uuid; readonly ownerId: Uuid; readonly ownerName: string; readonly organizationId: Uuid },
  clock: Clock,
): Promise<void> {
  const actor = signedIn(scope)
  if (actor.userId === of.ownerId) return
  const now = clock.now()
  const since = new Date(now.getTime() - onceMs)
  if (await contentWasReadSince(db.sql, actor.userId, of.sessionId, since)) return
  await db.transaction(async (tx) => {
    // One page asks for several things at once: whoever comes second, on any replica, finds the first one's entry.
    await lockReading(tx, actor.userId, of.sessionId)
    if (await contentWasReadSince(tx, actor.userId, of.sessionId, since)) return
    await appendAudit(tx, contentRead(scope, now, of))
  })
}
