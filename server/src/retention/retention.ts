import { type Clock, type Log, toError, uuidv7Floor } from '@reeve/base'
import { appendAudit } from '../audit/journal.ts'
import { removeOldEvents } from '../audit/removal.ts'
import type { Signer } from '../audit/signing-key.ts'
import type { Database } from '../db/database.ts'
import { contentReadsRemoved, interceptionsRemoved } from './events.ts'
import { lockHolds } from './hold-queries.ts'
import {
  countEmptySessions,
  countInterceptions,
  deleteBlobs,
  deleteEmptySessions,
  deleteFree,
  deleteStrays,
  dropDay,
  findDays,
  hasDay,
  measureBlobs,
  tryLock,
} from './queries.ts'
import { countReads, deleteReads } from './read-queries.ts'

/** What a run removes, or would. */
export interface Removal {
  /** UTC days, as YYYY-MM-DD; some of a day may be left where it is held. */
  readonly days: readonly string[]
  readonly interceptions: number
  readonly sessions: number
  readonly blobs: number
  readonly blobBytes: number
  /** Records of who read whose words, which are kept as long as audit events. */
  readonly contentReads: number
}

export interface RetentionContext {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  /** How long interceptions are kept; 0 keeps them for ever. */
  readonly retentionMs: number
  /** How long audit events are kept, and who signs for what goes; 0 keeps them for ever. */
  readonly audit?: { readonly retentionMs: number; readonly signer: Signer }
}

const dayMs = 86_400_000
const stepRows = 1_000
/** Marks of use are up to an hour old, and a body may be built on one that is about to go. */
const blobGraceMs = dayMs

const nothing: Removal = { days: [], interceptions: 0, sessions: 0, blobs: 0, blobBytes: 0, contentReads: 0 }

/** What a run at this moment would remove. Blobs and sessions that only the run itself leaves behind are not counted. */
export async function planRetention({ db, clock, retentionMs, audit }: RetentionContext): Promise<Removal> {
  const auditMs = audit?.retentionMs ?? 0
  const contentReads = auditMs === 0 ? 0 : await countReads(db.sql, limitOf(clock, auditMs))
  if (retentionMs === 0) return { ...nothing, contentReads }
  const limit = limitOf(clock, retentionMs)
  const days = (await findDays(db.sql)).filter((day) => endOf(day) <= limit.getTime())
  let interceptions = 0
  const going: string[] = []
  for (const day of days) {
    if (!(await hasDay(db.sql, day))) continue
    const { free, held } = await countInterceptions(db.sql, day)
    interceptions += free
    if (free > 0 || held === 0) going.push(iso(day))
  }
  const sessions = await countEmptySessions(db.sql, limit)
  const { count: blobs, bytes: blobBytes } = await measureBlobs(db.sql, ...blobLimits(limit))
  return { days: going, interceptions, sessions, blobs, blobBytes, contentReads }
}

/**
 * Removes the days that lie wholly before the limit, the sessions that have nothing left, and the blobs that nothing has
 * referred to since. A day is dropped in the transaction that writes its audit event, under a lock that only one replica
 * can hold; a run that is cut off is finished by the next.
 */
export async function runRetention(context: RetentionContext): Promise<Removal> {
  const { db, clock, retentionMs } = context
  const contentReads = await removeContentReads(context)
  if (retentionMs === 0) return { ...nothing, contentReads }
  const limit = limitOf(clock, retentionMs)
  const days: string[] = []
  let interceptions = await db.transaction(async (tx) => {
    await lockHolds(tx)
    return deleteStrays(tx, uuidv7Floor(limit))
  })
  for (const day of (await findDays(db.sql)).filter((candidate) => endOf(candidate) <= limit.getTime())) {
    const dropped = await removeDay(context, day)
    if (dropped === null) continue
    days.push(iso(day))
    interceptions += dropped
  }
  const sessions = await inSteps((rows) => deleteEmptySessions(db.sql, limit, rows))
  let blobBytes = 0
  const blobs = await inSteps(async (rows) => {
    const gone = await db.transaction(async (tx) => {
      await lockHolds(tx)
      return deleteBlobs(tx, ...blobLimits(limit), rows)
    })
    blobBytes += gone.bytes
    return gone.count
  })
  const removal = { days, interceptions, sessions, blobs, blobBytes, contentReads }
  if (days.length === 0 && (sessions > 0 || blobs > 0)) {
    await db.transaction((tx) => appendAudit(tx, event(clock, 'leftovers', { sessions, blobs, blob_bytes: blobBytes })))
  }
  return removal
}

/** Null when another replica is at it or has done it, or when all that is left of the day is held. */
async function removeDay({ db, clock }: RetentionContext, day: string): Promise<number | null> {
  return db.transaction(async (tx) => {
    if (!(await tryLock(tx)) || !(await hasDay(tx, day))) return null
    // Before looking: nobody can place a hold between the look and the removal.
    await lockHolds(tx)
    const { free, held } = await countInterceptions(tx, day)
    if (held > 0 && free === 0) return null
    if (held > 0) await deleteFree(tx, day)
    else await dropDay(tx, day)
    await appendAudit(tx, event(clock, iso(day), { interceptions: free }))
    return free
  })
}

/** The audit log has an event for each of them, so that they go when it goes: neither tells more than the other. */
async function removeContentReads({ db, clock, audit }: RetentionContext): Promise<number> {
  if (audit === undefined || audit.retentionMs === 0) return 0
  const before = limitOf(clock, audit.retentionMs)
  return inSteps((rows) =>
    db.transaction(async (tx) => {
      await lockHolds(tx)
      const gone = await deleteReads(tx, before, rows)
      if (gone > 0) await appendAudit(tx, { scope, at: clock.now(), ...contentReadsRemoved(before, gone) })
      return gone
    }),
  )
}

/** Audit events have a retention of their own. */
async function removeAuditEvents({ db, clock, audit }: RetentionContext): Promise<number> {
  if (audit === undefined || audit.retentionMs === 0) return 0
  return removeOldEvents({ db, clock, signer: audit.signer }, limitOf(clock, audit.retentionMs))
}

const scope = { actor: null, requestId: 'retention', sourceIp: null, userAgent: null }

const event = (clock: Clock, target: string, removed: Readonly<Record<string, number>>) => ({
  scope,
  at: clock.now(),
  ...interceptionsRemoved(target, removed),
})

const blobLimits = (limit: Date): [before: Date, heldBelowId: string] => [
  new Date(limit.getTime() - blobGraceMs),
  uuidv7Floor(limit),
]

async function inSteps(step: (rows: number) => Promise<number>): Promise<number> {
  let total = 0
  for (;;) {
    const removed = await step(stepRows)
    total += removed
    if (removed < stepRows) return total
  }
}

const limitOf = (clock: Clock, retentionMs: number): Date => new Date(clock.now().getTime() - retentionMs)
const iso = (day: string): string => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`
const endOf = (day: string): number => Date.parse(`${iso(day)}T00:00:00Z`) + dayMs

/** Runs at the start and then daily. A run that fails is tried again in a few minutes. */
export function startRetention(context: RetentionContext): AsyncDisposable {
  const { log, retentionMs, audit } = context
  if (retentionMs === 0 && (audit?.retentionMs ?? 0) === 0) return { [Symbol.asyncDispose]: () => Promise.resolve() }
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const run = async (): Promise<void> => {
    let nextMs = dayMs
    try {
      const removal = await runRetention(context)
      const auditEvents = await removeAuditEvents(context)
      if (removal.days.length > 0 || removal.blobs > 0 || removal.contentReads > 0 || auditEvents > 0) {
        log.info({ ...removal, auditEvents }, 'retention removed old records')
      }
    } catch (thrown) {
      nextMs = 5 * 60_000
      log.error({ err: toError(thrown) }, 'retention failed and will be tried again')
    }
    if (!stopped) timer = setTimeout(() => (running = run()), nextMs).unref()
  }
  let running = run()
  return {
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
