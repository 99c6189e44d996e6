import { Fault, systemClock } from '@reeve/base'
import type { InboxNotification } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'

const unread = (inbox: readonly InboxNotification[]) => inbox.filter(({ read_at }) => read_at === null).length

export const inboxHandlers: Handlers = {
  listInbox: (
    { query: { limit = 25, starting_before: before, read_status: status = 'all' } },
    { world: { inbox } },
  ) => ({
    notifications: inbox
      .filter(({ id }) => before === undefined || id < before)
      .filter(({ read_at }) => status === 'all' || (read_at === null) === (status === 'unread'))
      .slice(0, limit),
    unread_count: unread(inbox),
  }),
  setInboxReadStatus: ({ params, body }, { world: { inbox } }) => {
    const entry = inbox.find(({ id }) => id === params.id)
    if (entry === undefined) throw new Fault('not_found', 'there is no such notification')
    entry.read_at = body.is_read ? systemClock.now().toISOString() : null
    return { notification: entry, unread_count: unread(inbox) }
  },
  markInboxRead: (_, { world: { inbox } }) => {
    for (const entry of inbox) entry.read_at ??= systemClock.now().toISOString()
  },
}
