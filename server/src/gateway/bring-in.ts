import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, Fault, type Log, type Uuid } from '@reeve/base'
import type { Database } from '../db/database.ts'
import { openJournal } from '../journal/journal.ts'
import { startDrain } from './drain/drain.ts'
import { stopGateway } from './gateway-queries.ts'
import { endInterrupted } from './record/recover.ts'

export interface BroughtIn {
  readonly replicaId: Uuid
  /** Frames that the database did not have. */
  readonly records: number
  /** Interceptions that were open when their gateway went away. */
  readonly interrupted: number
  /** False when it was left before the end, or cannot come to one. */
  readonly complete: boolean
  /** Why it cannot; empty when all is well. */
  readonly detail: string
}

export interface BringInOptions {
  readonly dir: string
  readonly db: Database
  readonly structuredLogging: boolean
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

const lookMs = 1_000

/**
 * Takes a journal whose gateway does not come back to where its records belong: ends what is open in it, and drains it.
 * Where it was interrupted the next time goes on; what the database has already is not written twice.
 */
export async function bringIn({ dir, db, structuredLogging, clock, log, signal }: BringInOptions): Promise<BroughtIn> {
  if (!existsSync(join(dir, 'replica-id'))) throw new Fault('not_found', `${dir} is no journal of a gateway`)
  await using undo = new AsyncDisposableStack()
  const journal = undo.use(await openJournal({ dir, clock, log }))
  const interrupted = await endInterrupted(journal, { clock, log })
  let records = 0
  let from: number | null = null
  const drain = undo.use(
    startDrain({ journal, connection: db.connection, structuredLogging, clock, log, tracing: null, onBatch: count }),
  )
  function count(): void {
    // The first that it tells is where the database stands.
    from ??= drain.status().drained.seq
    records = drain.status().drained.seq - from
  }
  let complete = false
  while (!signal.aborted && !complete && !drain.status().blocked) complete = await drain.settle(lookMs)
  const { replicaId } = journal
  if (complete) await stopGateway(db.sql, replicaId, clock.now())
  return { replicaId, records, interrupted, complete, detail: drain.status().detail }
}

/** What is left of a journal that was brought in is nothing that anybody needs, unless the disk damaged some of it. */
export async function removeBroughtIn(dir: string): Promise<boolean> {
  if ((await readdir(dir)).some((name) => name.endsWith('.damaged'))) return false
  await rm(dir, { recursive: true })
  return true
}
