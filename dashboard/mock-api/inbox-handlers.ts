import { Fault, systemClock, uuidv7 } from '@reeve/base'
import type { InboxNotification } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'
import { hostileTexts } from './hostile.ts'

/** Everybody's inbox is the same, and long enough for a second part. Some of it names hostile things. */
const home = 'https://reeve.example.com'
const [bidi = '', markup = ''] = hostileTexts
const now = systemClock.now().getTime()

function told(minutesAgo: number, event: string, title: string, content: string, page?: [label: string, path: string]) {
  const at = new Date(now - minutesAgo * 60_000)
  const entry: InboxNotification = {
    id: uuidv7(at),
    user_id: '0197c0de-0000-7000-8000-0000000000bb',
    event,
    title,
    content,
    actions: page === undefined ? [] : [{ label: page[0], url: home + page[1] }],
    created_at: at.toISOString(),
    read_at: minutesAgo > 3000 ? at.toISOString() : null,
  }
  return entry
}

const inbox: InboxNotification[] = [
  told(
    4,
    'new-sign-in',
    'You signed in from a new place',
    `Somebody signed in as you from 203.0.113.9, which you had not signed in from before.\nThe program called itself "${markup}".`,
    ['Your sessions', '/me'],
  ),
  told(95, 'roles-changed', 'Your roles were changed', '"ava" changed what you may do everywhere.\nGiven: auditor', [
    'Your profile',
    '/me',
  ]),
  told(1500, 'user-created', `User "${bidi}" was created`, `"ava" created the user "${bidi}".`, ['People', '/people']),
  told(
    2900,
    'audit-sink-failing',
    'The audit log cannot be delivered to "siem"',
    'Events have been waiting since Tuesday. The last error: connection refused',
    ['Audit log', '/audit'],
  ),
  ...Array.from({ length: 60 }, (_, n) =>
    told(
      4000 + n * 700,
      'token-expiring',
      `The token "ci-${60 - n}" is about to expire`,
      'Whatever uses it needs a new one by then.',
      ['Tokens', '/tokens'],
    ),
  ),
]

const unread_count = () => inbox.filter(({ read_at }) => read_at === null).length

export const inboxHandlers: Handlers = {
  listInbox: ({ query: { limit = 25, starting_before: before, read_status: status = 'all' } }) => ({
    notifications: inbox
      .filter(({ id }) => before === undefined || id < before)
      .filter(({ read_at }) => status === 'all' || (read_at === null) === (status === 'unread'))
      .slice(0, limit),
    unread_count: unread_count(),
  }),
  setInboxReadStatus: ({ params, body }) => {
    const entry = inbox.find(({ id }) => id === params.id)
    if (entry === undefined) throw new Fault('not_found', 'there is no such notification')
    entry.read_at = body.is_read ? systemClock.now().toISOString() : null
    return { notification: entry, unread_count: unread_count() }
  },
  markInboxRead: () => {
    for (const entry of inbox) entry.read_at ??= systemClock.now().toISOString()
  },
}
