import type { eachEndpoint as endpoints, RetentionPolicy } from '@reeve/sdk'
import { Clock } from 'lucide-react'
import { useState } from 'react'
import { type Column, DataTable } from '../table/data-table.tsx'
import { Button } from '../ui/button.tsx'
import { Person, State, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { PolicyForm } from './policy-form.tsx'
import { classTitles, inWords, type OrganizationName } from './words.ts'

type Listed = NonNullable<ReturnType<(typeof endpoints)['listRetentionPolicies']['result']['parse']>>

interface Row extends RetentionPolicy {
  readonly id: string
  /** Null for the deployment. */
  readonly organization: OrganizationName | null
}

/** What is decided: of the deployment by its settings, of each organization by whoever may. */
export function Policies({ of, mayChange }: { of: Listed; mayChange: boolean }) {
  const [changing, setChanging] = useState<Row | null>(null)
  const rows: Row[] = [
    ...of.deployment.map((policy) => ({ ...policy, id: policy.data_class, organization: null })),
    ...of.organizations.flatMap(({ organization, policies }) =>
      policies.map((policy) => ({ ...policy, id: `${organization.id} ${policy.data_class}`, organization })),
    ),
  ]
  const change: Column<Row> = {
    id: 'change',
    title: <span className="sr-only">Change</span>,
    width: '6rem',
    cell: (row) =>
      row.organization !== null && (
        <Button
          onClick={() => setChanging(row)}
          aria-label={`Change ${classTitles[row.data_class]} of ${row.organization.name}`}
        >
          Change
        </Button>
      ),
  }
  return (
    <section aria-labelledby="policies">
      <h2 id="policies" className="mb-2 text-lg">
        How long it is kept
      </h2>
      <DataTable caption="How long it is kept" columns={mayChange ? [...columns, change] : columns} rows={rows} />
      {changing !== null && changing.organization !== null && (
        <PolicyForm policy={changing} organization={changing.organization} onClose={() => setChanging(null)} />
      )}
    </section>
  )
}

const columns: readonly Column<Row>[] = [
  { id: 'class', title: 'Class', width: '9rem', cell: ({ data_class }) => classTitles[data_class] },
  {
    id: 'of',
    title: 'Of',
    cell: ({ organization }) =>
      organization === null ? 'the deployment' : <HostileLine text={organization.display_name || organization.name} />,
  },
  {
    id: 'keeps',
    title: 'Kept',
    width: '14rem',
    cell: ({ keep_days, inherited }) => (
      <span>
        {inWords(keep_days)} {inherited && <span className="text-muted">as the deployment</span>}
      </span>
    ),
  },
  {
    id: 'next',
    title: 'Next',
    width: '13rem',
    cell: ({ next }) =>
      next !== null && (
        <State tone="text-warn" icon={<Clock size={14} aria-hidden />}>
          {inWords(next.keep_days)} from <Time at={next.effective_at} />
        </State>
      ),
  },
  {
    id: 'by',
    title: 'By',
    width: '8rem',
    room: 'some',
    cell: ({ set_by, inherited }) =>
      inherited ? '' : set_by === null ? <span className="text-muted">settings</span> : <Person user={set_by} />,
  },
]
