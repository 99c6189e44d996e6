import { Fault } from '@reeve/base'
import { endpoints, type NotificationDelivery, type NotificationTemplate } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn, shortIdColumn, toneOf } from '../output/fields.ts'
import { paged, type PagingInput } from './paging.ts'
import { resolveId } from './resolve-id.ts'

/** What administrators do about the sending of notifications. */

interface Sent {
  readonly methods: readonly string[]
  readonly notifier_paused: boolean
}

const sentColumns: readonly Column<Sent>[] = [
  { name: 'methods', value: (row) => row.methods.join(' '), priority: 0 },
  { name: 'paused', value: (row) => row.notifier_paused, priority: 0 },
]

export async function sendTest(context: Context): Promise<Answer<Sent>> {
  const client = await context.client()
  const sent = await client.call(endpoints.sendTestNotification, { body: {}, signal: context.io.signal })
  context.note(
    sent.notifier_paused
      ? 'sending is paused: mail and webhook wait until reeve notifications resume'
      : 'on its way; reeve notifications deliveries says how it went',
  )
  return one(sent, sentColumns, (row) => row.methods.join(' '))
}

interface Paused {
  readonly notifier_paused: boolean
}

export async function setPaused(context: Context, notifier_paused: boolean): Promise<Answer<Paused>> {
  const client = await context.client()
  const body = { notifier_paused }
  const settings = await client.call(endpoints.updateNotificationSettings, { body, signal: context.io.signal })
  const columns: readonly Column<Paused>[] = [{ name: 'paused', value: (row) => row.notifier_paused, priority: 0 }]
  return one(settings, columns, (row) => (row.notifier_paused ? 'paused' : 'sending'))
}

const deliveryColumns: readonly Column<NotificationDelivery>[] = [
  shortIdColumn<NotificationDelivery>(),
  instantColumn('time', (row) => row.created_at, 1),
  { name: 'event', value: (row) => row.event, priority: 0 },
  { name: 'method', value: (row) => row.method, priority: 0 },
  { name: 'recipient', value: (row) => row.recipient, priority: 1 },
  { name: 'status', value: (row) => row.status, priority: 0, tone: (row) => toneOf(toneWords[row.status]) },
  { name: 'attempts', value: (row) => row.attempts, priority: 3 },
  { name: 'error', value: (row) => row.last_error, priority: 2, elastic: true },
  instantColumn('next', (row) => row.next_attempt_at, 4),
  instantColumn('finished', (row) => row.finished_at, 5),
]

/** The colours of outcomes elsewhere. */
const toneWords: Readonly<Record<NotificationDelivery['status'], string>> = {
  sent: 'ok',
  pending: 'live',
  failed: 'error',
  skipped: 'client_disconnected',
}

interface DeliveryInput extends PagingInput {
  readonly status: NotificationDelivery['status'] | undefined
}

export async function listDeliveries(context: Context, input: DeliveryInput): Promise<Answer<NotificationDelivery>> {
  const client = await context.client()
  const rows = paged<NotificationDelivery>(context, input, async (limit, last) => {
    const status = input.status === undefined ? {} : { status: input.status }
    const query = { limit, ...status, ...(last === undefined ? {} : { after_id: last.id }) }
    const page = await client.call(endpoints.listNotificationDeliveries, { query, signal: context.io.signal })
    return { rows: page, count: null }
  })
  return table(rows, deliveryColumns, (row) => row.id, 'no deliveries')
}

export async function retryDelivery(context: Context, input: { readonly id: string }): Promise<Answer> {
  const client = await context.client()
  const { signal } = context.io
  const id = await resolveId('delivery', input.id, async (limit, after) => {
    const query = { limit, status: 'failed' as const, ...(after === undefined ? {} : { after_id: after }) }
    return (await client.call(endpoints.listNotificationDeliveries, { query, signal })).map((row) => row.id)
  })
  const row = await client.call(endpoints.retryNotificationDelivery, { params: { id }, body: {}, signal })
  return one(row, deliveryColumns, (delivery) => delivery.id)
}

const eventColumns: readonly Column<NotificationTemplate>[] = [
  { name: 'id', value: (row) => row.id, priority: 0 },
  { name: 'name', value: (row) => row.name, priority: 1, elastic: true },
  { name: 'recipients', value: (row) => row.recipients, priority: 1 },
  { name: 'default', value: (row) => row.default_methods.join(' '), priority: 2 },
  { name: 'method', value: (row) => row.method, priority: 1 },
  { name: 'can_switch_off', value: (row) => row.can_switch_off, priority: 3 },
]

export async function listEvents(context: Context): Promise<Answer<NotificationTemplate>> {
  const client = await context.client()
  const rows = await client.call(endpoints.listNotificationTemplates, { signal: context.io.signal })
  return table(rows, eventColumns, (row) => row.id, 'no events')
}

export async function setMethod(
  context: Context,
  input: { readonly event: string; readonly method: string },
): Promise<Answer> {
  const client = await context.client()
  const params = { id: input.event }
  const body = { method: readMethod(input.method) }
  const row = await client.call(endpoints.setNotificationMethod, { params, body, signal: context.io.signal })
  return one(row, eventColumns, ({ id }) => id)
}

function readMethod(given: string): 'inbox' | 'smtp' | 'webhook' | null {
  if (given === 'inbox' || given === 'smtp' || given === 'webhook') return given
  if (given === 'default') return null
  throw new Fault('invalid', `"${given}" is none of inbox, smtp, webhook and default`)
}
