import { Fault, type Uuid } from '@reeve/base'
import { patchBody } from '@reeve/bridge'
import type { Interception, InterceptionDetails, TimelineEvent } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { type FileAnswer, type Scope, signedIn } from '../http/implement.ts'
import { unpackBlob } from './drain/blobs.ts'
import { interceptionDetails } from './details.ts'
import { findItemMarks } from './item-queries.ts'
import { interceptionsMatching } from './list-conditions.ts'
import { countInterceptions, countMaxOf, findInterceptions, findOwners } from './list-queries.ts'
import { presentInterception } from './present.ts'
import { findBlobs, findInterception, findSession, type InterceptionRow } from './queries.ts'
import { SentHead } from './record/frames.ts'
import { joinSlices, Slices } from './record/slices.ts'
import { looksForWords, readSearch } from './search.ts'
import { countWithin, type Desk, type ListQuery, presentEvents, refuseBoth, sightOf } from './sessions.ts'
import { orderEvents } from './timeline.ts'

export async function listInterceptions(
  { db, content, clock }: Desk,
  scope: Scope,
  query: ListQuery & {
    readonly after_id?: Uuid | undefined
    readonly fingerprint?: string | undefined
    readonly details?: 'true' | 'false' | undefined
  },
): Promise<{ count: number; count_is_exact: boolean; results: (Interception & InterceptionDetails)[] }> {
  const actor = signedIn(scope)
  const sight = sightOf(actor)
  const filter = readSearch(query.q, actor, query.fingerprint ?? null)
  const afterId = query.after_id ?? null
  refuseBoth('after_id', afterId, query.offset)
  if (looksForWords(filter)) content.needReason(scope, query.reason)
  if (query.details === 'true' && (query.limit ?? 0) > detailedMax) throw tooManyDetails
  const where = await interceptionsMatching(db.sql, sight, filter)
  const now = clock.now()
  const page = { limit: query.limit ?? 100, offset: query.offset ?? 0, afterId, now }
  const max = countMaxOf(filter)
  const [rows, owners] = await Promise.all([
    findInterceptions(db.sql, where, page),
    looksForWords(filter) ? findOwners(db.sql, 'interceptions', where, max) : [],
  ])
  const count = countWithin(page, rows) ?? (await countInterceptions(db.sql, where, max, now))
  const shows = content.words(scope, query)
  const read = rows.filter((row) => shows(row) && (row.prompt !== null || row.error_message !== null))
  const searched = looksForWords(filter) ? (query.fingerprint ?? query.q ?? null) : null
  await content.noteList(scope, [...owners, ...read], searched, query.reason)
  const details = query.details === 'true' ? await interceptionDetails(db, rows, shows) : null
  return {
    count: Math.min(count, max),
    count_is_exact: count <= max,
    results: rows.map((row) => ({ ...presentInterception(row, shows(row)), ...details?.get(row.id) })),
  }
}

const detailedMax = 100
const tooManyDetails = new Fault('invalid', `at most ${detailedMax} requests have details at once`, {
  problems: [{ field: 'limit', detail: `Pagination limit must be in range (0, ${detailedMax}]` }],
})

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
  side: 'request' | 'sent' | 'response',
): Promise<FileAnswer & { readonly bytes: Uint8Array }> {
  if (side === 'sent') return readSent(db, row)
  const slices = Slices.nullable().parse(side === 'request' ? row.request_slices : row.response_slices)
  if (slices === null) {
    if (row.capture === 'full' && row.content_removed_at !== null) {
      const day = row.content_removed_at.toISOString().slice(0, 10)
      throw new Fault('not_found', `the bytes of this ${side} were removed by retention on ${day}`)
    }
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

/** What the provider was asked with: made again of what came, where it is not the same. */
async function readSent(db: Database, row: InterceptionRow): Promise<FileAnswer & { readonly bytes: Uint8Array }> {
  const sent = SentHead.nullable().parse(row.sent)
  const came = await readBody(db, row, 'request')
  const body = Buffer.from(came.bytes.buffer, came.bytes.byteOffset, came.bytes.length)
  const bytes = sent === null || sent.patch === null ? body : patchBody(body, sent.patch)
  return { ...came, bytes, fileName: `${row.id}-sent.txt` }
}
