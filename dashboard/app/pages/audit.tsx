import type { AuditEvent } from '@reeve/sdk'
import { useMemo, useState } from 'react'
import { auditColumns, type Proved } from '../audit/columns.tsx'
import { EventDrawer } from '../audit/event-drawer.tsx'
import { Presets } from '../audit/presets.tsx'
import { useAuditKeys } from '../audit/query-keys.ts'
import { useOpenEvent } from '../audit/use-open-event.ts'
import { auditAsked, auditEvents } from '../api/audit.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useZone } from '../hooks/use-zone.ts'
import { listPage, usePage } from '../shell/page.ts'
import { ListPage } from '../table/list-page.tsx'
import { useList } from '../table/use-list.ts'
import { useListSearch } from '../table/use-list-search.ts'
import { zoneName } from '../ui/instant.ts'
import { Empty } from '../ui/notice.tsx'

/** Who changed or read what, and the proof that the record is whole. */
export function AuditPage() {
  const asking = useListSearch()
  const list = useList<AuditEvent>(auditEvents(asking))
  const keys = useAuditKeys()
  const opened = useOpenEvent()
  const zone = useZone()
  const now = useNow(3_600_000)
  const [proved] = useState<Proved | null>(null)
  const columns = useMemo(() => auditColumns(zoneName(zone, now), proved), [zone, now, proved])
  usePage(listPage('Audit log', 'reeve audit list', '/api/v2/audit', auditAsked(asking)))
  return (
    <>
      <ListPage
        title="Audit log"
        caption="Audit log, newest first"
        noun="audit event"
        list={list}
        columns={columns}
        filters={{ asking, label: 'Query the audit log', ranged: true, ...keys }}
        empty={<Empty title="Nothing has been changed yet" />}
      >
        <div className="space-y-2 px-4 pb-2">
          <Presets asking={asking} />
        </div>
      </ListPage>
      {opened.event !== null && (
        <EventDrawer
          id={opened.event}
          rows={list.rows}
          proved={proved}
          onShow={opened.show}
          onFilter={opened.filter}
          onClose={opened.close}
        />
      )}
    </>
  )
}
