import type { RetentionPlan, RetentionPortion } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { type Column, DataTable } from '../table/data-table.tsx'
import { Count } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { classTitles } from './words.ts'

interface Row extends RetentionPortion {
  readonly id: string
}

const columns: readonly Column<Row>[] = [
  { id: 'class', title: 'Class', width: '8rem', cell: ({ data_class }) => classTitles[data_class] },
  { id: 'what', title: 'What', width: '6rem', cell: ({ unit }) => unit },
  {
    id: 'of',
    title: 'Of',
    cell: ({ organization }) => (organization === null ? 'the deployment' : <HostileLine text={organization.name} />),
  },
  { id: 'day', title: 'Day', width: '7rem', cell: ({ day }) => <span className="num">{day ?? 'several'}</span> },
  { id: 'goes', title: 'Goes', width: '5rem', numeric: true, cell: ({ removed }) => <Count value={removed} /> },
  { id: 'held', title: 'Held', width: '5rem', numeric: true, cell: ({ held }) => <Count value={held} /> },
]

/** What would go, by class, organization and day, and what holds keep of it. */
export function PlanTable({ plan }: { plan: RetentionPlan }) {
  const rows = plan.portions.map((portion) => ({
    ...portion,
    id: [portion.data_class, portion.unit, portion.organization?.id, portion.day].join(' '),
  }))
  if (rows.length === 0) return <p className="text-muted">Nothing would go.</p>
  return (
    <div className="max-h-96 space-y-2 overflow-y-auto" tabIndex={0} role="region" aria-label="What would go">
      <DataTable caption="What would go" columns={columns} rows={rows} />
      {plan.holds.map(({ id, reason, keeps }) => (
        <p key={id}>
          <Link to="/holds/$id" params={{ id }} className="text-link underline">
            A hold
          </Link>{' '}
          keeps <Count value={keeps} /> {keeps === 1 ? 'request' : 'requests'}: <HostileLine text={reason} />
        </p>
      ))}
    </div>
  )
}
