import type { User } from '@reeve/sdk'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '../api/may.ts'
import { serviceAccounts } from '../api/tokens.ts'
import { CreateServiceAccount } from '../service-accounts/create-service-account.tsx'
import { ResponsiblePerson } from '../service-accounts/responsible-person.tsx'
import { listPage, usePage } from '../shell/page.ts'
import type { Column } from '../table/data-table.tsx'
import { ListPage } from '../table/list-page.tsx'
import type { QueryKey } from '../table/query-bar.tsx'
import { useList } from '../table/use-list.ts'
import { useListSearch } from '../table/use-list-search.ts'
import { Button } from '../ui/button.tsx'
import { Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { Empty } from '../ui/notice.tsx'

const keys: readonly QueryKey[] = [
  { key: 'status', hint: 'whether it may be used', values: ['active', 'suspended'] },
  { key: 'owner', hint: 'the username of who is responsible', values: [], menu: false },
  { key: 'role', hint: 'that it holds', values: [], menu: false },
  { key: 'last_seen_before', hint: 'not used since a day, or never', values: ['never'], menu: false },
]

/** Accounts for programs, and who answers for each. */
export function ServiceAccountsPage() {
  const may = useMay()
  const asking = useListSearch()
  const list = useList(serviceAccounts(asking.q))
  const [creating, setCreating] = useState(false)
  const q = `kind:service ${asking.q}`.trim()
  usePage(listPage('Service accounts', 'reeve users list', '/api/v2/users', { q }))
  const columns: readonly Column<User>[] = [
    {
      id: 'username',
      title: 'Username',
      width: '14rem',
      cell: ({ id, username }) => (
        <Link to="/service-accounts/$id" params={{ id }} className="font-medium">
          <HostileLine text={username} />
        </Link>
      ),
    },
    { id: 'name', title: 'Name', cell: ({ name }) => <HostileLine text={name} /> },
    {
      id: 'responsible',
      title: 'Responsible',
      width: '12rem',
      cell: ({ owner_id }) => <ResponsiblePerson id={owner_id} />,
    },
    {
      id: 'roles',
      title: 'Roles',
      width: '10rem',
      cell: ({ roles }) => (
        <HostileLine text={roles.map((role) => role.display_name || role.name).join(', ') || 'Member'} />
      ),
    },
    {
      id: 'status',
      title: 'Status',
      width: '7rem',
      cell: ({ status }) => <span className={status === 'suspended' ? 'text-warn' : ''}>{status}</span>,
    },
    {
      id: 'seen',
      title: 'Last seen',
      width: '10rem',
      cell: ({ last_seen_at }) =>
        last_seen_at === null ? <span className="text-muted">never</span> : <Time at={last_seen_at} />,
    },
  ]
  return (
    <>
      <ListPage
        title="Service accounts"
        noun="service account"
        list={list}
        columns={columns}
        filters={{ asking, label: 'Query the service accounts', keys, ranged: false }}
        aside={
          may('user:create') && (
            <Button tone="primary" onClick={() => setCreating(true)}>
              Create a service account
            </Button>
          )
        }
        empty={
          <Empty title="There are no service accounts">
            <p>
              An account for programs has tokens and roles, no password and no way to sign in. A person is responsible
              for it.
            </p>
          </Empty>
        }
      />
      {creating && <CreateServiceAccount onClose={() => setCreating(false)} />}
    </>
  )
}
