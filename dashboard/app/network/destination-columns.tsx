import { Link } from '@tanstack/react-router'
import type { Destination } from '../api/boundaries.ts'
import type { Column } from '../table/data-table.tsx'
import { termFor, termText } from '../table/query.ts'
import { Count, Time } from '../ui/facts.tsx'
import { bytes, exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'

export const destinationColumns: readonly Column<Destination>[] = [
  {
    id: 'host',
    title: 'Host',
    wide: true,
    cell: ({ host, is_new }) => (
      <span className="flex min-w-0 items-center gap-2">
        <Link
          to="."
          search={(old) => ({ ...old, view: undefined, q: termText(termFor('host', host)) })}
          title={host}
          className="min-w-0 truncate text-link"
        >
          <HostileLine text={host} />
        </Link>
        {is_new && (
          <span className="shrink-0 rounded bg-warn-tint px-1.5 text-xs font-medium text-warn">new in 7 days</span>
        )}
      </span>
    ),
  },
  {
    id: 'denied',
    title: 'Denied',
    width: '5.5rem',
    numeric: true,
    cell: ({ denied }) => <span className={denied > 0 ? 'font-medium text-bad' : 'text-muted'}>{exact(denied)}</span>,
  },
  { id: 'allowed', title: 'Allowed', width: '5.5rem', numeric: true, cell: ({ allowed }) => <Count value={allowed} /> },
  {
    id: 'observed',
    title: 'Would deny',
    width: '6rem',
    numeric: true,
    cell: ({ observed }) => <Count value={observed} />,
  },
  { id: 'people', title: 'People', width: '5rem', numeric: true, cell: ({ people }) => <Count value={people} /> },
  {
    id: 'bytes',
    title: 'Out / in',
    width: '9rem',
    room: 'some',
    numeric: true,
    cell: ({ bytes_up, bytes_down }) => `${bytes(bytes_up)} / ${bytes(bytes_down)}`,
  },
  {
    id: 'first',
    title: 'First seen',
    width: '10rem',
    room: 'much',
    cell: ({ first_seen }) => <Time at={first_seen} />,
  },
  { id: 'last', title: 'Last seen', width: '10rem', room: 'some', cell: ({ last_seen }) => <Time at={last_seen} /> },
]
