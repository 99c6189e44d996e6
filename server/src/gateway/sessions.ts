import { type Clock, Fault, type Uuid } from '@reeve/base'
import type { Session, TimelineBuild, TimelineDecision, TimelineEvent } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows, visibility } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { sessionBuilds } from './beside/session-builds.ts'
import { type BoundaryRecord, sessionDecisions } from './beside/session-decisions.ts'
import type { ContentAccess } from './content.ts'
import { threadActions } from './details.ts'
import { findItemMarks, findItems } from './item-queries.ts'
import { type Sight, sessionsMatching } from './list-conditions.ts'
import { countMaxOf, countSessions, findOwners, findSessions, type Page } from './list-queries.ts'
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
  findInterceptionsOf,
  findSession,
  findThreads,
  hasThread,
  type InterceptionRow,
  type SessionRow,
} from './queries.ts'
import { looksForWords, readSearch } from './search.ts'
import { type EventRef, orderEvents } from './timeline.ts'

/** What the lists need beside the query. */
export interface Desk {
  readonly db: Database
  readonly content: ContentAccess
  readonly clock: Clock
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
  const where = await sessionsMatching(db.sql, sight, filter)
  const page = { limit: query.limit ?? 100, offset: query.offset ?? 0, afterId }
  const max = countMaxOf(filter)
  const [rows, owners] = await Promise.all([
    findSessions(db.sql, where, page),
    looksForWords(filter) ? findOwners(db.sql, 'sessions', where, max) : [],
  ])
  const count = countWithin(page, rows) ?? (await countSessions(db.sql, where, max))
  const shows = content.words(scope, query)
  const read = rows.filter((row) => shows(row) && row.first_prompt !== null)
  await content.noteList(scope, [...owners, ...read], looksForWords(filter) ? (query.q ?? null) : null, query.reason)
  return {
    sessions: rows.map((row) => presentSession(row, shows(row))),
    count: Math.min(count, max),
    count_is_exact: count <= max,
  }
}

/** How many there are, where the page itself says so: it is the last one and knows how many came before. */
export function countWithin({ limit, offset, afterId }: Page, rows: readonly unknown[]): number | null {
  if (afterId !== null || rows.length >= limit || (rows.length === 0 && offset > 0)) return null
  return offset + rows.length
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

export interface ThreadsQuery {
  readonly limit?: number | undefined
  readonly after_id?: Uuid | undefined
  readonly before_id?: Uuid | undefined
  readonly details?: 'true' | 'false' | undefined
}

/** Throws `Fault('invalid')` for a cursor that names no thread of the session. */
export async function getSession(
  db: Database,
  row: SessionRow,
  query: ThreadsQuery,
  shown: boolean,
  shows: (row: InterceptionRow) => boolean,
) {
  const { after_id: afterId = null, before_id: beforeId = null } = query
  if (afterId !== null && beforeId !== null) throw refused('before_id', 'leave it out when after_id is there')
  for (const [field, id] of [['after_id', afterId] as const, ['before_id', beforeId] as const]) {
    if (id !== null && !(await hasThread(db.sql, row, id))) throw refused(field, 'Invalid pagination cursor.')
  }
  const threads = await findThreads(db.sql, row, { limit: query.limit ?? 50, afterId, beforeId })
  const ids = threads.map((thread) => thread.thread_id)
  const details = query.details === 'true' ? await threadActions(db, row, ids, shows) : null
  const { threads: thread_count, ...session } = presentSession(row, shown)
  const [first, last] = [threads[0], threads.at(-1)]
  return {
    ...session,
    thread_count,
    page_started_at: first?.started_at.toISOString() ?? null,
    page_ended_at: last?.ended_at?.toISOString() ?? null,
    actions_are_whole: details?.isWhole ?? true,
    threads: threads.map((thread) => ({
      ...presentThread(thread, shown),
      ...(details === null ? {} : { agentic_actions: details.actions.get(thread.thread_id) ?? [] }),
    })),
  }
}

const refused = (field: string, detail: string) =>
  new Fault('invalid', 'the page cannot be found', { problems: [{ field, detail }] })

/** Throws `Fault('invalid')` for a cursor that names no event of the session. */
export async function getSessionTimeline(
  { db, record }: { readonly db: Database; readonly record: BoundaryRecord },
  actor: Actor,
  found: SessionRow,
  query: { readonly after?: string | undefined; readonly limit?: number | undefined },
  shows: (row: InterceptionRow) => boolean,
): Promise<{ events: TimelineEvent[]; next: string | null; decisions: TimelineDecision[]; builds: TimelineBuild[] }> {
  const { session, interceptions, marks } = await db.snapshot(async (tx) => {
    // The row that was found first knows nothing of what came since, and what stands beside goes by its times.
    const session = (await findSession(tx, found.id)) ?? found
    const interceptions = await findInterceptionsOf(tx, session)
    const ids = interceptions.map((row) => row.id)
    return { session, interceptions, marks: await findItemMarks(tx, ids) }
  })
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
  const to = from + page.length
  const beside = { session, interceptions, marks, order, from, to }
  return {
    events: await presentEvents(db, page, interceptions, session.started_at, shows),
    next: to < order.length && last !== undefined ? eventId(last.interceptionId, last.seq) : null,
    decisions: await sessionDecisions(db.sql, record, actor, beside, shows),
    builds: await sessionBuilds(db.sql, actor, beside),
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
