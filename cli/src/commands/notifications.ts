import { Fault } from '@reeve/base'
import { type Client, endpoints, type InboxNotification, type NotificationPreference } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn, shortIdColumn } from '../output/fields.ts'
import { visibleLine as visible } from '../output/visible.ts'
import { paged, type PagingInput } from './paging.ts'
import { resolveId } from './resolve-id.ts'

const columns: readonly Column<InboxNotification>[] = [
  shortIdColumn<InboxNotification>(),
  instantColumn('time', (row) => row.created_at, 0),
  { name: 'title', value: (row) => row.title, priority: 0, elastic: true },
  { name: 'unread', value: (row) => row.read_at === null, priority: 1 },
  { name: 'event', value: (row) => row.event, priority: 3 },
  { name: 'content', value: (row) => row.content, priority: 6, elastic: true },
  { name: 'page', value: (row) => row.actions[0]?.url ?? null, priority: 6 },
]

export async function listNotifications(
  context: Context,
  input: PagingInput & { readonly unread: boolean },
): Promise<Answer<InboxNotification>> {
  const rows = inbox(context, await context.client(), input.unread ? 'unread' : 'all', input)
  return table(rows, columns, (row) => row.id, input.unread ? 'nothing unread' : 'no notifications')
}

const inbox = (context: Context, client: Client, read_status: 'all' | 'unread', paging: PagingInput) =>
  paged<InboxNotification>(context, paging, async (limit, last) => {
    const { notifications, unread_count } = await client.call(endpoints.listInbox, {
      query: { read_status, limit, ...(last === undefined ? {} : { starting_before: last.id }) },
      signal: context.io.signal,
    })
    return { rows: notifications, count: read_status === 'unread' ? unread_count : null }
  })

export async function readNotification(
  context: Context,
  input: { readonly id: string | undefined; readonly all: boolean },
): Promise<Answer<InboxNotification>> {
  const client = await context.client()
  const { signal } = context.io
  if (input.all) {
    const unread = await Array.fromAsync(inbox(context, client, 'unread', { limit: undefined, all: true }))
    await client.call(endpoints.markInboxRead, { body: {}, signal })
    return table(unread, columns, (row) => row.id, 'nothing was unread')
  }
  if (input.id === undefined) throw new Fault('invalid', 'which one is to be read?', { fix: 'give its id, or --all' })
  const { notification } = await client.call(endpoints.setInboxReadStatus, {
    params: { id: await wholeId(context, client, input.id) },
    body: { is_read: true },
    signal,
  })
  return {
    ...one(notification, columns, (row) => row.id),
    page: async function* (rows, { style }) {
      for await (const { title, content, actions } of rows) {
        yield `${style.bold(visible(title))}\n\n${content.split('\n').map(visible).join('\n')}\n`
        for (const { label, url } of actions) yield `\n${visible(label)}: ${visible(url)}\n`
      }
    },
  }
}

const wholeId = (context: Context, client: Client, given: string): Promise<string> =>
  resolveId('notification', given, async (limit, after) => {
    const query = { limit, ...(after === undefined ? {} : { starting_before: after }) }
    const { notifications } = await client.call(endpoints.listInbox, { query, signal: context.io.signal })
    return notifications.map(({ id }) => id)
  })

interface PreferenceInput {
  readonly event: string | undefined
  readonly method: 'inbox' | 'smtp' | 'webhook' | undefined
  readonly on: boolean
  readonly off: boolean
  readonly user: string | undefined
}

interface PreferenceRow {
  readonly event: string
  readonly method: string
  readonly enabled: boolean
  readonly is_default: boolean
  readonly can_switch_off: boolean
  readonly title: string
}

const preferenceColumns: readonly Column<PreferenceRow>[] = [
  { name: 'event', value: (row) => row.event, priority: 0 },
  { name: 'method', value: (row) => row.method, priority: 0 },
  { name: 'enabled', value: (row) => row.enabled, priority: 0 },
  { name: 'default', value: (row) => row.is_default, priority: 2 },
  { name: 'can_switch_off', value: (row) => row.can_switch_off, priority: 3 },
  { name: 'title', value: (row) => row.title, priority: 4, elastic: true },
]

export async function preferences(context: Context, input: PreferenceInput): Promise<Answer<PreferenceRow>> {
  const client = await context.client()
  const params = { user: input.user ?? 'me' }
  const { signal } = context.io
  const wish = readWish(input)
  const rows =
    wish === null
      ? await client.call(endpoints.getNotificationPreferences, { params, signal })
      : await client.call(endpoints.updateNotificationPreferences, { params, body: { preferences: [wish] }, signal })
  return table(rows.flatMap(flat), preferenceColumns, (row) => `${row.event} ${row.method}`, 'nothing to choose')
}

function readWish({ event, method, on, off }: PreferenceInput) {
  if (event === undefined && method === undefined && !on && !off) return null
  if (event === undefined || method === undefined || on === off) {
    const fix = 'for example: --event token-expiring --method smtp --off'
    throw new Fault('invalid', 'to switch something, give --event, --method, and one of --on and --off', { fix })
  }
  return { event, method, enabled: on }
}

const flat = ({ event, title, can_switch_off, methods }: NotificationPreference): PreferenceRow[] =>
  methods.map(({ method, enabled, is_default }) => ({ event, method, enabled, is_default, can_switch_off, title }))
