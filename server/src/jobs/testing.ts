import { type Clock, type Log, silentLog, systemClock, type Uuid, uuidv7 } from '@reeve/base'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { enqueueJob, type NewJob } from './jobs.ts'
import { type JobNotices, openJobNotices } from './notices.ts'
import { findJob, type JobRow } from './queries.ts'
import { type JobHandler, startWorker, type WorkerOptions } from './worker.ts'

/** A database with an organization, the notices of one replica, and workers as many as a test starts. */
export interface JobWorld extends AsyncDisposable {
  readonly db: TestDatabase
  readonly notices: JobNotices
  enqueue(job?: Partial<NewJob>): Promise<Uuid>
  /** Of a replica of its own: it hears by a connection of its own. */
  worker(run: JobHandler['run'], options?: Partial<WorkerOptions>): Promise<AsyncDisposable>
  /** The job when it is as the test waits for. */
  until(id: Uuid, ready: (job: JobRow) => boolean): Promise<JobRow>
}

export async function jobWorld(given: { readonly clock?: Clock; readonly log?: Log } = {}): Promise<JobWorld> {
  const { clock = systemClock, log = silentLog } = given
  await using undo = new AsyncDisposableStack()
  const db = undo.use(await testDatabase())
  const notices = undo.use(await openJobNotices(db.connection, log))
  const organizationId = uuidv7(clock.now())
  const about = { id: organizationId, name: 'acme', display_name: 'Acme', created_at: clock.now() }
  await db.sql
    .insertInto('organizations')
    .values({ ...about, updated_at: clock.now() })
    .execute()
  const resources = undo.move()
  return {
    db,
    notices,
    enqueue: (job) =>
      db.transaction((tx) =>
        enqueueJob(tx, { type: 'test', organizationId, initiatorId: null, input: {}, now: clock.now(), ...job }),
      ),
    async worker(run, options = {}) {
      const own = await openJobNotices(db.connection, log)
      const worker = startWorker({
        db,
        notices: own,
        handlers: { test: { run } },
        count: 2,
        name: `host-${uuidv7(clock.now()).slice(-4)}`,
        forceAfterMs: 60_000,
        leaseMs: 60_000,
        clock,
        log,
        ...options,
      })
      return {
        async [Symbol.asyncDispose]() {
          await worker[Symbol.asyncDispose]()
          await own[Symbol.asyncDispose]()
        },
      }
    },
    async until(id, ready) {
      for (const deadline = performance.now() + 150_000; ;) {
        const job = await findJob(db.sql, id)
        if (job !== undefined && ready(job)) return job
        if (performance.now() > deadline) throw new Error(`not in time; it is ${JSON.stringify(job)}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

export const hasEnded = ({ completed_at: at }: JobRow): boolean => at !== null
