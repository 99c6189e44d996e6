import { type Interception, Outcome } from '@reeve/sdk'
import { useInfiniteQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { asked, me, requests } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useLast } from '../hooks/use-last.ts'
import { useLeftFor } from '../hooks/use-left-for.ts'
import { useZone } from '../hooks/use-zone.ts'
import { seesEverybody } from '../shell/navigation.ts'
import { shellWord, usePage } from '../shell/page.ts'
import { type Column, DataTable, TableSkeleton } from '../table/data-table.tsx'
import { ListHead } from '../table/list-head.tsx'
import { LoadMore } from '../table/load-more.tsx'
import { parseQuery, queryText } from '../table/query.ts'
import type { QueryKey } from '../table/query-bar.tsx'
import type { Range } from '../table/range.ts'
import { Count, OutcomeState, Person, Time } from '../ui/facts.tsx'
import { duration, exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { zoneName } from '../ui/instant.ts'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { FilterMenus, useQueryKeys } from './filters.tsx'
import { NothingMatches } from './nothing-matches.tsx'
import { ClientName } from './session-columns.tsx'

const fixedKeys: readonly QueryKey[] = [
  { key: 'outcome', hint: 'how it ended', values: Outcome.options },
  { key: 'session_id', hint: 'requests of one session', values: [] },
]

/** Every request through the bridge, newest first. */
export function RequestsPage() {
  const { q = '', from, to } = useSearch({ from: '/app/requests' })
  const navigate = useNavigate({ from: '/requests' })
  const { data: user } = useSuspenseQuery(me)
  const zone = useZone()
  const today = useNow(3_600_000)
  const left = useLeftFor()
  const list = useInfiniteQuery({ ...requests({ q, from, to }), refetchOnMount: left === null ? 'always' : false })
  const { q: text = '' } = useMemo(() => asked({ q, from, to }), [q, from, to])
  const data = useLast(list.data)
  const { keys, ask } = useQueryKeys(fixedKeys, seesEverybody(user))
  const columns = useMemo(() => requestColumns(zoneName(zone, today)), [zone, today])
  usePage({
    title: 'Requests',
    cli: `reeve bridge requests list${text === '' ? '' : ` --filter ${shellWord(text)}`}`,
    api: `/api/v2/aibridge/interceptions${text === '' ? '' : `?${new URLSearchParams({ q: text })}`}`,
  })

  const rows = useMemo(() => data?.pages.flatMap((page) => page.results) ?? [], [data])
  const fault = list.error === null ? null : faultOf(list.error)
  const invalid = fault?.code === 'invalid'
  const count = data?.pages[0]?.count
  const setText = (next: string) => void navigate({ search: (old) => ({ ...old, q: next }), replace: true })
  const setRange = (range: Range) =>
    void navigate({ search: ({ tz }) => ({ ...(tz && { tz }), ...(q && { q }), ...range }) })
  const filtered = q !== '' || from !== undefined || to !== undefined
  const empty = data !== undefined && rows.length === 0 && !list.isPlaceholderData

  return (
    <>
      <ListHead
        title="Requests"
        count={count === undefined ? null : exact(count)}
        query={{
          label: 'Query the requests',
          text: q,
          keys,
          problem: invalid ? (fault?.problems[0]?.detail ?? fault?.message ?? null) : null,
          onChange: setText,
          onFocus: ask,
        }}
        range={{ from, to, onChange: setRange }}
        menus={<FilterMenus text={q} keys={keys} onAsk={ask} onChange={setText} />}
        busy={list.isFetching && !list.isFetchingNextPage && list.data !== undefined}
      />
      {fault !== null && !invalid && (
        <div className="px-4 pb-2">
          <FaultNotice
            what="The requests could not be read"
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
            caption="Requests, newest first"
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            dimmed={list.isPlaceholderData || list.data === undefined}
          />
          <LoadMore
            shown={rows.length}
            count={count ?? rows.length}
            noun={count === 1 ? 'request' : 'requests'}
            hasMore={list.hasNextPage}
            busy={list.isFetchingNextPage}
            onMore={() => void list.fetchNextPage()}
          />
        </>
      )}
      {empty && filtered && (
        <NothingMatches
          noun="request"
          query={parseQuery(
            q,
            keys.map(({ key }) => key),
          )}
          ranged={from !== undefined || to !== undefined}
          ownOnly={!seesEverybody(user)}
          onQuery={(query) => setText(queryText(query))}
          onAllTime={() => setRange({})}
        />
      )}
      {empty && !filtered && (
        <Empty title="No request has gone through the bridge yet">
          <p>
            <Link to="/connect" className="text-link underline">
              Connect an agent
            </Link>{' '}
            and each of its calls to a model appears here, with its timings and tokens.
          </p>
        </Empty>
      )}
    </>
  )
}

function requestColumns(zone: string): readonly Column<Interception>[] {
  return [
    {
      id: 'time',
      title: `Time (${zone})`,
      label: 'Time',
      width: '10.5rem',
      cell: ({ id, started_at }) => (
        <Link to="/requests/$id" params={{ id }} className="hover:text-link">
          <Time at={started_at} />
        </Link>
      ),
    },
    { id: 'outcome', title: 'Outcome', width: '8.5rem', cell: ({ outcome }) => <OutcomeState outcome={outcome} /> },
    { id: 'status', title: 'HTTP', width: '3.5rem', numeric: true, cell: ({ status_code }) => status_code ?? '' },
    { id: 'initiator', title: 'Initiator', width: '5.5rem', cell: ({ initiator }) => <Person user={initiator} /> },
    {
      id: 'client',
      title: 'Client',
      width: '6.75rem',
      cell: (row) => <ClientName client={row.client} version={row.client_version} brief />,
    },
    {
      id: 'model',
      title: 'Model',
      width: '8.5rem',
      cell: ({ model, model_served }) => <Model asked={model} served={model_served} />,
    },
    {
      id: 'prompt',
      title: 'Prompt',
      wide: true,
      cell: ({ prompt }) =>
        prompt === null || prompt.trim() === '' ? (
          <span className="text-muted">continues a thread</span>
        ) : (
          <HostileLine text={prompt} />
        ),
    },
    {
      id: 'latency',
      title: 'Duration',
      width: '5rem',
      numeric: true,
      cell: ({ duration_ms }) => (duration_ms === null ? '' : duration(duration_ms)),
    },
    {
      id: 'ttfb',
      title: 'First byte',
      width: '5rem',
      numeric: true,
      cell: ({ time_to_first_byte_ms: ms }) => (ms === null ? '' : duration(ms)),
    },
    {
      id: 'in',
      title: 'Tokens in',
      width: '5rem',
      numeric: true,
      cell: ({ token_usage: usage }) => <Count short value={usage.input_tokens + usage.cache_write_input_tokens} />,
    },
    {
      id: 'cached',
      title: 'Cached',
      width: '4.5rem',
      numeric: true,
      cell: ({ token_usage: usage }) => <Count short value={usage.cache_read_input_tokens} />,
    },
    {
      id: 'out',
      title: 'Out',
      width: '4rem',
      numeric: true,
      cell: ({ token_usage: usage }) => <Count short value={usage.output_tokens} />,
    },
  ]
}

/** The model that was asked for and, where it is another, the one that answered. */
export function Model({ asked, served }: { asked: string; served: string | null }) {
  return (
    <>
      <HostileLine text={asked} />
      {served !== null && served !== asked && (
        <span className="text-muted">
          {' → '}
          <HostileLine text={served} />
        </span>
      )}
    </>
  )
}
