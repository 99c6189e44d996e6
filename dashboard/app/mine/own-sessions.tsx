import { eachEndpoint as endpoints, type UserSession } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { ownSessions } from '../api/mine.ts'
import { faultOf } from '../api/query-client.ts'
import { type Column, DataTable } from '../table/data-table.tsx'
import { Button } from '../ui/button.tsx'
import { Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { Section } from './section.tsx'

/** Where the viewer is signed in, and the way to end what is not theirs. */
export function OwnSessions() {
  const queries = useQueryClient()
  const { data = [], error, refetch } = useQuery(ownSessions)
  const ending = useMutation({
    mutationFn: async (session: UserSession | 'others') => {
      if (session === 'others') await client.call(endpoints.endOtherSessions, { params: { user: 'me' } })
      else await client.call(endpoints.endUserSession, { params: { user: 'me', session: session.id } })
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ownSessions.queryKey }),
  })
  const columns: readonly Column<UserSession>[] = [
    {
      id: 'name',
      title: 'Session',
      cell: ({ name, user_agent, current }) => (
        <span className="flex min-w-0 items-center gap-2">
          <span className="min-w-0 truncate" title={user_agent ?? ''}>
            <HostileLine text={name !== '' ? name : (user_agent ?? 'unknown')} />
          </span>
          {current && <span className="shrink-0 text-ok">this one</span>}
        </span>
      ),
    },
    { id: 'ip', title: 'Begun from', width: '9rem', cell: ({ ip }) => <HostileLine text={ip ?? '–'} /> },
    { id: 'created', title: 'Signed in', width: '10rem', cell: ({ created_at }) => <Time at={created_at} /> },
    {
      id: 'used',
      title: 'Last used',
      width: '10rem',
      cell: ({ last_used }) =>
        last_used === null ? <span className="text-muted">never</span> : <Time at={last_used} />,
    },
    { id: 'ends', title: 'Ends', width: '10rem', room: 'some', cell: ({ ends_at }) => <Time at={ends_at} /> },
    {
      id: 'actions',
      title: <span className="sr-only">Actions</span>,
      width: '6.5rem',
      cell: (row) =>
        row.current ? null : (
          <Button
            tone="quiet-danger"
            className="-ml-2.5"
            aria-label={`Sign out ${row.name !== '' ? row.name : row.id}`}
            disabled={ending.isPending}
            onClick={() => ending.mutate(row)}
          >
            Sign out
          </Button>
        ),
    },
  ]
  return (
    <Section
      title="Where you are signed in"
      about="End what you do not know; it stops working everywhere within seconds."
      what="Your sessions"
      fault={error === null ? null : faultOf(error)}
      onRetry={() => void refetch()}
      aside={
        data.length > 1 && (
          <Button disabled={ending.isPending} onClick={() => ending.mutate('others')}>
            Sign out everywhere else
          </Button>
        )
      }
    >
      {ending.error !== null && <FaultNotice what="The session was not ended" fault={faultOf(ending.error)} />}
      {data.length > 0 && <DataTable caption="Your sessions" columns={columns} rows={data} />}
    </Section>
  )
}
