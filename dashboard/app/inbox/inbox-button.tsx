import type { InboxNotification } from '@reeve/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Bell } from 'lucide-react'
import { lazy, Suspense, useEffect, useId, useRef, useState } from 'react'
import { latest } from '../api/inbox.ts'
import { useQuiet } from '../hooks/use-quiet.ts'
import { announce } from '../ui/announce.ts'
import { plural } from '../ui/format.ts'

const InboxPanel = lazy(() => import('./inbox-panel.tsx').then(({ InboxPanel }) => ({ default: InboxPanel })))

const mostShown = 99

interface Inbox {
  readonly notifications: readonly InboxNotification[]
}

/** The bell of the header: how many notifications are unread, and the newest of them under it. */
export function InboxButton({ className }: { className: string }) {
  const { data } = useQuery({ ...latest, enabled: useQuiet() })
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const frame = useRef<HTMLDivElement>(null)
  const id = useId()
  const unread = data?.unread_count ?? 0
  useArrivals(data)

  useEffect(() => {
    if (!open) return
    const outside = ({ target }: Event) => {
      if (target instanceof Node && frame.current?.contains(target) !== true) setOpen(false)
    }
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      // Nothing behind it backs out as well.
      event.stopPropagation()
      setOpen(false)
      button.current?.focus()
    }
    document.addEventListener('pointerdown', outside)
    document.addEventListener('focusin', outside)
    document.addEventListener('keydown', onKeyDown, { capture: true })
    return () => {
      document.removeEventListener('pointerdown', outside)
      document.removeEventListener('focusin', outside)
      document.removeEventListener('keydown', onKeyDown, { capture: true })
    }
  }, [open])

  return (
    <div ref={frame}>
      <button
        ref={button}
        type="button"
        aria-label={unread === 0 ? 'Notifications' : `Notifications: ${unread} unread`}
        title="Notifications"
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        className={`${className} relative`}
        onClick={() => setOpen(!open)}
      >
        <Bell size={16} aria-hidden />
        {unread > 0 && (
          <span
            aria-hidden
            className="num absolute -top-0.5 -right-0.5 min-w-4 rounded-full bg-link px-1 text-center text-[0.625rem] leading-4 font-semibold text-on-link"
          >
            {unread > mostShown ? `${mostShown}+` : unread}
          </span>
        )}
      </button>
      <Suspense fallback={null}>{open && <InboxPanel id={id} onClose={() => setOpen(false)} />}</Suspense>
    </div>
  )
}

/** Says what has come since the last look. Somebody whose roles have changed is shown other pages from then on. */
function useArrivals(data: Inbox | undefined): void {
  const queries = useQueryClient()
  const newest = useRef<string | null>(null)
  useEffect(() => {
    if (data === undefined) return
    const before = newest.current
    newest.current = data.notifications[0]?.id ?? ''
    if (before === null) return
    const come = data.notifications.filter(({ id, read_at }) => id > before && read_at === null)
    if (come.length > 0) announce(plural(come.length, 'new notification'))
    if (come.some(({ event }) => event === 'roles-changed')) {
      for (const name of ['may', 'me']) void queries.invalidateQueries({ queryKey: [name] })
    }
  }, [data, queries])
}
