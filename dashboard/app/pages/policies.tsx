import type { BoundaryPolicy } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '../api/may.ts'
import { policies } from '../api/policies.ts'
import { faultOf } from '../api/query-client.ts'
import { NewPolicy } from '../policies/new-policy.tsx'
import { PolicyScope } from '../policies/policy-scope.tsx'
import { usePage } from '../shell/page.ts'
import { type Column, DataTable, TableSkeleton } from '../table/data-table.tsx'
import { Button } from '../ui/button.tsx'
import { Person, State, Time } from '../ui/facts.tsx'
import { exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { PageHead } from '../ui/page-head.tsx'
import { Eye, ShieldCheck } from 'lucide-react'

/** What agents behind boundaries may reach, touch and run: for everybody, and narrower for an organization or a template. */
export function PoliciesPage() {
  usePage({ title: 'Policies', cli: 'reeve policies list', api: '/api/v2/boundaries/policies' })
  const may = useMay()
  const { data, error, refetch } = useQuery(policies)
  const [adding, setAdding] = useState(false)
  const add = may('boundary_policy:create') && (
    <Button tone="primary" onClick={() => setAdding(true)}>
      Write a policy
    </Button>
  )
  return (
    <>
      <div className="px-4 pt-3 pb-3">
        <PageHead
          title="Policies"
          about={
            <>
              What holds for the deployment, within it for organizations, and within them for templates: a policy below
              can only narrow the one above. A version that is published reaches running boundaries within seconds.
            </>
          }
        >
          {data !== undefined && data.policies.length > 0 && add}
        </PageHead>
      </div>
      {error !== null && (
        <div className="px-4 pb-2">
          <FaultNotice
            what="The policies could not be read"
            fault={faultOf(error)}
            stale={data !== undefined}
            onRetry={() => void refetch()}
          />
        </div>
      )}
      {data === undefined && error === null && <TableSkeleton columns={columns} />}
      {data !== undefined && data.policies.length > 0 && (
        <DataTable caption="Policies" columns={columns} rows={data.policies} />
      )}
      {data?.policies.length === 0 && (
        <Empty title="There is no policy yet">
          <p>
            Boundaries run by the policy that whoever starts them hands over. A policy here holds for all of them, and
            says which hosts, files and commands agents may use.
          </p>
          {add}
        </Empty>
      )}
      {adding && <NewPolicy onClose={() => setAdding(false)} />}
    </>
  )
}

const columns: readonly Column<BoundaryPolicy>[] = [
  {
    id: 'name',
    title: 'Policy',
    wide: true,
    cell: ({ name }) => (
      <Link to="/policies/$policy" params={{ policy: name }} className="font-medium text-link">
        <HostileLine text={name} />
      </Link>
    ),
  },
  {
    id: 'scope',
    title: 'Holds for',
    width: '11rem',
    cell: (policy) => <PolicyScope policy={policy} />,
  },
  { id: 'mode', title: 'Mode', width: '8rem', cell: ({ mode }) => <Mode mode={mode} /> },
  { id: 'version', title: 'Version', width: '5rem', numeric: true, cell: ({ version }) => exact(version) },
  { id: 'rules', title: 'Rules', width: '5rem', numeric: true, cell: ({ rules }) => exact(rules) },
  {
    id: 'denials',
    title: 'Denials, 7 days',
    width: '8rem',
    numeric: true,
    cell: ({ denials_7d }) => <span className={denials_7d > 0 ? 'font-medium text-bad' : ''}>{exact(denials_7d)}</span>,
  },
  {
    id: 'would',
    title: 'Would deny',
    width: '7rem',
    numeric: true,
    room: 'some',
    cell: ({ would_deny_7d }) => exact(would_deny_7d),
  },
  {
    id: 'by',
    title: 'Published by',
    width: '8rem',
    room: 'some',
    cell: ({ published_by }) => (published_by === null ? '–' : <Person user={published_by} />),
  },
  {
    id: 'at',
    title: 'Published',
    width: '11rem',
    room: 'much',
    cell: ({ published_at }) => (published_at === null ? '–' : <Time at={published_at} />),
  },
]

function Mode({ mode }: { mode: BoundaryPolicy['mode'] }) {
  if (mode === 'observe')
    return (
      <State tone="text-warn" icon={<Eye size={14} aria-hidden />}>
        observes
      </State>
    )
  return (
    <State tone="text-ok" icon={<ShieldCheck size={14} aria-hidden />}>
      enforced
    </State>
  )
}
