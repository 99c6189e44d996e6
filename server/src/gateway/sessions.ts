import { Fault, type Uuid } from '@reeve/base'
import type { Session, Thread, TimelineEvent } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows, visibility } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import type { ContentAccess } from './content.ts'
import { findOwners } from './content-queries.ts'
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
  countMax,
  countSessions,
  findInterceptionsOf,
  findItemMarks,
  findItems,
  findSession,
  findSessions,
  findThreads,
  type InterceptionRow,
  type SessionRow,
  type Sight,
} from './queries.ts'
import { looksForWords, readSearch } from './search.ts'
import { type EventRef, orderEvents } from './timeline.ts'

/** What the lists need beside the query. */
export interface Desk {
  readonly db: Database
  readonly content: ContentAccess
}

export interface ListQuery {
  readonly q?: string | undefined
  readonly content?: 'true' | 'false' | undefined
  readonly reason?: string | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

export async function listSessions(
  { db, content }: Desk,
  scope: Scope,
  query: ListQuery & { readonly after_session_id?: Uuid | undefined },
): Promise<{ sessions: Session[]; count: number; count_is_exact: boolean }> {
  const actor = signedIn(scope)
  const sight = sightOf(actor)
  const filter = readSearch(query.q, actor)
  const afterId = query.after_session_id ?? null
  refuseBoth('after_session_id', afterId, query.offset)
  if (afterId !== null) await readableSession(db, actor, afterId, unknownCursor('after_session_id'))
  if (looksForWords(filter)) content.needReason(scope, query.reason)
  const page = { limit: query.limit ?? 100, offset: query.offset ?? 0, afterId }
  const [rows, count, owners] = await Promise.all([
    findSessions(db.sql, sight, filter, page),
    countSessions(db.sql, sight, filter),
    looksForWords(filter) ? findOwners(db.sql, 'sessions', sight, filter) : [],
  ])
  const shows = content.words(scope, query)
  const read = rows.filter((row) => shows(row) && row.first_prompt !== null)
  await content.noteList(scope, [...owners, ...read], looksForWords(filter) ? (query.q ?? null) : null, query.reason)
  return {
    sessions: rows.map((row) => presentSession(row, shows(row))),
    count: Math.min(count, countMax),
    count_is_exact: count <= countMax,
  }
}

export const sightOf = (actor: Actor): Sight => ({
  rows: visibility(actor, 'interception:read'),
  words: visibility(actor, 'interception_content:read'),
})

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
    !allows(actor, 'interception:read', { id: row.id, ownerId: row.user_id, organizationId: row.organization_id })
  ) {
    throw otherwise
  }
  return row
}

export async function getSession(
  db: Database,
  row: SessionRow,
  query: { readonly limit?: number | undefined; readonly after_id?: Uuid | undefined },
  shown: boolean,
): Promise<Omit<Session, 'threads'> & { thread_count: number; threads: Thread[] }> {
  const page = { limit: query.limit ?? 50, afterId: query.after_id ?? null }
  const threads = await findThreads(db.sql, row.id, page)
  const { threads: thread_count, ...session } = presentSession(row, shown)
  return { ...session, thread_count, threads: threads.map((thread) => presentThread(thread, shown)) }
}

/** Throws `Fault('invalid')` for a cursor that names no event of the session. */
export async function getSessionTimeline(
  db: Database,
  session: SessionRow,
  query: { readonly after?: string | undefined; readonly limit?: number | undefined },
  shows: (row: InterceptionRow) => boolean,
): Promise<{ events: TimelineEvent[]; next: string | null }> {
  const interceptions = await findInterceptionsOf(db.sql, session.id)
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
    events: await presentEvents(db, page, interceptions, session.started_at, shows),
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
  shows: (row: InterceptionRow) => boolean,
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
    return item === undefined ? [] : [presentItem(item, row, sessionStart, shows(row))]
  })
}
