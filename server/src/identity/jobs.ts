import { type Clock, type Log, toError } from '@reeve/base'
import type { Executor } from '../db/database.ts'
import { deleteExpiredKeys } from './queries.ts'

/** Ended credentials stay a week, so that whoever wonders why a script stopped can still find them in a list. */
const keptMs = 7 * 86_400_000
const everyMs = 3_600_000

export async function deleteOldKeys({ db, clock, log }: { db: Executor; clock: Clock; log: Log }): Promise<void> {
  const count = await deleteExpiredKeys(db, new Date(clock.now().getTime() - keptMs))
  if (count > 0) log.info({ count }, 'ended credentials deleted')
}

/** Now and then every hour. Replicas may do it at the same time without harm. */
export function keepKeysTidy(options: { db: Executor; clock: Clock; log: Log }): AsyncDisposable {
  let running = Promise.resolve()
  const run = () => {
    running = deleteOldKeys(options).catch((thrown: unknown) => {
      options.log.warn({ err: toError(thrown) }, 'ended credentials not deleted yet')
    })
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
