import { type Clock, type Log, toError } from '@reeve/base'
import type { Database } from '../db/database.ts'
import { enqueue } from '../outbox/outbox.ts'
import { deleteOld, findExpiringTokens } from './queries.ts'
import { repeating } from './repeating.ts'

const day = 86_400_000
const everyMs = 3_600_000

/** How long before its end a token is told of; a token that was made for less is not. */
export const warnMs = 7 * day
const toldKeptMs = 30 * day
const inboxKeptMs = 180 * day

/** Tells of tokens that are about to expire: once for each end that a token has, whichever replica notices it. */
export async function warnOfExpiringTokens({ db, clock }: { db: Database; clock: Clock }): Promise<void> {
  const at = clock.now()
  for (const token of await findExpiringTokens(db.sql, at, warnMs)) {
    const expires = token.expires_at.toISOString()
    await db.transaction((tx) =>
      enqueue(tx, {
        event: 'token-expiring',
        // Nobody reads for a service account.
        userIds: token.is_service_account ? 'user-admins' : [token.user_id],
        facts: { token: token.token_name || token.id, owner: token.username, expires },
        dedupeKey: `${token.id} ${expires}`,
        at,
      }),
    )
  }
}

export async function tidyNotifications({ db, clock }: { db: Database; clock: Clock }): Promise<void> {
  const now = clock.now().getTime()
  await deleteOld(db.sql, { told: new Date(now - toldKeptMs), inbox: new Date(now - inboxKeptMs) })
}

/** Now and then every hour. Replicas may do it at the same time without harm. */
export function keepNotificationsTidy(context: { db: Database; clock: Clock; log: Log }): AsyncDisposable {
  const work = async (): Promise<void> => {
    await warnOfExpiringTokens(context)
    await tidyNotifications(context)
  }
  const job = repeating(work, everyMs, (thrown) =>
    context.log.warn({ err: toError(thrown) }, 'notifications are not tidied yet'),
  )
  job.again()
  return job
}
