import { type Clock, Fault, type Log, type Secret, toError, type Uuid, uuidv7 } from '@reeve/base'
import type { Database } from '../db/database.ts'
import { isEventName, isMailTemplate, mailTemplates } from '../outbox/events.ts'
import { sealedFactsContext } from '../outbox/outbox.ts'
import { renderEvent, renderMail, textsOf } from './expand.ts'
import { isPaused } from './inbox-queries.ts'
import { afterAttempt, type Attempt, type RetryRule } from './lifecycle.ts'
import { type DeliveryMethod, type LeasedRow, leaseDeliveries, recordAttempt } from './queries.ts'
import type { Rendered } from './render.ts'

/** One message on its way to one receiver. */
export interface Outgoing {
  readonly id: Uuid
  readonly event: string
  readonly happenedAt: Date
  readonly rendered: Rendered
  readonly facts: Readonly<Record<string, string>>
  /** Null for mail to an address. */
  readonly user: { readonly id: Uuid; readonly email: string; readonly name: string; readonly username: string } | null
  /** Where mail goes. */
  readonly to: string
}

/** Tries once, within its time, and tells how that went. */
export type Send = (message: Outgoing, signal: AbortSignal) => Promise<Attempt>

export interface Delivering {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly url: string
  readonly rule: RetryRule
  /** How long a lease lasts: well beyond what an attempt can take. */
  readonly leaseMs: number
  readonly open: (sealed: string, context: string) => Secret
  readonly ended: (method: DeliveryMethod, outcome: 'sent' | 'failed' | 'skipped' | 'retried') => void
}

/** At once and to one receiver: more of a slow one would only be more that wait. */
const atOnce = 4

/** Sends everything that is due by one method, a few at a time. A receiver that is slow or wrong holds up no other. */
export async function deliverDue(
  context: Delivering,
  method: DeliveryMethod,
  send: Send,
  signal: AbortSignal,
): Promise<void> {
  const { db, clock, leaseMs } = context
  while (!signal.aborted && !(await isPaused(db.sql))) {
    const now = clock.now()
    const until = new Date(now.getTime() + leaseMs)
    const leaseId = uuidv7(now)
    const leased = await leaseDeliveries(db.sql, { id: leaseId, method, now, until, limit: atOnce })
    if (leased.length === 0) return
    await Promise.all(leased.map((row) => deliver(context, method, leaseId, row, send, signal)))
  }
}

async function deliver(
  context: Delivering,
  method: DeliveryMethod,
  leaseId: Uuid,
  row: LeasedRow,
  send: Send,
  signal: AbortSignal,
): Promise<void> {
  const { db, clock, log, rule } = context
  const attempt = await tryOnce(context, row, send, signal)
  const now = clock.now()
  const uselessAfter = uselessAfterOf(row)
  const next = afterAttempt(attempt, { attempts: row.attempts, now, uselessAfter }, rule)
  const nextAttemptAt = next.status === 'pending' ? next.nextAttemptAt : null
  const set = { status: next.status, lastError: next.error, nextAttemptAt, now }
  const delivery = { id: row.id, messageId: row.message_id, leaseId }
  const isOurs = await db.transaction((tx) => recordAttempt(tx, delivery, set))
  if (!isOurs) return log.warn({ delivery: row.id, method }, 'a notification took longer than its lease')
  const facts = { delivery: row.id, method, event: row.event, attempts: row.attempts, reason: next.error }
  if (next.status === 'failed') log.error(facts, 'a notification could not be delivered')
  else if (next.status === 'pending') log.warn(facts, 'a notification is not delivered yet')
  context.ended(method, next.status === 'pending' ? 'retried' : next.status)
}

async function tryOnce(context: Delivering, row: LeasedRow, send: Send, signal: AbortSignal): Promise<Attempt> {
  try {
    if (row.user_id !== null && row.email === null) return { kind: 'skipped', reason: 'the person is gone' }
    const uselessAfter = uselessAfterOf(row)
    if (uselessAfter !== null && context.clock.now() > uselessAfter) {
      return { kind: 'refused', reason: 'it came to its turn when it was of no use any more' }
    }
    return await send(outgoing(context, row), signal)
  } catch (thrown) {
    // A sealed fact whose key is missing today, or a fault of ours: neither may keep the others from their turn.
    context.log.error({ delivery: row.id, err: toError(thrown) }, 'a notification could not be put together')
    return { kind: 'later', reason: thrown instanceof Fault ? thrown.message : 'it could not be put together' }
  }
}

function outgoing({ url, open }: Delivering, row: LeasedRow): Outgoing {
  const place = { url, at: row.happened_at }
  const { user_id: id, email, username, name } = row
  const user = id === null || email === null ? null : { id, email, username: username ?? '', name: name ?? '' }
  const common = { id: row.id, event: row.event, happenedAt: row.happened_at, facts: textsOf(row.facts), user }
  if (isEventName(row.event)) {
    return { ...common, rendered: renderEvent(row.event, row.facts, place), to: email ?? '' }
  }
  if (!isMailTemplate(row.event) || row.mail_to === null) throw new RangeError(`there is no event ${row.event}`)
  const sealed = row.sealed_facts
  const secrets = sealed === null ? {} : textsOf(JSON.parse(open(sealed, sealedFactsContext(row.message_id)).reveal()))
  return { ...common, rendered: renderMail(row.event, row.facts, secrets, place), to: row.mail_to }
}

const uselessAfterOf = (row: LeasedRow): Date | null =>
  isMailTemplate(row.event) ? new Date(row.happened_at.getTime() + mailTemplates[row.event].usefulForMs) : null
