import type { UsageCounts, UsageRow } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { termFor, termText } from '../table/query.ts'
import type { Column } from '../table/data-table.tsx'
import { Count } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

export type Row = UsageRow & { readonly id: string }

/** What usage can be told by, beside the days: its heading, what a row without a name is, and the key that finds its requests. */
export const groupings = {
  user: { title: 'Person', none: 'somebody who is gone', query: 'initiator' },
  group: { title: 'Group', none: 'in no group', query: null },
  organization: { title: 'Organization', none: 'one that is gone', query: null },
  model: { title: 'Model', none: 'no model', query: 'model' },
  provider: { title: 'Provider', none: 'no provider', query: 'provider_name' },
  client: { title: 'Client', none: 'no client', query: 'client' },
} as const

export type Grouping = keyof typeof groupings

export const isGrouping = (word: string | undefined): word is Grouping => word !== undefined && word in groupings

const counted = (id: string, title: string, key: keyof UsageCounts, room?: 'some' | 'much'): Column<Row> => ({
  id,
  title,
  width: '7rem',
  numeric: true,
  ...(room === undefined ? {} : { room }),
  cell: (row) => <Count value={row[key]} />,
})

/** The columns of tokens add up to the last one. */
const numbers: readonly Column<Row>[] = [
  counted('requests', 'Requests', 'requests'),
  counted('errors', 'Failed', 'errors', 'much'),
  counted('fresh', 'Fresh', 'input_tokens', 'some'),
  counted('read', 'Cache read', 'cache_read_input_tokens', 'some'),
  counted('written', 'Cache written', 'cache_write_input_tokens', 'some'),
  counted('output', 'Output', 'output_tokens', 'some'),
  counted('tokens', 'All tokens', 'total_tokens'),
]

export const dayColumns: readonly Column<Row>[] = [
  { id: 'day', title: 'Day', wide: true, cell: ({ name }) => <span className="num">{name}</span> },
  ...numbers,
]

/** A name leads to the requests that it stands for, where the viewer may see them. */
export const groupColumns = (by: Grouping, leads: boolean): readonly Column<Row>[] => {
  const { title, none, query } = groupings[by]
  return [
    {
      id: 'name',
      title,
      wide: true,
      cell: ({ id, name }) =>
        id === otherId || name === '' ? (
          <span className="text-muted">{id === otherId ? name : none}</span>
        ) : leads && query !== null ? (
          <Link to="/requests" search={{ q: termText(termFor(query, name)) }} className="text-link">
            <HostileLine text={name} />
          </Link>
        ) : (
          <HostileLine text={name} />
        ),
    },
    ...numbers,
  ]
}

export const otherId = '\u0000other'
