import type { ApiKey } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import type { Column } from '../table/data-table.tsx'
import { Button } from '../ui/button.tsx'
import { Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Expiry, hasEnded } from './expiry.tsx'
import { ScopeWords } from './scope-words.tsx'

export const nameOf = ({ token_name, id }: ApiKey): string => (token_name === '' ? id : token_name)

/** A list of tokens: one's own, those of an account, or everybody's. */
export function tokenColumns(wish: {
  readonly everybody: boolean
  readonly onShow: (token: ApiKey) => void
  /** Null where the viewer may end none. */
  readonly onRevoke: ((token: ApiKey) => void) | null
}): readonly Column<ApiKey>[] {
  const { everybody, onShow, onRevoke } = wish
  const columns: Column<ApiKey>[] = [
    {
      id: 'name',
      title: 'Name',
      cell: (row) => (
        <button
          type="button"
          className="max-w-full truncate text-left font-medium text-link hover:underline"
          aria-label={`Details of ${nameOf(row)}`}
          onClick={() => onShow(row)}
        >
          <HostileLine text={nameOf(row)} />
        </button>
      ),
    },
  ]
  if (everybody) {
    columns.push({
      id: 'user',
      title: 'Whose',
      width: '9rem',
      cell: ({ user_id, username }) => (
        <Link to="/people/$id" params={{ id: user_id }}>
          <HostileLine text={username} />
        </Link>
      ),
    })
  }
  columns.push(
    { id: 'scope', title: 'Scope', width: '17rem', cell: (row) => <ScopeWords token={row} /> },
    {
      id: 'used',
      title: 'Last used',
      width: '10rem',
      cell: ({ last_used }) =>
        last_used === null ? <span className="text-muted">never</span> : <Time at={last_used} />,
    },
    { id: 'expires', title: 'Expires', width: '8rem', cell: (row) => <Expiry token={row} /> },
    {
      id: 'created',
      title: 'Created',
      width: '10rem',
      room: 'some',
      cell: ({ created_at }) => <Time at={created_at} />,
    },
  )
  if (onRevoke !== null) {
    columns.push({
      id: 'actions',
      title: <span className="sr-only">Actions</span>,
      width: '6rem',
      cell: (row) =>
        hasEnded(row) ? null : (
          <Button
            tone="quiet-danger"
            className="-ml-2.5"
            aria-label={`Revoke ${nameOf(row)}${everybody ? ` of ${row.username}` : ''}`}
            onClick={() => onRevoke(row)}
          >
            Revoke
          </Button>
        ),
    })
  }
  return columns
}
