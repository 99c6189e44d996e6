import { type Clock, Fault, type Log, toError, uuidv7 } from '@reeve/base'
import type { Database, Tx } from '../db/database.ts'
import { repeating } from '../runtime/repeating.ts'
import { type JobLog, openJobLog } from './job-log.ts'
import type { JobNotices } from './notices.ts'
import {
  claimJob,
  type Ending,
  extendLease,
  finishJob,
  type JobRow,
  lockAbandoned,
  lockJob,
  notifyJobs,
  type Worker,
} from './queries.ts'

/**
 * A job's life, of which the database keeps the instants:
 *
 *   pending ──claimed──▶ running ──its work ends──▶ succeeded or failed
 *   pending ──canceled──▶ canceled
 *   running ──canceled──▶ canceling ──its work ends, or is killed──▶ canceled
 *   running, canceling ──its worker is not heard of within the lease──▶ failed, canceled
 *
 * A worker that cannot renew its lease ends its work before somebody else may take it for abandoned, so that no two are
 * at the same things. One that comes back after its lease finds that the job is not its own, and has no say in how it
 * ended: a job ends once.
 */

export interface JobTools extends Pick<JobLog, 'line'> {
  /** Aborts when the job is to end in order: it was canceled, or the server stops. */
  readonly signal: AbortSignal
  /** Aborts when it is to end at once. */
  readonly force: AbortSignal
}

/** What came of the work, and what of it is written in the transaction that ends the job. */
export interface JobResult extends Ending {
  readonly write?: (tx: Tx, at: Date) => Promise<void>
  /** What is kept of it even where the job was given up for lost before it ended. */
  readonly writeLate?: (tx: Tx, at: Date) => Promise<void>
}

export interface JobHandler {
  run(job: JobRow, tools: JobTools): Promise<JobResult>
  /** In the transaction that ends a job whose worker is gone. */
  abandoned?(tx: Tx, job: JobRow, at: Date): Promise<void>
}

export interface WorkerOptions {
  readonly db: Database
  readonly notices: JobNotices
  /** By type: a worker takes only what it knows. */
  readonly handlers: Readonly<Record<string, JobHandler>>
  /** How many jobs at a time. */
  readonly count: number
  /** Who it is, to people: the name of the host. */
  readonly name: string
  /** From being asked to end until being ended. */
  readonly forceAfterMs: number
  /** How long it is believed to live when it is not heard of. */
  readonly leaseMs: number
  readonly clock: Clock
  readonly log: Log
  readonly onEnd?: (job: JobRow, result: Ending) => void
  readonly times?: { readonly beatMs?: number; readonly lookMs?: number }
}

/** How often it is heard within a lease. */
const beats = 6
/** How often work is looked for that no notice told of. */
const usualLookMs = 5_000

export const abandonedMessage =
  'The server that was at it is gone. Nothing is known of what it did last; start it again.'

export function startWorker(options: WorkerOptions): AsyncDisposable {
  const { db, notices, handlers, count, clock, log, forceAfterMs, leaseMs } = options
  const { beatMs = leaseMs / beats, lookMs = usualLookMs } = options.times ?? {}
  const worker: Worker = { id: uuidv7(clock.now()), name: options.name }
  const types = Object.keys(handlers)
  const running = new Map<string, Promise<void>>()
  const stopping = new AbortController()

  async function takeWork(): Promise<void> {
    while (running.size < count && !stopping.signal.aborted) {
      const askedAt = clock.monotonicMs()
      const job = await claimJob(db.sql, types, worker, clock.now(), leaseMs)
      if (job === undefined) return
      const work = carryOut(job, askedAt)
        .catch((thrown: unknown) => log.error({ err: toError(thrown), job: job.id }, 'a job did not end in order'))
        .finally(() => {
          running.delete(job.id)
          looking.again()
        })
      running.set(job.id, work)
    }
  }

  async function carryOut(job: JobRow, askedAt: number): Promise<void> {
    const cancel = new AbortController()
    const force = new AbortController()
    const jobLog = openJobLog({ db, jobId: job.id, workerId: worker.id, log })
    let forcing: NodeJS.Timeout | null = null
    const end = (): void => {
      cancel.abort()
      forcing ??= setTimeout(() => force.abort(), forceAfterMs).unref()
    }
    let fence: NodeJS.Timeout | undefined
    /** Counted from before the database was asked: there the lease is longer than here. */
    const hold = (since: number): void => {
      clearTimeout(fence)
      fence = setTimeout(lost, Math.max(0, leaseMs * 0.9 - (clock.monotonicMs() - since)))
    }
    const lost = (): void => {
      log.warn({ job: job.id }, 'a job is ended: it is not known to be this server’s any more')
      force.abort()
      end()
    }
    const beat = async (): Promise<void> => {
      const since = clock.monotonicMs()
      const held = await extendLease(db.sql, job.id, worker.id, clock.now(), leaseMs)
      if (held === undefined) return lost()
      hold(since)
      if (held.canceled_at !== null) end()
    }
    hold(askedAt)
    const beating = repeating(beat, beatMs, (thrown) =>
      log.warn({ err: toError(thrown), job: job.id }, 'a job is held on to without the database'),
    )
    const heard = notices.on((notice) => {
      if (notice.kind === 'cancel' && notice.job === job.id) beating.again()
    })
    stopping.signal.addEventListener('abort', end, { once: true })
    if (stopping.signal.aborted) end()
    beating.again()
    try {
      const tools: JobTools = { signal: cancel.signal, force: force.signal, line: jobLog.line }
      const result = await handlers[job.type]!.run(job, tools).catch((thrown: unknown) => failed(job, thrown))
      await jobLog.flush()
      await conclude(job, result)
    } finally {
      if (forcing !== null) clearTimeout(forcing)
      await beating[Symbol.asyncDispose]()
      clearTimeout(fence)
      stopping.signal.removeEventListener('abort', end)
      heard[Symbol.dispose]()
    }
  }

  /** The work of minutes is not thrown away because the database is away for seconds: it is tried within the lease. */
  async function conclude(job: JobRow, result: JobResult): Promise<void> {
    const giveUpAt = clock.monotonicMs() + leaseMs
    for (;;) {
      try {
        const isEnded = await db.transaction(async (tx) => {
          const held = await lockJob(tx, job.id)
          const now = clock.now()
          if (held?.worker_id !== worker.id || held.completed_at !== null) {
            await result.writeLate?.(tx, now)
            return false
          }
          await result.write?.(tx, now)
          await finishJob(tx, job.id, result, now)
          await notifyJobs(tx, 'end', job.id)
          return true
        })
        if (isEnded) options.onEnd?.(job, result)
        else log.warn({ job: job.id }, 'a job was given up for lost before it ended')
        return
      } catch (thrown) {
        if (clock.monotonicMs() > giveUpAt || (thrown instanceof Fault && thrown.code !== 'unavailable')) throw thrown
        log.warn({ err: toError(thrown), job: job.id }, 'the end of a job is not on record yet')
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
  }

  /** A fault was written for people to read; of anything else they learn that it is ours. */
  function failed(job: JobRow, thrown: unknown): JobResult {
    const fault = thrown instanceof Fault ? thrown : null
    if (fault === null) log.error({ err: toError(thrown), job: job.id, type: job.type }, 'a job failed')
    return { error: fault?.message ?? 'Reeve failed; its log says how.', errorCode: null }
  }

  /** Of the kinds that it knows: of others it does not know what is to be written at their end. */
  async function endAbandoned(): Promise<void> {
    for (let more = true; more && !stopping.signal.aborted;) {
      more = await db.transaction(async (tx) => {
        const now = clock.now()
        const job = await lockAbandoned(tx, types)
        if (job === undefined) return false
        await handlers[job.type]?.abandoned?.(tx, job, now)
        await finishJob(tx, job.id, { error: abandonedMessage, errorCode: null }, now)
        await notifyJobs(tx, 'end', job.id)
        log.warn({ job: job.id, worker: job.worker_name }, 'a job is given up: its worker is not heard of')
        return true
      })
    }
  }

  const complain = (what: string) => (thrown: unknown) => log.warn({ err: toError(thrown) }, what)
  const looking = repeating(takeWork, lookMs, complain('jobs are not looked for'))
  const reaping = repeating(endAbandoned, beatMs, complain('abandoned jobs are not looked for'))
  const heard = notices.on(({ kind }) => {
    if (kind === 'new') looking.again()
  })
  looking.again()
  reaping.again()
  return {
    async [Symbol.asyncDispose]() {
      heard[Symbol.dispose]()
      await looking[Symbol.asyncDispose]()
      await reaping[Symbol.asyncDispose]()
      stopping.abort()
      await Promise.all(running.values())
    },
  }
}
