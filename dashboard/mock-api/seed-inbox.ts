import { uuidv7 } from '@reeve/base'
import type { InboxNotification } from '@reeve/sdk'
import { hostileTexts } from './hostile.ts'

/** What everybody here has been told: long enough for a second part, and some of it names hostile things. */

const home = 'https://reeve.example.com'
const [script = '', image = ''] = hostileTexts

export function told(at: Date, event: string, title: string, content = '', page?: [label: string, path: string]) {
  const entry: InboxNotification = {
    id: uuidv7(at),
    user_id: '0197c0de-0000-7000-8000-0000000000bb',
    event,
    title,
    content,
    actions: page === undefined ? [] : [{ label: page[0], url: home + page[1] }],
    created_at: at.toISOString(),
    read_at: null,
  }
  return entry
}

export function seedInbox(ago: (minutes: number) => Date): InboxNotification[] {
  const place = 'Somebody signed in as you from 203.0.113.9, which you had not signed in from before.'
  const sink = 'Events have been waiting since Tuesday. The last error: connection refused'
  const news = [
    told(ago(4), 'new-sign-in', 'You signed in from a new place', `${place}\nThe program called itself "${image}".`, [
      'Your sessions',
      '/me',
    ]),
    told(ago(95), 'roles-changed', 'Your roles were changed', '"ava" gave you more.\nGiven: auditor', [
      'Your profile',
      '/me',
    ]),
    told(ago(1500), 'user-created', `User "${script}" was created`, `"ava" created "${script}".`, [
      'People',
      '/people',
    ]),
    told(ago(2900), 'audit-sink-failing', 'The audit log cannot be delivered to "siem"', sink, ['Audit log', '/audit']),
  ]
  const read = Array.from({ length: 60 }, (_, n) => {
    const at = ago(4000 + n * 700)
    const title = `The token "ci-${60 - n}" is about to expire`
    const entry = told(at, 'token-expiring', title, 'Whatever uses it needs a new one by then.', ['Tokens', '/tokens'])
    return { ...entry, read_at: at.toISOString() }
  })
  // Ids go up with time, so the oldest is given its own first.
  return [...news, ...read]
    .toReversed()
    .map((entry) => ({ ...entry, id: uuidv7(new Date(entry.created_at)) }))
    .toReversed()
}
