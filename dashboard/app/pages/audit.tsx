import type { AuditEvent } from '@reeve/sdk'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { auditEvents } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useLast } from '../hooks/use-last.ts'
import { useZone } from '../hooks/use-zone.ts'
import { shellWord, usePage } from '../shell/page.ts'
import { type Column, DataTable, TableSkeleton } from '../table/data-table.tsx'
import { LoadMore } from '../table/load-more.tsx'
import { parseQuery, queryText } from '../table/query.ts'
import { QueryBar, type QueryKey } from '../table/query-bar.tsx'
import { Person, Time } from '../ui/facts.tsx'
import { exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { zoneName } from '../ui/instant.ts'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { NothingMatches } from './nothing-matches.tsx'

const keys: readonly QueryKey[] = [
  { key: 'action', hint: 'what was done', values: ['create', 'delete', 'update', 'login', 'logout', 'read_content'] },
  { key: 'resource_type', hint: 'to what kind of thing', values: ['user', 'api_key', 'interception'] },
  { key: 'username', hint: 'by whom', values: [] },
]

/** Who changed or read what. */
export function AuditPage() {
  const { q = '' } = useSearch({ from: '/app/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const zone = useZone()
  const now = useNow(3_600_000)
  usePage({
    title: 'Audit log',
    cli: `reeve audit list${q === '' ? '' : ` --filter ${shellWord(q)}`}`,
    api: `/api/v2/audit${q === '' ? '' : `?${new URLSearchParams({ q })}`}`,
  })
  const list = useInfiniteQuery(auditEvents(q))
  const data = useLast(list.data)
  const rows = data?.pages.flatMap((page) => page.audit_logs) ?? []
  const count = data?.pages[0]?.count ?? rows.length
  const fault = list.error === null ? null : faultOf(list.error)
  const invalid = fault?.code === 'invalid'
  const setText = (text: string) => void navigate({ search: (old) => ({ ...old, q: text }), replace: true })

  const columns: readonly Column<AuditEvent>[] = [
    {
      id: 'time',
      title: `Time (${zoneName(zone, now)})`,
      label: 'Time',
      width: '11rem',
      cell: ({ time }) => <Time at={time} />,
    },
    {
      id: 'actor',
      title: 'Actor',
      width: '8rem',
      cell: ({ actor }) => (actor === null ? <span className="text-muted">nobody</span> : <Person user={actor} />),
    },
    {
      id: 'action',
      title: 'Action',
      width: '9rem',
      cell: ({ action }) => <HostileLine text={action.replaceAll('_', ' ')} />,
    },
    {
      id: 'object',
      title: 'Object',
      width: '14rem',
      cell: (row) => <HostileLine text={`${row.resource_type.replaceAll('_', ' ')} ${row.resource_target}`} />,
    },
    { id: 'change', title: 'Change', wide: true, cell: ({ diff }) => <Change diff={diff} /> },
    {
      id: 'result',
      title: 'Result',
      width: '5rem',
      cell: ({ outcome }) => <span className={outcome === 'refused' ? 'text-bad' : ''}>{outcome}</span>,
    },
    { id: 'ip', title: 'Address', width: '8rem', cell: ({ ip }) => <HostileLine text={ip ?? ''} /> },
  ]
  return (
    <>
      <div className="px-4 pt-3 pb-2">
        <div className="mb-2 flex min-h-8 items-center gap-3">
          <h1 className="text-lg">Audit log</h1>
          <span className="num text-muted">{data === undefined ? '' : exact(count)}</span>
        </div>
        <QueryBar
          label="Query the audit log"
          text={q}
          keys={keys}
          problem={invalid ? (fault?.problems[0]?.detail ?? fault?.message ?? null) : null}
          onChange={setText}
        />
      </div>
      {fault !== null && !invalid && (
        <div className="px-4 pb-2">
          <FaultNotice
            what="The audit log could not be read"
            fault={fault}
            stale={rows.length > 0}
            onRetry={() => void list.refetch()}
          />
        </div>
      )}
      {data === undefined && fault === null && <TableSkeleton columns={columns} />}
      {rows.length > 0 && (
        <>
          <DataTable
            caption="Audit log, newest first"
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            dimmed={list.isPlaceholderData || list.data === undefined}
          />
          <LoadMore
            shown={rows.length}
            count={count}
            noun={count === 1 ? 'event' : 'events'}
            hasMore={list.hasNextPage}
            busy={list.isFetchingNextPage}
            onMore={() => void list.fetchNextPage()}
          />
        </>
      )}
      {data !== undefined && rows.length === 0 && q !== '' && (
        <NothingMatches
          noun="event"
          query={parseQuery(
            q,
            keys.map(({ key }) => key),
          )}
          ranged={false}
          ownOnly={false}
          onQuery={(query) => setText(queryText(query))}
          onAllTime={() => {}}
        />
      )}
      {data !== undefined && rows.length === 0 && q === '' && <Empty title="Nothing has been changed yet" />}
    </>
  )
}

/** Fields before and after; of a secret only that it changed. */
function Change({ diff }: { diff: AuditEvent['diff'] }) {
  const words = Object.entries(diff).map(([field, { old, new: now, secret }]) =>
    secret ? `${field} changed` : `${field}: ${brief(old)} → ${brief(now)}`,
  )
  return <HostileLine text={words.join(', ')} />
}

function brief(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  if (value === '') return 'empty'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
