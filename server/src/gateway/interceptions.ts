import { Fault, type Uuid } from '@reeve/base'
import type { Interception, TimelineEvent } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { type FileAnswer, type Scope, signedIn } from '../http/implement.ts'
import { unpackBlob } from './drain/blobs.ts'
import { findOwners } from './content-queries.ts'
import { presentInterception } from './present.ts'
import {
  countInterceptions,
  countMax,
  findBlobs,
  findInterception,
  findInterceptions,
  findItemMarks,
  findSession,
  type InterceptionRow,
} from './queries.ts'
import { joinSlices, Slices } from './record/slices.ts'
import { looksForWords, readSearch } from './search.ts'
import { type Desk, type ListQuery, presentEvents, refuseBoth, sightOf } from './sessions.ts'
import { orderEvents } from './timeline.ts'

export async function listInterceptions(
  { db, content }: Desk,
  scope: Scope,
  query: ListQuery & { readonly after_id?: Uuid | undefined; readonly fingerprint?: string | undefined },
): Promise<{ count: number; results: Interception[] }> {
  const actor = signedIn(scope)
  const sight = sightOf(actor)
  const filter = readSearch(query.q, actor, query.fingerprint ?? null)
  const afterId = query.after_id ?? null
  refuseBoth('after_id', afterId, query.offset)
  if (looksForWords(filter)) content.needReason(scope, query.reason)
  const page = { limit: query.limit ?? 100, offset: query.offset ?? 0, afterId }
  const [rows, count, owners] = await Promise.all([
    findInterceptions(db.sql, sight, filter, page),
    countInterceptions(db.sql, sight, filter),
    looksForWords(filter) ? findOwners(db.sql, 'interceptions', sight, filter) : [],
  ])
  const shows = content.words(scope, query)
  const read = rows.filter((row) => shows(row) && (row.prompt !== null || row.error_message !== null))
  const searched = looksForWords(filter) ? (query.fingerprint ?? query.q ?? null) : null
  await content.noteList(scope, [...owners, ...read], searched, query.reason)
  return { count: Math.min(count, countMax), results: rows.map((row) => presentInterception(row, shows(row))) }
}

/** Missing and somebody else's look the same. */
export async function readableInterception(db: Database, actor: Actor, id: Uuid): Promise<InterceptionRow> {
  const row = await findInterception(db.sql, id)
  if (
    row === undefined ||
    !allows(actor, 'interception:read', { id: row.id, ownerId: row.user_id, organizationId: row.organization_id })
  ) {
    throw new Fault('not_found', 'there is no such request')
  }
  return row
}

export async function presentDetail(
  db: Database,
  row: InterceptionRow,
  shown: boolean,
): Promise<{ interception: Interception; events: TimelineEvent[] }> {
  const marks = await findItemMarks(db.sql, [row.id])
  const session = await findSession(db.sql, row.session_id)
  const order = orderEvents(
    [{ id: row.id, startedAtMs: row.started_at.getTime(), endedAtMs: row.ended_at?.getTime() ?? null, retryOf: null }],
    marks.map((mark) => ({ ...mark, interceptionId: mark.interception_id, toolCallId: mark.tool_call_id })),
  )
  const events = await presentEvents(db, order, [row], session?.started_at ?? row.started_at, () => shown)
  return { interception: presentInterception(row, shown), events }
}

/** The bytes, put together again, with masks where secrets were. Throws `Fault('not_found')` where the capture level did not keep them. */
export async function readBody(
  db: Database,
  row: InterceptionRow,
  side: 'request' | 'response',
): Promise<FileAnswer & { readonly bytes: Uint8Array }> {
  const slices = Slices.nullable().parse(side === 'request' ? row.request_slices : row.response_slices)
  if (slices === null) {
    const why = row.capture === 'full' ? 'there are none' : `the capture level is ${row.capture}`
    throw new Fault('not_found', `the bytes of this ${side} were not kept: ${why}`)
  }
  const names = [...new Set(slices.map((slice) => slice.sha256))]
  const found = await findBlobs(db.sql, row.organization_id, names)
  const blobs = new Map(
    found.map(({ sha256, encoding, raw_bytes, bytes }) => [
      sha256,
      unpackBlob({ sha256, encoding, rawBytes: raw_bytes, bytes }),
    ]),
  )
  if (names.some((name) => !blobs.has(name))) throw new Fault('not_found', `the bytes of this ${side} are gone`)
  // Never a type that a browser would interpret: whoever wrote these bytes is not to be trusted.
  return {
    bytes: joinSlices(slices, blobs),
    contentType: 'application/octet-stream',
    fileName: `${row.id}-${side}.txt`,
  }
}
