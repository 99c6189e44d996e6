import { Fault, type Uuid, uuidv7 } from '@reeve/base'
import type { Database, Tx } from '../db/database.ts'
import type { JobNotices } from './notices.ts'
import {
  findJob,
  finishJob,
  insertJob,
  type JobRow,
  type LineRow,
  lockJob,
  markCanceled,
  notifyJobs,
  selectLines,
} from './queries.ts'

export interface NewJob {
  readonly type: string
  readonly organizationId: Uuid
  readonly initiatorId: Uuid | null
  readonly fileId?: Uuid | null
  readonly input: Readonly<Record<string, unknown>>
  readonly priority?: number
  readonly now: Date
}

/** Somebody takes it up once the transaction has committed. */
export async function enqueueJob(tx: Tx, job: NewJob): Promise<Uuid> {
  const id = uuidv7(job.now)
  await insertJob(tx, {
    id,
    type: job.type,
    organization_id: job.organizationId,
    initiator_id: job.initiatorId,
    file_id: job.fileId ?? null,
    input: JSON.stringify(job.input),
    priority: job.priority ?? 0,
    created_at: job.now,
    updated_at: job.now,
  })
  await notifyJobs(tx, 'new', id)
  return id
}

/**
 * One that waits is ended by it; one that is worked on is asked to end. Throws `conflict` for one that has ended, so
 * that nobody believes to have stopped what is done.
 */
export async function cancelJob(tx: Tx, id: Uuid, now: Date): Promise<void> {
  const job = await lockJob(tx, id)
  if (job === undefined) throw new Fault('not_found', 'there is no such job')
  if (job.completed_at !== null) throw new Fault('conflict', `the job has ended already: it ${job.status}`)
  await markCanceled(tx, id, now)
  if (job.started_at === null) {
    await finishJob(tx, id, { error: null, errorCode: null }, now)
    await notifyJobs(tx, 'end', id)
  } else await notifyJobs(tx, 'cancel', id)
}

/** The job when it has ended; as it is by then where the signal comes first. */
export async function awaitEnd(
  { db, notices }: { readonly db: Database; readonly notices: JobNotices },
  id: Uuid,
  signal: AbortSignal,
): Promise<JobRow | undefined> {
  let news = Promise.withResolvers<void>()
  const wake = (): void => news.resolve()
  using _ear = notices.on(({ kind, job }) => {
    if (job === null || (job === id && kind === 'end')) wake()
  })
  signal.addEventListener('abort', wake)
  try {
    for (;;) {
      news = Promise.withResolvers()
      const job = await findJob(db.sql, id)
      if (job === undefined || job.completed_at !== null || signal.aborted) return job
      const timer = setTimeout(wake, lookMs)
      await news.promise
      clearTimeout(timer)
    }
  } finally {
    signal.removeEventListener('abort', wake)
  }
}

const linesAtOnce = 500
/** Notices can get lost; nobody waits for ever. */
const lookMs = 2_000

/** The lines after this number as they come; ends when the job has ended and all were given, or with the signal. */
export async function* followLines(
  { db, notices }: { readonly db: Database; readonly notices: JobNotices },
  id: Uuid,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<LineRow> {
  let news = Promise.withResolvers<void>()
  const wake = (): void => news.resolve()
  const ear = notices.on(({ job }) => {
    if (job === id || job === null) wake()
  })
  signal.addEventListener('abort', wake)
  try {
    while (!signal.aborted) {
      news = Promise.withResolvers()
      // Asked before the lines, so that one that ended has said all of them.
      const job = await findJob(db.sql, id)
      const lines = await selectLines(db.sql, id, { after, before: null, limit: linesAtOnce })
      for (const line of lines) yield line
      after = lines.at(-1)?.seq ?? after
      if (lines.length === linesAtOnce) continue
      if (job === undefined || job.completed_at !== null) return
      const timer = setTimeout(wake, lookMs)
      await news.promise
      clearTimeout(timer)
    }
  } finally {
    ear[Symbol.dispose]()
    signal.removeEventListener('abort', wake)
  }
}
