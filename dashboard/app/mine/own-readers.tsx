import type { ContentRead } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ownReaders } from '../api/mine.ts'
import { faultOf } from '../api/query-client.ts'
import { type Column, DataTable } from '../table/data-table.tsx'
import { Count, Person, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Section } from './section.tsx'

const hows: Readonly<Record<ContentRead['how'], string>> = {
  view: 'read',
  body: 'downloaded bytes',
  search: 'searched or listed prompts',
  watch: 'watched live',
  export: 'exported',
}

const columns: readonly Column<ContentRead>[] = [
  { id: 'at', title: 'When', width: '10rem', cell: ({ last_at }) => <Time at={last_at} /> },
  { id: 'reader', title: 'Who', width: '10rem', cell: ({ reader }) => <Person user={reader} /> },
  {
    id: 'roles',
    title: 'As',
    width: '10rem',
    room: 'some',
    cell: ({ reader_roles }) => <HostileLine text={reader_roles.join(', ')} />,
  },
  { id: 'how', title: 'How', width: '12rem', cell: ({ how }) => hows[how] },
  { id: 'times', title: 'Times', width: '4rem', numeric: true, cell: ({ times }) => <Count value={times} /> },
  {
    id: 'what',
    title: 'What',
    width: '6rem',
    cell: ({ session_id }) =>
      session_id === null ? (
        <span className="text-muted">many</span>
      ) : (
        <Link to="/sessions/$id" params={{ id: session_id }} className="text-link underline">
          session
        </Link>
      ),
  },
  {
    id: 'reason',
    title: 'Reason',
    cell: ({ reason }) =>
      reason === null ? <span className="text-muted">none given</span> : <HostileLine text={reason} />,
  },
]

/** Who looked at the viewer's prompts and answers: each reading is on record, and this is the record. */
export function OwnReaders() {
  const { data, error, refetch } = useQuery(ownReaders)
  const rows = data?.content_reads ?? []
  return (
    <Section
      title="Who looked at my data"
      about="Whoever reads your prompts or answers leaves a record here. Your own reading leaves none."
      what="The record of readings"
      fault={error === null ? null : faultOf(error)}
      onRetry={() => void refetch()}
    >
      {data !== undefined && rows.length === 0 && (
        <p className="rounded-lg border border-line bg-raised px-3 py-2">Nobody has read your prompts or answers.</p>
      )}
      {rows.length > 0 && <DataTable caption="Who looked at my data" columns={columns} rows={rows} />}
      {data !== undefined && data.count > rows.length && (
        <p className="text-muted">The latest {rows.length} are shown.</p>
      )}
    </Section>
  )
}
