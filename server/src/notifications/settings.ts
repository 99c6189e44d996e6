import { type Clock, Fault } from '@reeve/base'
import type { NotificationDelivery, NotificationTemplate } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import type { Database, Executor } from '../db/database.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { eventNames, isEventName, type Method, methods } from '../outbox/events.ts'
import { enqueue, outboxChannel } from '../outbox/outbox.ts'
import { deliveryRetried, methodChosen, sendingPaused, testSent } from './events.ts'
import { isPaused, selectOverrides, setOverride, setPaused } from './inbox-queries.ts'
import { presentDelivery, presentTemplate } from './present.ts'
import { findDelivery, findOverride, notifySenders, reviveDelivery } from './queries.ts'

/** What administrators decide for everybody. */
export interface Administration {
  readonly db: Database
  readonly clock: Clock
}

export async function pause({ db, clock }: Administration, scope: Scope, paused: boolean): Promise<void> {
  await db.transaction(async (tx) => {
    const before = await isPaused(tx)
    if (before === paused) return
    const now = clock.now()
    await setPaused(tx, paused, now, outboxChannel)
    await appendAudit(tx, { scope, at: now, ...sendingPaused(before, paused) })
  })
}

export async function listTemplates(db: Executor): Promise<NotificationTemplate[]> {
  const overrides = await selectOverrides(db)
  return eventNames.map((event) =>
    presentTemplate(event, methods.find((method) => method === overrides.get(event)) ?? null),
  )
}

export async function chooseMethod(
  { db, clock }: Administration,
  scope: Scope,
  event: string,
  method: Method | null,
): Promise<NotificationTemplate> {
  if (!isEventName(event)) throw new Fault('not_found', 'there is no such event')
  return db.transaction(async (tx) => {
    const before = await findOverride(tx, event)
    if (before !== method) {
      const now = clock.now()
      await setOverride(tx, event, method, now)
      await appendAudit(tx, { scope, at: now, ...methodChosen(event, before, method) })
    }
    return presentTemplate(event, method)
  })
}

/** To whoever asks, by every method that there is: that is what he wants to know about. */
export async function sendTest({ db, clock }: Administration, scope: Scope): Promise<boolean> {
  const actor = signedIn(scope)
  return db.transaction(async (tx) => {
    const at = clock.now()
    await enqueue(tx, { event: 'test', userIds: [actor.userId], facts: { by: actor.username }, at })
    await appendAudit(tx, { scope, at, ...testSent(actor) })
    return isPaused(tx)
  })
}

export async function retryDelivery(
  { db, clock }: Administration,
  scope: Scope,
  id: string,
): Promise<NotificationDelivery> {
  return db.transaction(async (tx) => {
    const at = clock.now()
    const before = await findDelivery(tx, id)
    if (before === undefined) throw new Fault('not_found', 'there is no such delivery')
    if (before.user_id === null) {
      throw new Fault('conflict', 'mail to an address is not sent again: the secret in it is not kept', {
        fix: 'have it asked for again, as with a new password',
      })
    }
    if (!(await reviveDelivery(tx, id, at))) {
      throw new Fault('conflict', `this delivery has not failed: it is ${before.status}`)
    }
    await appendAudit(tx, { scope, at, ...deliveryRetried(id, before.event) })
    await notifySenders(tx, outboxChannel)
    return presentDelivery({ ...before, status: 'pending', attempts: 0, next_attempt_at: at, finished_at: null })
  })
}
