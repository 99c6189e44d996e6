import { type Interception, Outcome } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { asked, requests } from '../api/lists.ts'
import { useMay } from '../api/may.ts'
import { useNow } from '../hooks/use-clock.ts'
import { useZone } from '../hooks/use-zone.ts'
import { seesEverybody } from '../shell/navigation.ts'
import { listPage, usePage } from '../shell/page.ts'
import type { Column } from '../table/data-table.tsx'
import { ListPage } from '../table/list-page.tsx'
import type { QueryKey } from '../table/query-bar.tsx'
import { useList } from '../table/use-list.ts'
import { useListSearch } from '../table/use-list-search.ts'
import { Count, OutcomeState, Person, Time } from '../ui/facts.tsx'
import { duration, removedOn } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { zoneName } from '../ui/instant.ts'
import { Empty } from '../ui/notice.tsx'
import { useQueryKeys } from './query-keys.ts'
import { ClientName } from './session-columns.tsx'

const fixedKeys: readonly QueryKey[] = [
  { key: 'outcome', hint: 'how it ended', values: Outcome.options },
  { key: 'session_id', hint: 'requests of one session', values: [], menu: false },
  { key: 'boundary', hint: 'out of one boundary', values: [], menu: false },
]

/** Every request through the bridge, newest first. */
export function RequestsPage() {
  const seesOthers = seesEverybody(useMay())
  const asking = useListSearch()
  const list = useList(requests(asking))
  const keys = useQueryKeys(fixedKeys, seesOthers)
  const zone = useZone()
  const today = useNow(3_600_000)
  const columns = useMemo(() => requestColumns(zoneName(zone, today)), [zone, today])
  usePage(listPage('Requests', 'reeve bridge requests list', '/api/v2/aibridge/interceptions', asked(asking)))
  return (
    <ListPage
      title="Requests"
      caption="Requests, newest first"
      noun="request"
      list={list}
      columns={columns}
      filters={{ asking, label: 'Query the requests', ranged: true, ...keys }}
      ownOnly={!seesOthers}
      empty={
        <Empty title="No request has gone through the bridge yet">
          <p>
            <Link to="/connect" className="text-link underline">
              Connect an agent
            </Link>{' '}
            and each of its calls to a model appears here, with its timings and tokens.
          </p>
        </Empty>
      }
    />
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
    {
      id: 'status',
      room: 'much',
      title: 'HTTP',
      width: '3.5rem',
      numeric: true,
      cell: ({ status_code }) => status_code ?? '',
    },
    { id: 'initiator', title: 'Initiator', width: '5.5rem', cell: ({ initiator }) => <Person user={initiator} /> },
    {
      id: 'client',
      room: 'some',
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
      cell: ({ prompt, content_withheld: withheld, content_removed_at: removedAt }) =>
        prompt === null || prompt.trim() === '' ? (
          <span className="text-muted">
            {removedAt !== null ? removedOn(removedAt) : withheld ? 'withheld' : 'continues a thread'}
          </span>
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
      room: 'much',
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
      room: 'much',
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
