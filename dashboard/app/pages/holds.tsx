import type { LegalHold } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Gavel, LockOpen } from 'lucide-react'
import { useState } from 'react'
import { holds } from '../api/deployment.ts'
import { useMay } from '../api/may.ts'
import { faultOf } from '../api/query-client.ts'
import { HoldForm } from '../holds/hold-form.tsx'
import { HoldTarget } from '../holds/hold-target.tsx'
import { usePage } from '../shell/page.ts'
import type { Column } from '../table/data-table.tsx'
import { ListPage } from '../table/list-page.tsx'
import { Button } from '../ui/button.tsx'
import { Person, State, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Empty } from '../ui/notice.tsx'

const columns: readonly Column<LegalHold>[] = [
  {
    id: 'what',
    title: 'What is held',
    wide: true,
    cell: (hold) => (
      <Link to="/holds/$id" params={{ id: hold.id }} className="font-medium text-link">
        <HoldTarget hold={hold} />
      </Link>
    ),
  },
  { id: 'reason', title: 'Reason', width: '16rem', cell: ({ reason }) => <HostileLine text={reason} /> },
  { id: 'state', title: 'State', width: '8rem', cell: (hold) => <HoldState hold={hold} /> },
  { id: 'created', title: 'Placed', width: '10rem', cell: ({ created_at }) => <Time at={created_at} /> },
  {
    id: 'by',
    title: 'By',
    width: '8rem',
    room: 'some',
    cell: ({ created_by }) => (created_by === null ? '' : <Person user={created_by} />),
  },
]

/** What must not be removed, whatever retention says. */
export function HoldsPage() {
  usePage({ title: 'Legal holds', cli: 'reeve retention holds list', api: '/api/v2/retention/holds' })
  const mayChange = useMay()('audit_log:update', 'everywhere')
  const { data, error, isFetching, refetch } = useQuery(holds)
  const [placing, setPlacing] = useState(false)
  const place = mayChange && (
    <Button tone="primary" onClick={() => setPlacing(true)}>
      Place a hold
    </Button>
  )
  // Those in force first; each part newest first, as the server has them.
  const rows = data?.toSorted((a, b) => Number(a.released_at !== null) - Number(b.released_at !== null)) ?? []
  return (
    <>
      <ListPage
        title="Legal holds"
        caption="Legal holds, those in force first"
        noun="hold"
        columns={columns}
        list={{
          rows,
          count: data === undefined ? null : rows.length,
          exactly: true,
          stale: data === undefined,
          busy: isFetching,
          fault: error === null ? null : faultOf(error),
          problem: null,
          retry: () => void refetch(),
          more: null,
          moreBusy: false,
        }}
        aside={place}
        empty={
          <Empty title="Nothing is held">
            <p>
              A hold keeps what somebody did, a session, or a time, whatever retention says: requests with their prompts
              and answers, and audit events. It lasts until it is released.
            </p>
          </Empty>
        }
      />
      {placing && <HoldForm onClose={() => setPlacing(false)} />}
    </>
  )
}

export function HoldState({ hold: { released_at } }: { hold: LegalHold }) {
  return released_at === null ? (
    <State tone="text-link" icon={<Gavel size={14} aria-hidden />}>
      in force
    </State>
  ) : (
    <State tone="text-muted" icon={<LockOpen size={14} aria-hidden />}>
      released
    </State>
  )
}
