import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { inbox } from '../api/inbox.ts'
import { faultOf } from '../api/query-client.ts'
import { Entry } from '../inbox/entry.tsx'
import { useInbox, useInboxWatch } from '../inbox/use-inbox.ts'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { plural } from '../ui/format.ts'
import { Empty, FaultNotice } from '../ui/notice.tsx'

/** Everything that the viewer has been told, newest first. */
export function InboxPage() {
  usePage({ title: 'Inbox', cli: 'reeve notifications list', api: '/api/v2/notifications/inbox' })
  const { show } = useSearch({ from: '/app/inbox' })
  const onlyUnread = show === 'unread'
  const list = useInfiniteQuery(inbox(onlyUnread ? 'unread' : 'all'))
  const { mark, markAll, busy, error } = useInbox()
  useInboxWatch()
  const entries = list.data?.pages.flatMap(({ notifications }) => notifications) ?? []
  const unread = list.data?.pages[0]?.unread_count ?? 0
  return (
    <div className="mx-auto max-w-3xl space-y-4 px-4 py-6">
      <div className="flex flex-wrap items-end gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1">
          <h1 className="text-lg">Inbox</h1>
          <p className="text-muted">
            {list.data === undefined
              ? 'What you have been told.'
              : unread === 0
                ? 'You have read everything.'
                : `${plural(unread, 'notification')} unread.`}{' '}
            <Link to="/me" hash="notifications" className="text-link underline">
              Choose what you are told
            </Link>
          </p>
        </div>
        <Button disabled={busy || unread === 0} onClick={markAll}>
          Mark all as read
        </Button>
      </div>
      <nav aria-label="Which notifications" className="flex gap-1">
        <ShowLink title="All" />
        <ShowLink title="Unread" show="unread" />
      </nav>
      {error !== null && <FaultNotice what="The mark was not kept" fault={faultOf(error)} />}
      {list.error !== null && (
        <FaultNotice
          what="Your notifications could not be read"
          fault={faultOf(list.error)}
          stale={entries.length > 0}
          onRetry={() => void list.refetch()}
        />
      )}
      {list.data !== undefined && entries.length === 0 && <Nothing onlyUnread={onlyUnread} />}
      {entries.length > 0 && (
        <ul
          aria-label="Notifications"
          className={`divide-y divide-line overflow-hidden rounded-lg border border-line ${list.isPlaceholderData ? 'opacity-60' : ''}`}
        >
          {entries.map((one) => (
            <Entry key={one.id} of={one} onMark={(read) => mark(one, read)} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {list.isFetchingNextPage ? 'Loading' : 'Load more'}
        </Button>
      )}
    </div>
  )
}

function ShowLink({ title, show }: { title: string; show?: 'unread' }) {
  return (
    <Link
      to="/inbox"
      search={{ show }}
      activeProps={{ 'aria-current': 'page' }}
      activeOptions={{ exact: true, explicitUndefined: true }}
      className="inline-flex min-h-8 items-center rounded-md px-3 text-muted hover:bg-hover hover:text-text aria-[current=page]:bg-tint aria-[current=page]:font-medium aria-[current=page]:text-link"
    >
      {title}
    </Link>
  )
}

function Nothing({ onlyUnread }: { onlyUnread: boolean }) {
  if (onlyUnread)
    return (
      <Empty title="Nothing is unread">
        <p>
          <Link to="/inbox" search={{}} className="text-link underline">
            Show all notifications
          </Link>
        </p>
      </Empty>
    )
  return (
    <Empty title="You have not been told anything yet">
      <p>
        Changes of your account and your roles, sign-ins from new places and tokens that are about to expire are told
        here.
      </p>
    </Empty>
  )
}
