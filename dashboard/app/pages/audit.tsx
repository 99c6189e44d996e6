import type { AuditEvent } from '@reeve/sdk'
import { asked, auditEvents } from '../api/lists.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useZone } from '../hooks/use-zone.ts'
import { listPage, usePage } from '../shell/page.ts'
import type { Column } from '../table/data-table.tsx'
import { ListPage } from '../table/list-page.tsx'
import type { QueryKey } from '../table/query-bar.tsx'
import { useList } from '../table/use-list.ts'
import { useListSearch } from '../table/use-list-search.ts'
import { Person, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { zoneName } from '../ui/instant.ts'
import { Empty } from '../ui/notice.tsx'

const keys: readonly QueryKey[] = [
  { key: 'action', hint: 'what was done', values: ['create', 'delete', 'update', 'login', 'logout', 'read_content'] },
  { key: 'resource_type', hint: 'to what kind of thing', values: ['user', 'api_key', 'interception'] },
  { key: 'outcome', hint: 'whether it was allowed', values: ['ok', 'refused'] },
  { key: 'username', hint: 'by whom', values: [], menu: false },
]

/** Who changed or read what. */
export function AuditPage() {
  const asking = useListSearch()
  const list = useList(auditEvents(asking))
  const zone = useZone()
  const now = useNow(3_600_000)
  usePage(listPage('Audit log', 'reeve audit list', '/api/v2/audit', asked(asking)))
  const columns: readonly Column<AuditEvent>[] = [
    {
      id: 'time',
      title: `Time (${zoneName(zone, now)})`,
      label: 'Time',
      width: '10rem',
      cell: ({ time }) => <Time at={time} />,
    },
    {
      id: 'actor',
      title: 'Actor',
      width: '7rem',
      cell: ({ actor }) => (actor === null ? <span className="text-muted">nobody</span> : <Person user={actor} />),
    },
    {
      id: 'action',
      title: 'Action',
      width: '7.5rem',
      cell: ({ action }) => <HostileLine text={action.replaceAll('_', ' ')} />,
    },
    {
      id: 'object',
      title: 'Object',
      width: '12rem',
      cell: (row) => <HostileLine text={`${row.resource_type.replaceAll('_', ' ')} ${row.resource_target}`} />,
    },
    { id: 'change', title: 'Change', wide: true, cell: ({ diff }) => <Change diff={diff} /> },
    {
      id: 'result',
      title: 'Result',
      width: '5rem',
      cell: ({ outcome }) => <span className={outcome === 'refused' ? 'text-bad' : ''}>{outcome}</span>,
    },
    { id: 'ip', title: 'Address', width: '7.5rem', room: 'some', cell: ({ ip }) => <HostileLine text={ip ?? ''} /> },
  ]
  return (
    <ListPage
      title="Audit log"
      caption="Audit log, newest first"
      noun="audit event"
      list={list}
      columns={columns}
      filters={{ asking, label: 'Query the audit log', keys, ranged: false }}
      empty={<Empty title="Nothing has been changed yet" />}
    />
  )
}

/** Fields before, where there was something, and after; of a secret only that it changed. */
function Change({ diff }: { diff: AuditEvent['diff'] }) {
  const words = Object.entries(diff).map(([field, { old, new: now, secret }]) =>
    secret ? `${field} changed` : `${field}: ${old === null ? '' : `${brief(old)} → `}${brief(now)}`,
  )
  return (
    <span title={words.join('\n')}>
      <HostileLine text={words.join(', ')} />
    </span>
  )
}

function brief(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  if (value === '') return 'empty'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
