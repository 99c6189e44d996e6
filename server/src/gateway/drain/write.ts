import { type Uuid, uuidv7Floor } from '@reeve/base'
import { z } from 'zod'
import type { Frame } from '../../journal/read.ts'
import type { Traced } from '../record/frames.ts'
import { type BlobStore, type BlobUse, keyOf } from './blob-store.ts'
import type { DrainConnection } from './connect.ts'
import { endRow, interceptionRow, wholeRow } from './derived-rows.ts'
import type { Prepared } from './prepare.ts'
import {
  answerSeqFrom,
  type EndRow,
  type InterceptionRow,
  type ItemRow,
  itemRows,
  short,
  type TrailerRow,
  bytea,
} from './rows.ts'
import { SessionChanges } from './session-changes.ts'
import {
  ensureSessions,
  findLineage,
  type Known,
  type Lineage,
  noteOutcome,
  pair,
  type PreparedStart,
  responseName,
  type SessionKey,
  sessionKeyOf,
} from './sessions.ts'
import { findThreads, placeInThread } from './threads.ts'

export interface Written {
  readonly starts: readonly { readonly row: InterceptionRow; readonly items: readonly ItemRow[] }[]
  readonly ends: readonly {
    readonly row: EndRow
    readonly known: Known
    readonly items: readonly ItemRow[]
    readonly trace: Traced | null
  }[]
  /** Interceptions whose bytes could not be kept, because what they began with is gone. */
  readonly bodiesLost: number
  readonly masked: number
}

export interface WriteContext {
  readonly connection: DrainConnection
  readonly blobs: BlobStore
  readonly replicaId: Uuid
  /** How many interceptions of this journal had ended before this batch. */
  readonly recordsBefore: number
}

/** A frame that contradicts what is recorded already: it can be kept, and not written. */
export class Contradiction extends Error {
  readonly frame: Frame
  constructor(frame: Frame, message: string) {
    super(message)
    this.frame = frame
  }
}

/** How far back the thread and the session of a request are looked for: a bound on the partitions that are searched. */
const lineageMs = 3 * 86_400_000

/**
 * Writes a batch inside an open transaction, with a handful of statements however large it is.
 *
 * Several replicas write at once. Rows that two of them may touch are locked in one order by all: blobs by hash, then
 * sessions, new ones by key and all of them by id, then usage by its key, and the rest nobody else touches.
 */
export async function writeBatch(batch: readonly Prepared[], context: WriteContext): Promise<Written> {
  const { connection } = context
  const starts = batch.filter((entry) => entry.kind === 'start')
  const found = await findKnown(connection, batch)
  const missing = await context.blobs.write(connection, blobUses(batch, found))

  const since = uuidv7Floor(new Date(earliest(starts) - lineageMs))
  const lineage = await findLineage(connection, starts, since)
  const keys = assignKeys(batch, found, lineage)
  const sessionIds = keys.size === 0 ? new Map<string, string>() : await ensureSessions(connection, keys)
  const own = new Map<PreparedStart, Known>()
  for (const [start, { key }] of keys) {
    const known = found.get(start.head.id)
    const sessionId = sessionIds.get(pair(start.head.userId, key))
    if (known === undefined || sessionId === undefined) throw new Contradiction(start.frame, 'its session is gone')
    known.sessionId = sessionId
    own.set(start, known)
  }
  await connection.run('lockSessions', [[...new Set([...found.values()].map((known) => known.sessionId))]])
  const threads = await findThreads(connection, own, since)

  const changes = new SessionChanges()
  const begun: Written['starts'][number][] = []
  const ended: Written['ends'][number][] = []
  let bodiesLost = 0
  const trailers: TrailerRow[] = []
  for (const entry of batch) {
    if (entry.kind === 'start') {
      const known = own.get(entry)!
      const placement = placeInThread(entry, known, lineage, threads)
      known.threadId = placement.threadId
      const lost =
        entry.slices === null ||
        entry.slices.some(({ sha256 }) => missing.has(keyOf({ organizationId: known.organizationId, sha256 })))
      if (lost && entry.head.capture === 'full') bodiesLost++
      const row = interceptionRow(entry, known, placement, lost, context.replicaId)
      changes.started(row, entry.reading)
      begun.push({ row, items: itemRows(known, entry.reading.items, row.started_at, 1) })
    } else if (entry.kind === 'end') {
      const known = found.get(entry.head.id)
      if (known === undefined) throw new Contradiction(entry.frame, 'the interception that it ends was not recorded')
      if (known.ended) throw new Contradiction(entry.frame, 'the interception that it ends has ended already')
      known.ended = true
      const { row, items } = endRow(entry, known, context.recordsBefore + ended.length + 1)
      changes.ended(known, entry.head, row)
      noteAnswer(known, items, row.provider_response_id, lineage)
      ended.push({ row, known, items: itemRows(known, items, row.ended_at, answerSeqFrom), trace: entry.head.trace })
    } else if (entry.kind === 'trailer') {
      const { head, slices } = entry
      const { responseBytes: response_bytes, responseSha256 } = head
      trailers.push({ id: head.id, response_bytes, response_sha256: bytea(responseSha256), added_slices: slices })
    }
  }
  const masked = [...begun, ...ended].reduce((sum, { row }) => sum + row.masked_fingerprints.length, 0)
  const written = { starts: begun, ends: ended, bodiesLost, masked }
  await insertRows(connection, written, trailers)
  const rows = changes.rows()
  if (rows.length > 0) await connection.run('changeSessions', [JSON.stringify(rows)])
  return written
}

async function insertRows(
  connection: DrainConnection,
  written: Written,
  trailers: readonly TrailerRow[],
): Promise<void> {
  const { starts, ends } = written
  if (starts.length + ends.length > 0) {
    const endOf = new Map(ends.map(({ row }) => [row.id, row]))
    const begun = starts.map(({ row }) => wholeRow(row, endOf.get(row.id)))
    for (const { id } of begun) endOf.delete(id)
    const values = [JSON.stringify(begun), JSON.stringify([...endOf.values()]), ...bounds([...endOf.keys()])]
    await connection.run('writeInterceptions', values)
  }
  if (trailers.length > 0) {
    await connection.run('addTrailers', [JSON.stringify(trailers), ...bounds(trailers.map((row) => row.id))])
  }
  const items = [...starts, ...ends].flatMap((entry) => entry.items)
  if (items.length > 0) await connection.run('insertItems', [JSON.stringify(items)])
}

const KnownRow = z.object({
  id: z.string(),
  session_id: z.string(),
  thread_id: z.string(),
  user_id: z.string(),
  organization_id: z.string(),
  capture: z.string(),
  route: z.string(),
  provider_name: z.string(),
  model: z.string(),
  agent_id: z.string().nullable(),
  ended: z.boolean(),
  session_key: z.string(),
})

/** The interceptions that the batch ends or adds to and that began before it. */
async function findKnown(connection: DrainConnection, batch: readonly Prepared[]): Promise<Map<string, Known>> {
  const begun = new Set(batch.flatMap((entry) => (entry.kind === 'start' ? [entry.head.id] : [])))
  const ids = batch.flatMap((entry) =>
    (entry.kind === 'end' || entry.kind === 'trailer') && !begun.has(entry.head.id) ? [entry.head.id] : [],
  )
  const found = new Map<string, Known>()
  if (ids.length === 0) return found
  const { rows } = await connection.run('findInterceptions', [ids, ...bounds(ids)])
  for (const row of z.array(KnownRow).parse(rows)) {
    found.set(row.id, {
      id: row.id,
      userId: row.user_id,
      organizationId: row.organization_id,
      agentId: row.agent_id,
      route: row.route,
      capture: row.capture,
      providerName: row.provider_name,
      model: row.model,
      sessionKey: row.session_key,
      sessionId: row.session_id,
      threadId: row.thread_id,
      ended: row.ended,
    })
  }
  return found
}

/** Goes through the batch in order: what an answer in it issued is known to the requests behind it. */
function assignKeys(
  batch: readonly Prepared[],
  found: Map<string, Known>,
  lineage: Lineage,
): Map<PreparedStart, SessionKey> {
  const keys = new Map<PreparedStart, SessionKey>()
  for (const entry of batch) {
    if (entry.kind === 'start') {
      const key = sessionKeyOf(entry, lineage)
      keys.set(entry, key)
      found.set(entry.head.id, newlyKnown(entry, key))
    } else if (entry.kind === 'end') {
      const known = found.get(entry.head.id)
      if (known === undefined) continue
      noteOutcome(known, entry.head.outcome, lineage)
      noteAnswer(known, entry.reading.items, short(entry.reading.responseId), lineage)
    }
  }
  return keys
}

const newlyKnown = ({ head }: PreparedStart, { key }: SessionKey): Known => ({
  id: head.id,
  userId: head.userId,
  organizationId: head.organizationId,
  agentId: head.agentId,
  route: head.route,
  capture: head.capture,
  providerName: head.providerName,
  model: short(head.model) ?? '',
  sessionKey: key,
  sessionId: '',
  threadId: '',
  ended: false,
})

/** What later requests may go on from. */
function noteAnswer(
  known: Known,
  items: readonly { kind: string; toolCallId: string | null }[],
  responseId: string | null,
  lineage: Lineage,
): void {
  if (responseId !== null && known.route === 'responses') {
    lineage.responses.set(responseName(known.userId, known.providerName, responseId), known)
  }
  for (const { kind, toolCallId } of items) {
    const callId = kind === 'tool_call' ? short(toolCallId) : null
    if (callId !== null) lineage.toolCalls.set(pair(known.userId, callId), known)
  }
}

/** Every blob that a row of the batch will name. */
function blobUses(batch: readonly Prepared[], found: ReadonlyMap<string, Known>): BlobUse[] {
  const begun = new Map(
    batch.flatMap((entry) => (entry.kind === 'start' ? [[entry.head.id, entry.head] as const] : [])),
  )
  return batch.flatMap((entry) => {
    if (entry.kind === 'chunk') return []
    const { id } = entry.head
    const of = entry.kind === 'start' ? entry.head : (begun.get(id) ?? found.get(id))
    if (of === undefined || of.capture !== 'full') return []
    const { organizationId } = of
    const made = new Map(entry.blobs.map((blob) => [blob.sha256, blob]))
    const named = (entry.slices ?? []).map(({ sha256 }) => sha256)
    return [...new Set([...named, ...made.keys()])].map((sha256) => ({
      organizationId,
      sha256,
      blob: made.get(sha256) ?? null,
    }))
  })
}

const earliest = (starts: readonly PreparedStart[]): number =>
  starts.length === 0 ? lineageMs : Math.min(...starts.map(({ head }) => Date.parse(head.startedAt)))

/** The smallest and the largest id: they keep a statement out of the partitions of all other days. Null for none. */
function bounds(ids: readonly string[]): [string | null, string | null] {
  const sorted = ids.toSorted()
  return [sorted[0] ?? null, sorted.at(-1) ?? null]
}
