import { type Uuid, uuidv7 } from '@reeve/base'
import type { Tx } from '../db/database.ts'
import { contextOf, type Keyring } from '../keyring/keyring.ts'
import type { Audience, EventName, FactOf, MailTemplate, mailTemplates } from './events.ts'
import { insertMessage } from './queries.ts'

/**
 * What people are to be told is written down in the transaction of the change that causes it: nobody hears of what was
 * rolled back, and nothing that happened is forgotten because a mail server was away. `notifications` does the telling.
 */
export interface Message<E extends EventName = EventName> {
  readonly event: E
  readonly userIds: readonly Uuid[] | Audience
  /** Plain text of any origin: whoever renders it makes it harmless. Never a secret. */
  readonly facts: Readonly<Record<FactOf<E>, string>>
  /** The same event is told once under the same key, however often it is noticed and by however many replicas. */
  readonly dedupeKey?: string
  readonly at: Date
}

/** Notified when there is something to tell. */
export const outboxChannel = 'reeve_outbox'

const factCharsMax = 500

export async function enqueue<E extends EventName>(tx: Tx, message: Message<E>): Promise<void> {
  const { event, userIds, facts, dedupeKey, at } = message
  if (typeof userIds !== 'string' && userIds.length === 0) return
  await insertMessage(
    tx,
    {
      id: uuidv7(at),
      event,
      user_ids: typeof userIds === 'string' ? null : [...new Set(userIds)],
      audience: typeof userIds === 'string' ? userIds : null,
      facts: JSON.stringify(storable(facts)),
      dedupe_key: dedupeKey ?? null,
      created_at: at,
    },
    outboxChannel,
  )
}

type Facts<T extends MailTemplate, Kind extends 'facts' | 'secrets'> = Readonly<
  Record<(typeof mailTemplates)[T][Kind][number], string>
>

export interface Mail<T extends MailTemplate = MailTemplate> {
  readonly to: string
  readonly template: T
  readonly facts: Facts<T, 'facts'>
  /** What lets its reader in. It is stored sealed, and only until it was sent. */
  readonly secrets: Facts<T, 'secrets'>
  readonly at: Date
}

/** Mail to an address, for people who cannot sign in. */
export async function enqueueMail<T extends MailTemplate>(
  tx: Tx,
  mail: Mail<T>,
  keyring: Pick<Keyring, 'seal'>,
): Promise<void> {
  const { to, template, facts, secrets, at } = mail
  const id = uuidv7(at)
  await insertMessage(
    tx,
    {
      id,
      event: template,
      mail_to: to,
      facts: JSON.stringify(storable(facts)),
      sealed_facts: keyring.seal(JSON.stringify(secrets), sealedFactsContext(id)),
      created_at: at,
    },
    outboxChannel,
  )
}

export const sealedFactsContext = (messageId: Uuid): string => contextOf('outbox_messages', 'sealed_facts', messageId)

/** PostgreSQL's JSON holds neither NUL nor half a surrogate pair. */
function storable(facts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, text]) => [
      name,
      text.slice(0, factCharsMax).replaceAll('\0', '\uFFFD').toWellFormed(),
    ]),
  )
}
