import { type Clock, type Log, toError } from '@reeve/base'
import { appendAudit } from '../audit/journal.ts'
import type { Database, Executor } from '../db/database.ts'
import { deleteExpiredKeys } from './tokens/queries.ts'
import { dormancyChanged } from './sign-in/events.ts'
import {
  deleteExpiredDeviceLogins,
  deleteExpiredPasswordResets,
  deleteOldGuesses,
  moveDormant,
  tryDormancyLock,
} from './sign-in/queries.ts'

/** Ended credentials stay a week, so that whoever wonders why a script stopped can still find them in a list. */
const keptMs = 7 * 86_400_000
const everyMs = 3_600_000
/** One transaction moves so many people at most. */
const movedMax = 500

export async function deleteOldKeys({ db, clock, log }: { db: Executor; clock: Clock; log: Log }): Promise<void> {
  const now = clock.now()
  const count = await deleteExpiredKeys(db, new Date(now.getTime() - keptMs))
  await deleteExpiredDeviceLogins(db, now)
  await deleteExpiredPasswordResets(db, now)
  await deleteOldGuesses(db, now)
  if (count > 0) log.info({ count }, 'ended credentials deleted')
}

interface DormancyOptions {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  /** 0: nobody becomes dormant. */
  readonly afterMs: number
}

/**
 * A person who was not seen for long is dormant, and active again when he is: signing in wakes him at once, a token that
 * he goes on using by the next run. Of several replicas one does it; everybody moved is in the audit log.
 */
export async function moveDormantUsers({ db, clock, log, afterMs }: DormancyOptions): Promise<void> {
  if (afterMs === 0) return
  for (;;) {
    const moved = await db.transaction(async (tx) => {
      if (!(await tryDormancyLock(tx))) return []
      const now = clock.now()
      const rows = await moveDormant(tx, new Date(now.getTime() - afterMs), now, movedMax)
      const scope = { actor: null, requestId: '', sourceIp: null, userAgent: null }
      for (const row of rows) await appendAudit(tx, { scope, at: now, ...dormancyChanged(row, row.status) })
      return rows
    })
    const dormant = moved.filter(({ status }) => status === 'dormant').length
    if (moved.length > 0) log.info({ dormant, awake: moved.length - dormant }, 'dormancy was looked after')
    if (moved.length < movedMax) return
  }
}

/** Now and then every hour. Replicas may do it at the same time without harm. */
export function keepIdentityTidy(options: DormancyOptions): AsyncDisposable {
  const { db, clock, log } = options
  let running = Promise.resolve()
  const run = () => {
    running = Promise.all([deleteOldKeys({ db: db.sql, clock, log }), moveDormantUsers(options)]).then(
      () => {},
      (thrown: unknown) => log.warn({ err: toError(thrown) }, 'credentials and dormancy were not looked after yet'),
    )
  }
  const timer = setInterval(run, everyMs)
  timer.unref()
  run()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await running
    },
  }
}
