import { isUuid, type Log, type Uuid } from '@reeve/base'
import type { InboxNotification } from '@reeve/sdk'
import { z } from 'zod'
import type { Database } from '../db/database.ts'
import { listen } from '../db/listen.ts'
import { countUnread, findInboxEntry, inboxChannel } from './inbox-queries.ts'
import { presentInbox } from './present.ts'

export interface InboxChange {
  readonly notification: InboxNotification | null
  readonly unread_count: number
}

/** Changes of inboxes, from whichever replica, for as many views as look at them, over one connection. */
export interface InboxWatch extends AsyncDisposable {
  /** Of one person, from now on; begins with how many are unread. */
  changes(userId: Uuid, signal: AbortSignal): AsyncIterable<InboxChange>
}

const Notice = z.object({ user: z.string(), id: z.string().nullable() })

/** A view that is slower than this is told the number only, and reads the list. */
const queuedMax = 50

interface View {
  /** Entries to show; the number alone when there is none. */
  readonly queue: Uuid[]
  wake(): void
}

export async function watchInboxes({ db, log }: { readonly db: Database; readonly log: Log }): Promise<InboxWatch> {
  const views = new Map<Uuid, Set<View>>()
  const hear = (payload: string): void => {
    const notice = Notice.safeParse(jsonOf(payload)).data
    if (notice === undefined) return
    for (const view of views.get(notice.user) ?? []) {
      if (notice.id !== null && isUuid(notice.id)) view.queue.push(notice.id)
      if (view.queue.length > queuedMax) view.queue.length = 0
      view.wake()
    }
  }
  const listener = await listen(db.connection, inboxChannel, hear, {
    log,
    // What came meanwhile was not heard: the number says that there is something to read.
    onReconnect: () => {
      for (const of of views.values()) for (const view of of) view.wake()
    },
  })
  return {
    async *changes(userId, signal) {
      let isNews = true
      let wake = (): void => {}
      const view: View = {
        queue: [],
        wake() {
          isNews = true
          wake()
        },
      }
      const aborted = () => wake()
      signal.addEventListener('abort', aborted)
      const others = views.get(userId) ?? new Set()
      views.set(userId, others.add(view))
      try {
        while (!signal.aborted) {
          if (!isNews) await new Promise<void>((resolve) => (wake = resolve))
          if (signal.aborted) return
          isNews = view.queue.length > 1
          const id = view.queue.shift()
          const entry = id === undefined ? undefined : await findInboxEntry(db.sql, userId, id)
          const unread_count = await countUnread(db.sql, userId)
          yield { notification: entry === undefined ? null : presentInbox(entry), unread_count }
        }
      } finally {
        others.delete(view)
        if (others.size === 0) views.delete(userId)
        signal.removeEventListener('abort', aborted)
      }
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Anybody who can reach the database may notify; what is not ours says nothing.
    return undefined
  }
}
