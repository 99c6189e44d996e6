import type { AuditEvent } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { auditEvent } from '../api/audit.ts'
import { faultOf } from '../api/query-client.ts'
import { shellWord } from '../shell/page.ts'
import { ListDrawer } from '../table/list-drawer.tsx'
import { CopyButton } from '../ui/copy.tsx'
import { HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import type { Proved } from './columns.tsx'
import { EventFacts, EventIds } from './event-facts.tsx'
import { FieldDiff } from './field-diff.tsx'
import { RelatedEvents } from './related-events.tsx'
import { eventTitle } from './words.ts'

/** One event in full. */
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
  return (
    <ListDrawer
      id={id}
      title="Audit event"
      label="One event of the list"
      newer={newer}
      older={older}
      actions={
        <CopyButton label="Copy as command" text={`reeve audit list --filter ${shellWord(`id:${id}`)} -o json`} />
      }
      onShow={onShow}
      onClose={onClose}
    >
      {error !== null && <FaultNotice what="The event could not be read" fault={faultOf(error)} />}
      {event === null && (
        <p className="rounded-lg border border-line bg-raised px-3 py-2">
          There is no such event, or it is none that you may see.
        </p>
      )}
      {event != null && <Event event={event} proved={proved} onShow={onShow} onFilter={onFilter} />}
    </ListDrawer>
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
