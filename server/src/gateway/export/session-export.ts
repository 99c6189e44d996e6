import { createHash } from 'node:crypto'
import { type Clock, Fault, type Uuid, uuidv7Floor } from '@reeve/base'
import type { SessionExportLine } from '@reeve/sdk'
import { reachesOthers, visibility } from '../../access/policy.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Database } from '../../db/database.ts'
import { type FileAnswer, type Scope, signedIn } from '../../http/implement.ts'
import type { ContentAccess } from '../content.ts'
import { sessionsExported, sessionsExporting } from '../events.ts'
import { readBody } from '../interceptions.ts'
import { type Condition, sessionsMatching } from '../list-conditions.ts'
import { countMaxOf, findOwners } from '../list-queries.ts'
import { presentInterception, presentItem, presentSession } from '../present.ts'
import type { InterceptionRow, SessionRow } from '../queries.ts'
import type { ItemRow } from '../item-queries.ts'
import { looksForWords, readSearch } from '../search.ts'
import { bodyLines } from './body-lines.ts'
import { findInterceptionsInOrder, findItemsInOrder, findSessionsInOrder } from './export-queries.ts'

export interface ExportDesk {
  readonly db: Database
  readonly content: ContentAccess
  readonly clock: Clock
}

export interface ExportQuery {
  readonly q?: string | undefined
  readonly content?: 'true' | 'false' | undefined
  readonly bodies?: 'true' | 'false' | undefined
  readonly after_session_id?: Uuid | undefined
  readonly reason?: string | undefined
}

const sessionsMax = 50
const interceptionsMax = 50
/** A text has up to a quarter of a megabyte. */
const itemsMax = 100

/**
 * Begins an export: what is asked is checked, and that it was asked is on record, before the first byte. Words of other
 * people leave only with a reason, and whose they are is on record before they do.
 */
export async function exportSessions(desk: ExportDesk, scope: Scope, query: ExportQuery): Promise<FileAnswer> {
  const { db, content, clock } = desk
  const actor = signedIn(scope)
  const { reason } = query
  const filter = readSearch(query.q, actor)
  const withWords = query.content !== 'false'
  if (withWords && reason === undefined && reachesOthers(actor, 'interception_content:read')) {
    throw new Fault('invalid', 'an export of the words of other people needs a reason', {
      problems: [
        { field: 'reason', detail: 'say why, as reason in the query or with --reason; or leave the words out' },
      ],
      fix: 'say why you export them, or leave the words out',
    })
  }
  const where = await sessionsMatching(
    db.sql,
    { rows: visibility(actor, 'interception:export'), words: visibility(actor, 'interception_content:read') },
    filter,
  )
  if (looksForWords(filter)) {
    content.needReason(scope, reason)
    const owners = await findOwners(db.sql, 'sessions', where, countMaxOf(filter))
    await content.noteList(scope, owners, query.q ?? null, reason)
  }
  const asked = { q: query.q ?? '', content: withWords, bodies: query.bodies === 'true' }
  const at = clock.now()
  await db.transaction((tx) => appendAudit(tx, sessionsExporting(scope, at, { ...asked, reason })))
  return {
    bytes: linesOf(desk, scope, { ...query, ...asked, where, at }),
    contentType: 'application/x-ndjson',
    fileName: `reeve-sessions-${at.toISOString().slice(0, 10)}.jsonl`,
  }
}

interface Export {
  readonly q: string
  readonly content: boolean
  readonly bodies: boolean
  readonly reason?: string | undefined
  readonly after_session_id?: Uuid | undefined
  readonly where: Condition
  readonly at: Date
}

/** Holds a page of sessions, a page of one session's requests, and one body at a time, however long the file gets. */
async function* linesOf(desk: ExportDesk, scope: Scope, asked: Export): AsyncGenerator<Buffer> {
  const { db, clock } = desk
  const { q, content, bodies, at, where } = asked
  const hash = createHash('sha256')
  const count = { sessions: 0, requests: 0, events: 0, bodies: 0 }
  let lines = 0
  const written = (line: SessionExportLine): Buffer => {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
    hash.update(bytes)
    lines++
    return bytes
  }
  const exported_at = at.toISOString()
  let last = asked.after_session_id ?? null
  const header = { format: 'reeve-sessions/1', exported_at, q, content, bodies, after_session_id: last } as const
  yield written({ kind: 'header', ...header })
  // What begins meanwhile is not in it: the file has an end.
  const upTo = uuidv7Floor(new Date(at.getTime() + 1))
  const reader = readerOf(desk, scope, asked)
  for (;;) {
    const sessions = await findSessionsInOrder(db.sql, where, { after: last, upTo, limit: sessionsMax })
    if (sessions.length === 0) break
    for (const session of sessions) {
      scope.signal.throwIfAborted()
      for await (const line of sessionLines(desk, session, reader, bodies)) {
        if (line.kind === 'request') count.requests++
        if (line.kind === 'event') count.events++
        if (line.kind === 'body' && line.part === 1) count.bodies++
        yield written(line)
      }
      count.sessions++
      last = session.id
    }
  }
  const sha256 = hash.digest('hex')
  await db.transaction((tx) => appendAudit(tx, sessionsExported(scope, clock.now(), { ...count, sha256 })))
  const manifest: SessionExportLine = { kind: 'manifest', ...count, lines, sha256, last_session_id: last }
  yield Buffer.from(`${JSON.stringify(manifest)}\n`)
}

type Shows = (
  rows: readonly (SessionRow | InterceptionRow)[],
) => Promise<(row: SessionRow | InterceptionRow) => boolean>

/** Whose words may be in the file. Of whom that is new is put on record before it resolves. */
function readerOf({ content }: ExportDesk, scope: Scope, asked: Export): Shows {
  const shows = content.words(scope, { content: asked.content ? 'true' : 'false', reason: asked.reason })
  const noted = new Set<string>()
  return async (rows) => {
    const keyOf = (row: SessionRow | InterceptionRow): string => `${row.user_id} ${row.organization_id}`
    const fresh = rows.filter((row) => shows(row) && !noted.has(keyOf(row)))
    await content.noteExport(scope, fresh, asked.reason)
    for (const row of fresh) noted.add(keyOf(row))
    return shows
  }
}

async function* sessionLines(
  { db }: ExportDesk,
  session: SessionRow,
  reader: Shows,
  withBodies: boolean,
): AsyncGenerator<SessionExportLine> {
  const shownSession = await reader([session])
  yield { kind: 'session', session: presentSession(session, shownSession(session)) }
  let after: Uuid | null = null
  for (;;) {
    const rows: InterceptionRow[] = await findInterceptionsInOrder(db.sql, session, {
      after,
      limit: interceptionsMax,
    })
    const shows = await reader(rows)
    const items = itemsOf(db, rows)
    let item = await items.next()
    for (const row of rows) {
      yield { kind: 'request', request: presentInterception(row, shows(row)) }
      for (; item.done !== true && item.value.interception_id === row.id; item = await items.next()) {
        yield { kind: 'event', event: presentItem(item.value, row, session.started_at, shows(row)) }
      }
      if (!withBodies || !shows(row)) continue
      for (const side of ['request', 'sent', 'response'] as const) {
        if (side === 'sent' && row.sent === null) continue
        const bytes = await keptBody(db, row, side)
        if (bytes !== null) yield* bodyLines(row.id, side, bytes)
      }
    }
    const end = rows.at(-1)
    if (end === undefined || rows.length < interceptionsMax) return
    after = end.id
  }
}

async function* itemsOf(db: Database, rows: readonly InterceptionRow[]): AsyncGenerator<ItemRow, undefined> {
  const ids = rows.map((row) => row.id)
  let last: ItemRow | null = null
  while (ids.length > 0) {
    const items: ItemRow[] = await findItemsInOrder(db.sql, ids, last, itemsMax)
    yield* items
    last = items.at(-1) ?? null
    if (items.length < itemsMax) return
  }
}

/** Null where they were not kept, or are gone. */
async function keptBody(
  db: Database,
  row: InterceptionRow,
  side: 'request' | 'sent' | 'response',
): Promise<Uint8Array | null> {
  try {
    return (await readBody(db, row, side)).bytes
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'not_found') return null
    throw thrown
  }
}
