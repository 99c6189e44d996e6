import type { RetentionReceipt } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { retentionReceipts } from '../api/deployment.ts'
import { faultOf } from '../api/query-client.ts'
import { type Column, DataTable } from '../table/data-table.tsx'
import { Commands, CopyIcon } from '../ui/copy.tsx'
import { Count, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { classTitles } from './words.ts'

interface Row extends RetentionReceipt {
  readonly id: string
}

const columns: readonly Column<Row>[] = [
  { id: 'number', title: 'No.', width: '4rem', numeric: true, cell: ({ number }) => <Count value={number} /> },
  { id: 'class', title: 'Class', width: '8rem', cell: ({ data_class }) => classTitles[data_class] },
  {
    id: 'of',
    title: 'Of',
    cell: ({ organization }) => (organization === null ? 'the deployment' : <HostileLine text={organization.name} />),
  },
  { id: 'day', title: 'Day', width: '7rem', cell: ({ day }) => <span className="num">{day ?? 'several'}</span> },
  {
    id: 'removed',
    title: 'Removed',
    width: '9rem',
    cell: ({ removed, unit }) => (
      <>
        <Count value={removed} /> {unit}
      </>
    ),
  },
  { id: 'at', title: 'When', width: '9rem', cell: ({ created_at }) => <Time at={created_at} /> },
  {
    id: 'note',
    title: <span className="sr-only">Signed note</span>,
    width: '3rem',
    cell: ({ number, note }) => <CopyIcon label={`Copy receipt ${number}`} text={note} />,
  },
]

/** What went, each part a note signed with the key of the audit log. */
export function Receipts() {
  const { data, error, refetch } = useQuery(retentionReceipts)
  const rows = data?.map((receipt) => ({ ...receipt, id: String(receipt.number) })) ?? []
  return (
    <section aria-labelledby="receipts" className="space-y-2">
      <h2 id="receipts" className="text-lg">
        Receipts
      </h2>
      {error !== null && (
        <FaultNotice
          what="The receipts could not be read"
          fault={faultOf(error)}
          stale={data !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {data?.length === 0 && <p className="text-muted">Nothing was removed yet.</p>}
      {rows.length > 0 && <DataTable caption="Receipts" columns={columns} rows={rows} />}
      {rows.length > 0 && (
        <Commands
          label="Verify them without this server"
          lines={[
            'reeve retention receipts export --out receipts.jsonl',
            'reeve retention receipts verify receipts.jsonl',
          ]}
        />
      )}
    </section>
  )
}
