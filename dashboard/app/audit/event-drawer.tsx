import type { AuditEvent } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { ChevronDown, ChevronUp } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react'
import { auditEvent } from '../api/audit.ts'
import { faultOf } from '../api/query-client.ts'
import { readPreference } from '../hooks/use-preference.ts'
import { shellWord } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import type { Proved } from './columns.tsx'
import { EventFacts, EventIds } from './event-facts.tsx'
import { FieldDiff } from './field-diff.tsx'
import { RelatedEvents } from './related-events.tsx'
import { eventTitle } from './words.ts'

/** One event in full, beside the list that it is in; j and k go through the list as they do outside. */
export function EventDrawer({
  id,
  rows,
  proved,
  onShow,
  onFilter,
  onClose,
}: {
  id: string
  rows: readonly AuditEvent[]
  proved: Proved | null
  onShow: (id: string) => void
  onFilter: (q: string) => void
  onClose: () => void
}) {
  const at = rows.findIndex((row) => row.id === id)
  const listed = rows[at]
  const { data: read, error } = useQuery({ ...auditEvent(id), enabled: listed === undefined })
  const event = listed ?? read
  const [newer, older] = at === -1 ? [] : [rows[at - 1], rows[at + 1]]
  const content = useRef<HTMLDivElement>(null)
  useEffect(() => {
    content.current?.closest('dialog')?.scrollTo({ top: 0 })
    // What led here may have gone with the event before.
    if (document.activeElement === document.body) content.current?.focus()
  }, [id])
  const onKeyDown = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent) => {
    if (ctrlKey || metaKey || altKey || readPreference('shortcuts') === 'off') return
    if (key === 'j' && older !== undefined) onShow(older.id)
    if (key === 'k' && newer !== undefined) onShow(newer.id)
  }
  return (
    <Dialog side title="Audit event" onClose={onClose}>
      <div
        ref={content}
        role="group"
        aria-label="One event of the list"
        tabIndex={-1}
        className="space-y-6 focus-visible:outline-none"
        onKeyDown={onKeyDown}
      >
        <div className="flex flex-wrap items-center gap-2">
          <Step label="Newer" to={newer} shortcut="k" icon={<ChevronUp size={14} aria-hidden />} onShow={onShow} />
          <Step label="Older" to={older} shortcut="j" icon={<ChevronDown size={14} aria-hidden />} onShow={onShow} />
          <span className="ml-auto flex flex-wrap gap-2">
            <CopyButton label="Copy as command" text={`reeve audit list --filter ${shellWord(`id:${id}`)} -o json`} />
            <CopyButton label="Copy link" text={location.href} />
          </span>
        </div>
        {error !== null && <FaultNotice what="The event could not be read" fault={faultOf(error)} />}
        {event === null && (
          <p className="rounded-lg border border-line bg-raised px-3 py-2">
            There is no such event, or it is none that you may see.
          </p>
        )}
        {event != null && <Event event={event} proved={proved} onShow={onShow} onFilter={onFilter} />}
      </div>
    </Dialog>
  )
}

function Event({
  event,
  proved,
  onShow,
  onFilter,
}: {
  event: AuditEvent
  proved: Proved | null
  onShow: (id: string) => void
  onFilter: (q: string) => void
}) {
  const raw = JSON.stringify(event, null, 2)
  return (
    <>
      <h3 className="text-lg wrap-anywhere first-letter:uppercase" aria-live="polite">
        <HostileText text={eventTitle(event).slice(0, 300)} />
      </h3>
      {event.reason !== null && (
        <blockquote className="border-l-2 border-link pl-3">
          <p className="text-xs text-muted">Reason</p>
          <HostileText text={event.reason} />
        </blockquote>
      )}
      <EventFacts event={event} />
      <section className="space-y-2">
        <h4 className="font-medium">Changes</h4>
        <FieldDiff diff={event.diff} />
      </section>
      <EventIds event={event} proved={proved} />
      <RelatedEvents event={event} onShow={onShow} onFilter={onFilter} />
      <details>
        <summary className="font-medium">As the API has it</summary>
        <div className="mt-2 space-y-2">
          <CopyButton label="Copy the JSON" text={raw} />
          <div
            className="mono max-h-96 overflow-y-auto rounded-lg border border-line bg-sunken p-3 text-xs"
            tabIndex={0}
            role="group"
            aria-label="The event as JSON"
          >
            <HostileText text={raw} />
          </div>
        </div>
      </details>
    </>
  )
}

function Step({
  label,
  to,
  shortcut,
  icon,
  onShow,
}: {
  label: string
  to: AuditEvent | undefined
  shortcut: string
  icon: ReactNode
  onShow: (id: string) => void
}) {
  return (
    <Button
      aria-disabled={to === undefined}
      aria-keyshortcuts={shortcut}
      title={`${label} ( ${shortcut} )`}
      className={to === undefined ? 'opacity-55' : ''}
      onClick={() => to !== undefined && onShow(to.id)}
    >
      {icon}
      {label}
    </Button>
  )
}
