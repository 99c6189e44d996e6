import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { latest } from '../api/inbox.ts'
import { faultOf } from '../api/query-client.ts'
import { Button } from '../ui/button.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { Entry } from './entry.tsx'
import { useInbox, useInboxWatch } from './use-inbox.ts'

/** The newest notifications, under the bell. */
export function InboxPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refetch } = useQuery({ ...latest, refetchOnMount: 'always' })
  const inbox = useInbox()
  useInboxWatch()
  const panel = useRef<HTMLDivElement>(null)
  useEffect(() => panel.current?.focus(), [])
  const fault = inbox.error ?? error
  return (
    <div
      ref={panel}
      id={id}
      role="dialog"
      aria-label="Notifications"
      tabIndex={-1}
      className="fixed top-12 right-2 z-50 flex max-h-[calc(100dvh-7.5rem)] w-[min(26rem,calc(100vw-1rem))] flex-col rounded-xl border border-line bg-page shadow-xl md:max-h-[calc(100dvh-4rem)] focus-visible:outline-none"
    >
      <div className="flex items-center justify-between gap-2 border-b border-line py-1.5 pr-2 pl-4">
        <h2 className="text-base">Notifications</h2>
        <Button tone="quiet" disabled={inbox.busy || data?.unread_count === 0} onClick={inbox.markAll}>
          Mark all as read
        </Button>
      </div>
      {fault !== null && (
        <div className="p-2">
          <FaultNotice
            what={inbox.error === null ? 'Your notifications could not be read' : 'The mark was not kept'}
            fault={faultOf(fault)}
            onRetry={() => void refetch()}
          />
        </div>
      )}
      {data?.notifications.length === 0 && (
        <p className="px-4 py-8 text-center text-muted">Nothing has happened yet.</p>
      )}
      <ul aria-label="The newest" className="min-h-0 divide-y divide-line overflow-y-auto">
        {data?.notifications.map((one) => (
          <Entry key={one.id} of={one} brief onMark={(read) => inbox.mark(one, read)} onFollow={onClose} />
        ))}
      </ul>
      <div className="flex justify-between gap-4 border-t border-line px-4 py-2">
        <Link to="/inbox" onClick={onClose} className="inline-flex min-h-6 items-center text-link underline">
          All notifications
        </Link>
        <Link
          to="/me"
          hash="notifications"
          onClick={onClose}
          className="inline-flex min-h-6 items-center text-link underline"
        >
          What you are told
        </Link>
      </div>
    </div>
  )
}
