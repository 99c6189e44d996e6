import { useMemo, useState } from 'react'
import { auditAsked, auditEvents } from '../api/audit.ts'
import { useMay } from '../api/may.ts'
import { auditColumns } from '../audit/columns.tsx'
import { EventDrawer } from '../audit/event-drawer.tsx'
import { ExportDialog } from '../audit/export-dialog.tsx'
import { IntegrityStrip } from '../audit/integrity-strip.tsx'
import { auditPresets } from '../audit/presets.ts'
import { useAuditKeys } from '../audit/query-keys.ts'
import { useIntegrity } from '../audit/use-integrity.ts'
import { useOpenEvent } from '../audit/use-open-event.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useZone } from '../hooks/use-zone.ts'
import { listPage, usePage } from '../shell/page.ts'
import { ListPage } from '../table/list-page.tsx'
import { Presets } from '../table/presets.tsx'
import { useList } from '../table/use-list.ts'
import { useListSearch } from '../table/use-list-search.ts'
import { Button } from '../ui/button.tsx'
import { plural } from '../ui/format.ts'
import { zoneName } from '../ui/instant.ts'
import { Empty } from '../ui/notice.tsx'

/** Who changed or read what, and the proof that the record is whole. */
export function AuditPage() {
  const may = useMay()
  const asking = useListSearch()
  const list = useList(auditEvents(asking))
  const keys = useAuditKeys()
  const opened = useOpenEvent()
  const seesAll = may('audit_log:read', 'everywhere')
  const integrity = useIntegrity(list.rows, seesAll)
  const [exporting, setExporting] = useState(false)
  const zone = useZone()
  const now = useNow(3_600_000)
  const proved = integrity.proof?.kind === 'proved' ? integrity.proof : null
  const columns = useMemo(() => auditColumns(zoneName(zone, now), proved), [zone, now, proved])
  const asked = auditAsked(asking)
  usePage(listPage('Audit log', 'reeve audit list', '/api/v2/audit', asked))
  return (
    <>
      <ListPage
        title="Audit log"
        caption="Audit log, newest first"
        noun="audit event"
        list={list}
        columns={columns}
        aside={may('audit_log:export') && <Button onClick={() => setExporting(true)}>Export</Button>}
        filters={{ asking, label: 'Query the audit log', ranged: true, ...keys }}
        empty={<Empty title="Nothing has been changed yet" />}
      >
        <div className="space-y-2 px-4 pb-2">
          <Presets presets={auditPresets} asking={asking} />
          {seesAll ? (
            <IntegrityStrip
              integrity={integrity}
              filtered={asking.filtered}
              onWhole={() => opened.filter('')}
              onAnew={list.retry}
            />
          ) : (
            <p className="text-muted">
              You see what belongs to your organizations. Whether the whole log is complete, somebody can tell who may
              read all of it.
            </p>
          )}
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
      {exporting && (
        <ExportDialog
          q={asked.q ?? ''}
          count={list.exactly ? plural(list.count ?? 0, 'event') : `more than ${plural(list.count ?? 0, 'event')}`}
          onShowExports={() => {
            setExporting(false)
            opened.filter('action:export')
          }}
          onClose={() => setExporting(false)}
        />
      )}
    </>
  )
}
