import { type Clock, type Log, uuidv7 } from '@reeve/base'
import type { Database, Tx } from '../db/database.ts'
import { definitionOf, eventNames, type EventName, isEventName, type Method, mailTemplates } from '../outbox/events.ts'
import { insertInbox } from './inbox-queries.ts'
import {
  findOverride,
  findRecipients,
  forgetSecrets,
  insertDeliveries,
  lockNextMessage,
  markExpanded,
  type MessageRow,
} from './queries.ts'
import { plainText, type Rendered } from './render.ts'
import { enabledMethods } from './routing.ts'
import { mails, type Place, templates } from './templates.ts'

/**
 * From the outbox to whom it may concern: each message becomes inbox entries and deliveries in one transaction that also
 * says that it did, so that any number of replicas together do it once.
 */
export interface Expansion {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  /** Of the deployment. */
  readonly url: string
  /** What the deployment can do beside the inbox. */
  readonly available: readonly Method[]
}

/** Everything that waits. */
export async function expandOutbox(expansion: Expansion): Promise<void> {
  while (await expansion.db.transaction((tx) => expandNext(tx, expansion)));
}

const known = [...eventNames, ...Object.keys(mailTemplates)]

async function expandNext(tx: Tx, expansion: Expansion): Promise<boolean> {
  const message = await lockNextMessage(tx, known)
  if (message === undefined) return false
  const now = expansion.clock.now()
  if (message.mail_to !== null) await tellAddress(tx, message, expansion.available.includes('smtp'), now)
  else if (isEventName(message.event)) await tellPeople(tx, message, message.event, expansion, now)
  await markExpanded(tx, message.id, now)
  return true
}

/** Where no mail is sent that is a failure at once: nobody should wait for it, and what it holds is not kept. */
async function tellAddress(tx: Tx, message: MessageRow, canMail: boolean, now: Date): Promise<void> {
  const failed = { status: 'failed', last_error: 'this deployment sends no mail', finished_at: now }
  await insertDeliveries(tx, [{ ...delivery(message, 'smtp', null, now), ...(canMail ? {} : failed) }])
  if (!canMail) await forgetSecrets(tx, message.id)
}

async function tellPeople(
  tx: Tx,
  message: MessageRow,
  event: EventName,
  { available, url }: Expansion,
  now: Date,
): Promise<void> {
  const override = await findOverride(tx, event)
  const recipients = await findRecipients(tx, message, definitionOf(event).reachesSuspended)
  const rendered = renderEvent(event, message.facts, { url, at: message.created_at })
  const inbox: Parameters<typeof insertInbox>[1][number][] = []
  const deliveries: ReturnType<typeof delivery>[] = []
  const { by } = textsOf(message.facts)
  for (const { id: userId, username, own } of recipients) {
    // Nobody needs to hear of others what he has done himself.
    if (message.audience !== null && username === by) continue
    const chosen = new Map<Method, boolean>()
    for (const method of available) if (own[method] !== undefined) chosen.set(method, own[method])
    for (const method of enabledMethods(event, { available, override, own: chosen })) {
      if (method === 'inbox') inbox.push(inboxEntry(message, userId, rendered, now))
      else deliveries.push(delivery(message, method, userId, now))
    }
  }
  await insertInbox(tx, inbox)
  await insertDeliveries(tx, deliveries)
}

export function renderEvent(event: EventName, stored: unknown, place: Place): Rendered {
  const facts = textsOf(stored)
  const { facts: names } = definitionOf(event)
  const complete = Object.fromEntries(names.map((name) => [name, facts[name] ?? 'unknown']))
  // SAFETY: `complete` has every fact that the catalogue names for this very event.
  return (templates[event] as (facts: Readonly<Record<string, string>>, place: Place) => Rendered)(complete, place)
}

export const renderMail = (
  template: keyof typeof mails,
  stored: unknown,
  secrets: Readonly<Record<string, string>>,
  place: Place,
): Rendered => mails[template]({ ...textsOf(stored), ...secrets }, place)

export function textsOf(stored: unknown): Record<string, string> {
  if (typeof stored !== 'object' || stored === null) return {}
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, String(value)]))
}

const delivery = (message: MessageRow, method: 'smtp' | 'webhook', userId: string | null, now: Date) => ({
  id: uuidv7(now),
  message_id: message.id,
  method,
  user_id: userId,
  next_attempt_at: now,
  created_at: now,
})

const inboxEntry = (message: MessageRow, userId: string, rendered: Rendered, now: Date) => ({
  id: uuidv7(now),
  message_id: message.id,
  user_id: userId,
  event: message.event,
  title: rendered.title,
  body: plainText({ ...rendered, action: null }),
  actions: JSON.stringify(rendered.action === null ? [] : [rendered.action]),
  created_at: now,
})
