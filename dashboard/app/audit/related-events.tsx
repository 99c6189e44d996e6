import type { AuditEvent } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { latestAuditEvents } from '../api/audit.ts'
import { faultOf } from '../api/query-client.ts'
import { queryText, termFor } from '../table/query.ts'
import { Button } from '../ui/button.tsx'
import { Time } from '../ui/facts.tsx'
import { exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { eventTitle } from './words.ts'

interface Shown {
  readonly event: AuditEvent
  readonly onShow: (id: string) => void
  readonly onFilter: (q: string) => void
}

const shownMax = 5

/** What came of the same request, and what else was done to the same thing. */
export function RelatedEvents({ event, onShow, onFilter }: Shown) {
  const { request_id, resource_type, resource_id } = event
  const ofRequest = request_id === null ? null : query({ request_id })
  const ofObject = resource_id === '' ? null : query({ resource_type, resource_id })
  return (
    <>
      {ofRequest !== null && (
        <Related title="Of the same request" q={ofRequest} event={event} onShow={onShow} onFilter={onFilter} />
      )}
      {ofObject !== null && (
        <Related title="About the same object" q={ofObject} event={event} onShow={onShow} onFilter={onFilter} />
      )}
    </>
  )
}

const query = (facts: Readonly<Record<string, string>>): string =>
  queryText({ terms: Object.entries(facts).map(([key, value]) => termFor(key, value)), words: '' })

function Related({ title, q, event, onShow, onFilter }: Shown & { title: string; q: string }) {
  const { data, error } = useQuery(latestAuditEvents(q, shownMax + 1))
  const others = (data?.audit_logs ?? []).filter(({ id }) => id !== event.id).slice(0, shownMax)
  return (
    <section aria-label={title} className="space-y-2">
      <div className="flex items-center gap-3">
        <h4 className="flex-1 font-medium">{title}</h4>
        {data !== undefined && data.count > 1 && (
          <Button onClick={() => onFilter(q)}>Show all {exact(data.count)} in the list</Button>
        )}
      </div>
      {error !== null && <FaultNotice what="They could not be read" fault={faultOf(error)} />}
      {data !== undefined && others.length === 0 && <p className="text-muted">Nothing else.</p>}
      {others.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line">
          {others.map((other) => (
            <li key={other.id}>
              <button
                type="button"
                className="flex min-h-9 w-full flex-wrap items-baseline gap-x-3 px-3 py-1.5 text-left hover:bg-hover"
                onClick={() => onShow(other.id)}
              >
                <Time at={other.time} />
                <span className="min-w-0 flex-1 truncate text-link">
                  <HostileLine text={eventTitle(other)} />
                </span>
                <span className="text-muted">
                  <HostileLine text={other.actor?.username ?? 'nobody'} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
