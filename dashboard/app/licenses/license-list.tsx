import type { License } from '@reeve/sdk'
import { Check, CircleAlert, CirclePause } from 'lucide-react'
import type { ReactNode } from 'react'
import { type Column, DataTable } from '../table/data-table.tsx'
import { Button } from '../ui/button.tsx'
import { Count, State, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

type Row = Omit<License, 'id'> & { readonly id: string }

const words: Readonly<Record<License['state'], readonly [word: string, tone: string, icon: typeof Check]>> = {
  active: ['active', 'text-ok', Check],
  dormant: ['begins later', 'text-muted', CirclePause],
  grace_period: ['expired, honoured', 'text-warn', CircleAlert],
  ended: ['ended', 'text-muted', CirclePause],
  invalid: ['does not count', 'text-bad', CircleAlert],
}

/** A claim is whatever its maker signed. */
function claimOf({ claims }: Row, name: string): ReactNode {
  const value: unknown = claims[name]
  return typeof value === 'string' ? <HostileLine text={value} /> : null
}

function limitOf({ claims: { features } }: Row, name: string): ReactNode {
  const value: unknown = typeof features === 'object' && features !== null ? Reflect.get(features, name) : null
  return typeof value === 'number' ? <Count value={value} /> : null
}

function timeOf({ claims }: Row, name: string): ReactNode {
  const value: unknown = claims[name]
  return typeof value === 'number' ? <Time at={new Date(value * 1_000).toISOString()} /> : null
}

const columns: readonly Column<Row>[] = [
  { id: 'id', title: 'No.', width: '4rem', numeric: true, cell: ({ id }) => id },
  {
    id: 'account',
    title: 'For',
    wide: true,
    cell: (row) =>
      row.problem === '' ? (
        claimOf(row, 'account_id')
      ) : (
        <span className="text-bad">
          It <HostileLine text={row.problem} />
        </span>
      ),
  },
  {
    id: 'state',
    title: 'State',
    width: '11rem',
    cell: ({ state }) => {
      const [word, tone, Icon] = words[state]
      return (
        <State tone={tone} icon={<Icon size={14} aria-hidden />}>
          {word}
        </State>
      )
    },
  },
  { id: 'builds', title: 'Builds', width: '6rem', numeric: true, cell: (row) => limitOf(row, 'managed_agent_limit') },
  {
    id: 'users',
    title: 'Users',
    width: '5rem',
    numeric: true,
    room: 'some',
    cell: (row) => limitOf(row, 'user_limit'),
  },
  { id: 'begins', title: 'Begins', width: '9rem', room: 'much', cell: (row) => timeOf(row, 'nbf') },
  { id: 'expires', title: 'Expires', width: '9rem', cell: (row) => timeOf(row, 'license_expires') },
  { id: 'ends', title: 'Honoured until', width: '9rem', room: 'much', cell: (row) => timeOf(row, 'exp') },
]

export function LicenseList({
  of: licenses,
  onRemove,
}: {
  of: readonly License[]
  /** Null for who may only look. */
  onRemove: ((license: License) => void) | null
}) {
  const remove: Column<Row> = {
    id: 'remove',
    title: <span className="sr-only">Remove</span>,
    label: '',
    width: '6rem',
    cell: (row) => (
      <Button
        tone="quiet-danger"
        aria-label={`Remove licence ${row.id}`}
        onClick={() => onRemove?.({ ...row, id: Number(row.id) })}
      >
        Remove
      </Button>
    ),
  }
  return (
    <DataTable
      caption="Licences"
      columns={onRemove === null ? columns : [...columns, remove]}
      rows={licenses.map((license) => ({ ...license, id: String(license.id) }))}
    />
  )
}
