import { type Clock, type Log, toError } from '@reeve/base'
import type { Database } from '../db/database.ts'
import { listen } from '../db/listen.ts'
import type { Egress } from '../http/egress.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Method } from '../outbox/events.ts'
import { outboxChannel } from '../outbox/outbox.ts'
import { deliverDue, type Delivering, type Send } from './deliver.ts'
import { expandOutbox } from './expand.ts'
import type { DeliveryMethod } from './queries.ts'
import { repeating } from '../runtime/repeating.ts'
import { type MailSettings, sendMail } from './smtp.ts'
import { sendWebhook, type WebhookSettings } from './webhook.ts'

export interface NotifierSettings {
  /** Null where the deployment sends no mail. */
  readonly mail: MailSettings | null
  readonly webhook: WebhookSettings | null
  readonly attemptsMax: number
  readonly retryMs: number
  /** How long one attempt may take. */
  readonly timeoutMs: number
}

export interface NotifierContext {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly url: string
  readonly settings: NotifierSettings
  readonly egress: Egress
  readonly keyring: Pick<Keyring, 'open'>
  readonly ended: Delivering['ended']
}

/** Tells people what is in the outbox. Each replica runs one; they share the work and nothing else. */
export interface Notifier {
  /** One round each: everything that waits, everything that is due. */
  expand(): Promise<void>
  deliver(method: DeliveryMethod, signal: AbortSignal): Promise<void>
  readonly available: readonly Method[]
}

/** Beyond the longest attempt: a lease that ends while its holder is still at it would make two of one. */
const leaseMarginMs = 60_000

export function createNotifier(context: NotifierContext): Notifier {
  const { settings, egress, clock, url, keyring } = context
  const { mail, webhook, timeoutMs } = settings
  const senders = new Map<DeliveryMethod, Send>()
  if (mail !== null) {
    senders.set('smtp', ({ id, event, to, rendered, happenedAt: at }, signal) =>
      sendMail(mail, { id, event, to, rendered, at, url }, { timeoutMs, signal }),
    )
  }
  if (webhook !== null) {
    senders.set('webhook', async ({ id, event, user, facts, rendered }, signal) => {
      if (user === null) return { kind: 'skipped', reason: 'the person is gone' }
      return sendWebhook(webhook, { id, event, user, facts, rendered }, { egress, clock, timeoutMs, signal })
    })
  }
  const available: readonly Method[] = ['inbox', ...senders.keys()]
  const delivering: Delivering = {
    ...context,
    rule: { attemptsMax: settings.attemptsMax, firstPauseMs: settings.retryMs },
    leaseMs: timeoutMs + leaseMarginMs,
    open: keyring.open.bind(keyring),
  }
  return {
    available,
    expand: () => expandOutbox({ ...context, available }),
    async deliver(method, signal) {
      const send = senders.get(method)
      if (send !== undefined) await deliverDue(delivering, method, send, signal)
    },
  }
}

const pollMs = 15_000
/** What is being sent when the server stops may end; it would only be sent again. */
const endingMs = 5_000

/** Runs a notifier until it is disposed of: when something is told, and now and then. */
export async function startNotifier(notifier: Notifier, context: NotifierContext): Promise<AsyncDisposable> {
  const { db, log } = context
  await using undo = new AsyncDisposableStack()
  const stopping = new AbortController()
  const report = (what: string) => (thrown: unknown) => {
    if (!stopping.signal.aborted) log.warn({ err: toError(thrown) }, what)
  }
  // Each method has a queue of its own: a webhook that is slow keeps no mail waiting.
  const queues = (['smtp', 'webhook'] as const)
    .filter((method) => notifier.available.includes(method))
    .map((method) =>
      undo.use(
        repeating(
          () => notifier.deliver(method, stopping.signal),
          pollMs,
          report('notifications cannot be sent at the moment'),
        ),
      ),
    )
  const expanding = undo.use(
    repeating(
      async () => {
        await notifier.expand()
        for (const queue of queues) queue.again()
      },
      pollMs,
      report('notifications cannot be written at the moment'),
    ),
  )
  undo.use(await listen(db.connection, outboxChannel, () => expanding.again(), { log, onReconnect: expanding.again }))
  expanding.again()
  const running = undo.move()
  return {
    async [Symbol.asyncDispose]() {
      const timer = setTimeout(() => stopping.abort(), endingMs)
      await running.disposeAsync()
      clearTimeout(timer)
    },
  }
}
