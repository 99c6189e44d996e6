import { toError, uuidv7 } from '@reeve/base'
import type { ExternalAuth } from './external-auth.ts'
import { forget } from './links.ts'
import { deleteExpiredAttempts, selectOrphans } from './queries.ts'

const everyMs = 10 * 60_000

/** Whoever is deleted leaves no tokens behind, here or, where it can be helped, at the provider. */
export async function forgetOrphans(room: ExternalAuth): Promise<number> {
  const now = room.clock.now()
  await deleteExpiredAttempts(room.db.sql, now)
  const orphans = await selectOrphans(room.db.sql)
  const scope = { actor: null, requestId: uuidv7(now), sourceIp: null, userAgent: null }
  for (const row of orphans) await forget(room, scope, row)
  return orphans.length
}

/** Now and then every ten minutes. Replicas may do it at the same time without harm. */
export function keepLinksTidy(room: ExternalAuth): AsyncDisposable {
  let running: Promise<void> = Promise.resolve()
  const run = (): void => {
    running = forgetOrphans(room).then(
      (count) => {
        if (count > 0) room.log.info({ count }, 'linked accounts of deleted people forgotten')
      },
      (thrown: unknown) => room.log.warn({ err: toError(thrown) }, 'linked accounts not tidied yet'),
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
