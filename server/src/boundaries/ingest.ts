import { Fault } from '@reeve/base'
import type { endpoints } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import type { Tx } from '../db/database.ts'
import type { Scope } from '../http/implement.ts'
import { recordTampered } from './events.ts'
import { insertEvents, keepDays, selectLines, type StoredLine } from './ingest-queries.ts'
import { decidedKinds, type EventRow, instantOf, type ReadLine, readLines, rowOf, verdictOf } from './lines.ts'
import { logEvents } from './log-lines.ts'
import { takeNumbers } from './record-queries.ts'
import type { Room } from './room.ts'
import { lockSession, type SessionRow, type StoredSession, updateSession } from './session-queries.ts'

/**
 * Takes lines of a boundary's record in. They come at least once and are kept once: what came before, with the same
 * bytes, is passed over. A line that came before and is another one now is refused with all that came along, and the
 * record counts as changed from then on. So it does where a line does not name the hash of the one before it. Lines that
 * are missing are waited for: what comes after them is kept.
 */
export async function takeLines(
  room: Room,
  scope: Scope,
  owned: SessionRow,
  given: readonly Record<string, unknown>[],
): Promise<{ acknowledged_seq: number }> {
  const { db, clock, metrics } = room
  const now = clock.now()
  const lines = readLines(owned, given)
  const taken = await db.transaction(async (tx) => {
    const session = await lockSession(tx, owned.id)
    if (session === undefined) throw new Fault('not_found', 'there is no such boundary')
    // Before anything is read of them: who makes a day waits for those who read, and these must not wait for him.
    await keepDays(tx, [...new Set(lines.map(({ line }) => dayOf(instantOf(line, session.started_at, now))))])
    const there = await selectLines(tx, session, neighbours(lines), now)
    const changed = lines.find(({ line, hash }) => there.get(line.seq)?.hash.equals(hash) === false)
    if (changed !== undefined) {
      await noteTampering(tx, room, scope, session, `line ${changed.line.seq} came again and was another one`)
      return null
    }
    const fresh = lines.filter(({ line }) => !there.has(line.seq))
    const before = fresh.length === 0 ? 0 : await takeNumbers(tx, fresh.length)
    const rows = fresh.map((line, at) => ({ ...rowOf(line, session, now), record_no: before + at + 1 }))
    await insertEvents(tx, rows)
    const broken = brokenAt(fresh, there)
    if (broken !== null) await noteTampering(tx, room, scope, session, `line ${broken} does not follow the one before`)
    const after = await updateStanding(tx, session, rows, now)
    await checkEnd(tx, room, scope, after, now)
    return { fresh, acknowledged: after.acknowledged_seq, missing: missingOf(after) - missingOf(session) }
  })
  if (taken === null) {
    throw new Fault('conflict', 'a line that came before is another one now', { fix: 'the record was changed: see it' })
  }
  for (const { line } of taken.fresh) metrics.events.inc({ kind: line.kind, verdict: verdictOf(line) })
  if (taken.missing > 0) metrics.missing.inc(taken.missing)
  logEvents(room.log, owned, taken.fresh)
  return { acknowledged_seq: taken.acknowledged }
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

/** The numbers of the lines, and those beside them. */
const neighbours = (lines: readonly ReadLine[]): number[] => [
  ...new Set(lines.flatMap(({ line: { seq } }) => [seq - 1, seq, seq + 1])),
]

/** The first line whose chain does not hold, towards what came with it and what was there. */
function brokenAt(fresh: readonly ReadLine[], there: ReadonlyMap<number, StoredLine>): number | null {
  const hashes = new Map([...there].map(([seq, { hash }]) => [seq, hash]))
  for (const { line, hash } of fresh) hashes.set(line.seq, hash)
  for (const { line, hash } of fresh) {
    const before = hashes.get(line.seq - 1)
    if (line.seq === 0 && line.prev !== null) return 0
    if (line.seq > 0 && line.prev === null) return line.seq
    if (before !== undefined && before.toString('hex') !== line.prev) return line.seq
    const next = there.get(line.seq + 1)
    if (next !== undefined && next.prev?.equals(hash) !== true) return line.seq + 1
  }
  return null
}

async function updateStanding(
  tx: Tx,
  session: StoredSession,
  rows: readonly EventRow[],
  now: Date,
): Promise<StoredSession> {
  const sum = (verdict: string) =>
    rows
      .filter((row) => decidedKinds.includes(row.kind) && verdictOf(row) === verdict)
      .reduce((total, { times = 1 }) => total + Number(times), 0)
  const latest = rows.findLast(({ policy_name }) => policy_name != null)
  const isNewest = latest !== undefined && latest.seq > session.acknowledged_seq
  const set = {
    last_seen_at: now,
    acknowledged_seq: Math.max(session.acknowledged_seq, ...rows.map(({ seq }) => Number(seq))),
    lines: session.lines + rows.length,
    allowed: session.allowed + sum('allowed'),
    denied: session.denied + sum('denied'),
    observed: session.observed + sum('observed'),
    ...(isNewest ? { policy_name: latest.policy_name ?? null, policy_version: latest.policy_version ?? null } : {}),
  }
  await updateSession(tx, session.id, set)
  return { ...session, ...set }
}

/** How many numbers below the highest did not come. */
export const missingOf = ({ acknowledged_seq, lines }: Pick<StoredSession, 'acknowledged_seq' | 'lines'>): number =>
  Math.max(acknowledged_seq + 1 - lines, 0)

async function noteTampering(tx: Tx, room: Room, scope: Scope, session: StoredSession, how: string): Promise<void> {
  if (session.tampered !== null) return
  await updateSession(tx, session.id, { tampered: how })
  await appendAudit(tx, { scope, at: room.clock.now(), ...recordTampered(session, how) })
  room.metrics.tampered.inc({ how: how.includes('again') ? 'changed' : how.includes('last') ? 'end' : 'chain' })
  room.log.warn({ boundary_session: session.id, how }, 'the record of a boundary was changed')
}

/** Once the last line is here, it must be the one that the boundary named at its end. */
async function checkEnd(tx: Tx, room: Room, scope: Scope, session: StoredSession, now: Date): Promise<void> {
  const { last_seq: last, last_hash: hash } = session
  if (session.ended_at === null || last === null || session.tampered !== null) return
  const isLonger = session.acknowledged_seq > last
  const line = (await selectLines(tx, session, [last], now)).get(last)
  if (!isLonger && (line === undefined || hash === null || line.hash.equals(hash))) return
  await noteTampering(tx, room, scope, session, 'the last line is another one than was said at the end')
}

type End = ReturnType<NonNullable<typeof endpoints.endBoundary.body>['parse']>

/** The same again is no second end. */
export async function endSession(room: Room, scope: Scope, owned: SessionRow, end: End): Promise<void> {
  const now = room.clock.now()
  if ((end.last_seq === -1) !== (end.head === null)) {
    const detail = 'is there exactly where there is a last line'
    throw new Fault('invalid', 'the request has problems', { problems: [{ field: 'head', detail }] })
  }
  await room.db.transaction(async (tx) => {
    const session = await lockSession(tx, owned.id)
    if (session === undefined) throw new Fault('not_found', 'there is no such boundary')
    const hash = end.head === null ? null : Buffer.from(end.head, 'hex')
    if (session.ended_at !== null) {
      const same = session.last_seq === end.last_seq && (session.last_hash?.toString('hex') ?? null) === end.head
      if (!same) throw new Fault('conflict', 'this boundary has ended, and otherwise')
      return
    }
    const set = {
      ended_at: now,
      last_seen_at: now,
      exit_code: end.exit_code,
      signal: end.signal,
      last_seq: end.last_seq,
      last_hash: hash,
    }
    await updateSession(tx, session.id, set)
    await checkEnd(tx, room, scope, { ...session, ...set }, now)
  })
}
