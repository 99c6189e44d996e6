import type { InboxNotification } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { IconButton } from '../ui/button.tsx'
import { Time } from '../ui/facts.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { Mail, MailOpen } from 'lucide-react'
import { pageOf } from './page-of.ts'

/** One notification: what happened, when, and the page of the thing. Following the link is having read it. */
export function Entry({
  of,
  brief = false,
  onMark,
  onFollow,
}: {
  of: InboxNotification
  /** Where there is little room: the first lines. */
  brief?: boolean
  onMark: (read: boolean) => void
  onFollow?: () => void
}) {
  const unread = of.read_at === null
  return (
    <li className={`flex gap-3 px-4 py-3 ${unread ? 'bg-tint' : ''}`}>
      <span aria-hidden className={`mt-1.5 size-2 shrink-0 rounded-full ${unread ? 'bg-link' : ''}`} />
      <div className="min-w-0 flex-1 space-y-1">
        <p className={unread ? 'font-semibold' : 'font-medium'}>
          {unread && <span className="sr-only">Unread: </span>}
          <HostileText text={of.title} />
        </p>
        <div className={`text-muted ${brief ? 'line-clamp-2' : ''}`}>
          <HostileText text={of.content} />
        </div>
        <p className="flex flex-wrap items-center gap-x-4 text-xs text-muted">
          <Time at={of.created_at} />
          {of.actions.map(({ label, url }) => {
            const page = pageOf(url)
            return page === null ? null : (
              <Link
                key={url}
                {...page}
                className="inline-flex min-h-6 items-center text-link underline"
                onClick={() => {
                  if (unread) onMark(true)
                  onFollow?.()
                }}
              >
                <HostileLine text={label} />
              </Link>
            )
          })}
        </p>
      </div>
      <IconButton
        label={unread ? `Mark as read: ${of.title}` : `Mark as unread: ${of.title}`}
        title={unread ? 'Mark as read' : 'Mark as unread'}
        icon={unread ? <MailOpen size={16} aria-hidden /> : <Mail size={16} aria-hidden />}
        onClick={() => onMark(unread)}
      />
    </li>
  )
}
