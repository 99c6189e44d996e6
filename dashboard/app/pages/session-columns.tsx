import type { Session } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { useNow } from '../hooks/use-clock.ts'
import type { Column } from '../table/data-table.tsx'
import { Count, Person, SessionStatus, Time } from '../ui/facts.tsx'
import { duration, removedOn } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'

export function sessionColumns(zone: string): readonly Column<Session>[] {
  return [
    { id: 'status', title: 'Status', width: '5.5rem', cell: ({ status }) => <SessionStatus status={status} /> },
    {
      id: 'started',
      title: `Started (${zone})`,
      label: 'Started',
      width: '9.5rem',
      cell: ({ started_at }) => <Time at={started_at} />,
    },
    {
      id: 'duration',
      room: 'some',
      title: 'Duration',
      width: '5.25rem',
      numeric: true,
      cell: (row) => <SessionDuration session={row} />,
    },
    { id: 'initiator', title: 'Initiator', width: '5rem', cell: ({ initiator }) => <Person user={initiator} /> },
    {
      id: 'client',
      title: 'Client',
      width: '6.75rem',
      cell: (row) => <ClientName client={row.client} version={row.client_version} brief />,
    },
    {
      id: 'prompt',
      title: 'Last prompt',
      wide: true,
      cell: ({ id, last_prompt, content_withheld: withheld, content_removed_at: removedAt }) => (
        <Link to="/sessions/$id" params={{ id }} className="truncate hover:text-link">
          {last_prompt === null || last_prompt.trim() === '' ? (
            <span className="text-muted">
              {removedAt !== null ? removedOn(removedAt) : withheld ? 'withheld' : 'no prompt of a person'}
            </span>
          ) : (
            <HostileLine text={last_prompt} inControl />
          )}
        </Link>
      ),
    },
    { id: 'models', title: 'Models', width: '8rem', cell: ({ models }) => <HostileLine text={models.join(', ')} /> },
    {
      id: 'requests',
      room: 'some',
      title: 'Requests',
      width: '4.75rem',
      numeric: true,
      cell: ({ requests }) => <Count value={requests} />,
    },
    {
      id: 'tools',
      room: 'much',
      title: 'Tool calls',
      width: '4rem',
      numeric: true,
      cell: ({ tool_calls }) => <Count value={tool_calls} />,
    },
    {
      id: 'in',
      title: 'Tokens in',
      width: '4rem',
      numeric: true,
      cell: (row) => (
        <Count short value={row.token_usage_summary.input_tokens + row.token_usage_summary.cache_write_input_tokens} />
      ),
    },
    {
      id: 'cached',
      room: 'much',
      title: 'Cached',
      width: '4rem',
      numeric: true,
      cell: (row) => <Count short value={row.token_usage_summary.cache_read_input_tokens} />,
    },
    {
      id: 'out',
      title: 'Out',
      width: '4rem',
      numeric: true,
      cell: (row) => <Count short value={row.token_usage_summary.output_tokens} />,
    },
  ]
}

/** The program that asked; in lists its version is in the title only. */
export function ClientName({
  client,
  version,
  brief = false,
}: {
  client: string
  version: string | null
  brief?: boolean
}) {
  return (
    <span className="block truncate" title={version === null ? client : `${client} ${version}`}>
      <HostileLine text={client} />{' '}
      {version !== null && !brief && (
        <span className="text-muted">
          <HostileLine text={version} />
        </span>
      )}
    </span>
  )
}

/** How long it took, or how long it has been running. */
export function SessionDuration({
  session,
}: {
  session: Pick<Session, 'status' | 'started_at' | 'ended_at' | 'last_active_at'>
}) {
  const now = useNow(session.status === 'live' ? 1000 : 60_000)
  const end = session.status === 'live' ? now.getTime() : Date.parse(session.ended_at ?? session.last_active_at)
  return <span className="num">{duration(end - Date.parse(session.started_at))}</span>
}
