import { type Clock, type Log, toError } from '@reeve/base'
import type { Database } from '../db/database.ts'
import { enqueue } from '../outbox/outbox.ts'
import { deleteOld, findExpiringTokens, findFailingSinks } from './queries.ts'
import { repeating } from '../runtime/repeating.ts'

const day = 86_400_000
const minute = 60_000
const everyMs = 5 * minute

/** How long before its end a token is told of; a token that was made for less is not. */
export const warnMs = 7 * day
/** A receiver that is being restarted is no news. */
export const sinkGraceMs = 10 * minute
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

/** Tells owners of each time that a receiver of the audit log went away for longer than a restart. */
export async function warnOfFailingSinks({ db, clock }: { db: Database; clock: Clock }): Promise<void> {
  const at = clock.now()
  for (const sink of await findFailingSinks(db.sql, new Date(at.getTime() - sinkGraceMs))) {
    const since = sink.failing_since.toISOString()
    await db.transaction((tx) =>
      enqueue(tx, {
        event: 'audit-sink-failing',
        userIds: 'owners',
        facts: { sink: sink.name, error: sink.last_error ?? 'unknown', since },
        dedupeKey: `${sink.id} ${since}`,
        at,
      }),
    )
  }
}

export async function tidyNotifications({ db, clock }: { db: Database; clock: Clock }): Promise<void> {
  const now = clock.now().getTime()
  await deleteOld(db.sql, { told: new Date(now - toldKeptMs), inbox: new Date(now - inboxKeptMs) })
}

/** Now and then every few minutes. Replicas may do it at the same time without harm. */
export function keepNotificationsTidy(context: { db: Database; clock: Clock; log: Log }): AsyncDisposable {
  const work = async (): Promise<void> => {
    await warnOfExpiringTokens(context)
    await warnOfFailingSinks(context)
    await tidyNotifications(context)
  }
  const job = repeating(work, everyMs, (thrown) =>
    context.log.warn({ err: toError(thrown) }, 'notifications are not tidied yet'),
  )
  job.again()
  return job
}
