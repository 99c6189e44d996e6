import { eachEndpoint as endpoints, type User } from '@reeve/sdk'
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { people } from '../api/lists.ts'
import { useMay } from '../api/may.ts'
import { me } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { AccountFields, accountFields, accountOf } from '../forms/account-fields.tsx'
import { ConfirmByName } from '../forms/confirm.tsx'
import { Choice, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { listPage, usePage } from '../shell/page.ts'
import type { Column } from '../table/data-table.tsx'
import { ListPage } from '../table/list-page.tsx'
import { useList } from '../table/use-list.ts'
import { Button } from '../ui/button.tsx'
import { Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** The people of this deployment. */
export function PeoplePage() {
  usePage(listPage('People', 'reeve users list', '/api/v2/users', { q: 'kind:person' }))
  const { data: viewer } = useSuspenseQuery(me)
  const may = useMay()
  const list = useList(people)
  const [creating, setCreating] = useState(false)
  const [suspending, setSuspending] = useState<User | null>(null)
  const status = useStatusChange(() => setSuspending(null))

  const columns: readonly Column<User>[] = [
    {
      id: 'username',
      title: 'Username',
      width: '11rem',
      cell: ({ id, username }) => (
        <Link to="/people/$id" params={{ id }} className="font-medium">
          <HostileLine text={username} />
        </Link>
      ),
    },
    { id: 'name', title: 'Name', cell: ({ name }) => <HostileLine text={name} /> },
    { id: 'email', title: 'E-mail', width: '16rem', cell: ({ email }) => <HostileLine text={email} /> },
    {
      id: 'roles',
      title: 'Roles',
      width: '6rem',
      cell: ({ roles }) => (
        <HostileLine text={roles.map((role) => role.display_name || role.name).join(', ') || 'Member'} />
      ),
    },
    {
      id: 'status',
      title: 'Status',
      width: '6rem',
      cell: (row) => <span className={row.status === 'suspended' ? 'text-warn' : ''}>{row.status}</span>,
    },
    {
      id: 'seen',
      title: 'Last seen',
      width: '10rem',
      cell: ({ last_seen_at }) =>
        last_seen_at === null ? <span className="text-muted">never</span> : <Time at={last_seen_at} />,
    },
  ]
  const shown: readonly Column<User>[] = may('user:update')
    ? [
        ...columns,
        {
          id: 'actions',
          title: <span className="sr-only">Actions</span>,
          width: '7rem',
          cell: (row) =>
            row.id === viewer.id ? null : row.status === 'suspended' ? (
              <Button
                tone="quiet"
                className="-ml-2.5"
                aria-label={`Activate ${row.username}`}
                onClick={() => status.mutate({ user: row, to: 'active' })}
              >
                Activate
              </Button>
            ) : (
              <Button
                tone="quiet-danger"
                className="-ml-2.5"
                aria-label={`Suspend ${row.username}`}
                onClick={() => setSuspending(row)}
              >
                Suspend
              </Button>
            ),
        },
      ]
    : columns

  return (
    <>
      <ListPage
        title="People"
        noun="person"
        nouns="people"
        list={list}
        columns={shown}
        aside={
          may('user:create', 'everywhere') && (
            <Button tone="primary" onClick={() => setCreating(true)}>
              Create a user
            </Button>
          )
        }
      >
        {suspending === null && status.error !== null && (
          <div className="px-4 pb-2">
            <FaultNotice what="The status was not changed" fault={faultOf(status.error)} />
          </div>
        )}
      </ListPage>
      {creating && <CreateUser onClose={() => setCreating(false)} />}
      {suspending !== null && (
        <ConfirmByName
          verb="Suspend"
          name={suspending.username}
          busy={status.isPending}
          fault={status.error === null ? null : faultOf(status.error)}
          onConfirm={() => status.mutate({ user: suspending, to: 'suspended' })}
          onClose={() => {
            status.reset()
            setSuspending(null)
          }}
        >
          Their sessions and tokens stop working; agents that use them are refused. The record of what they did stays,
          and you can activate them again.
        </ConfirmByName>
      )}
    </>
  )
}

function useStatusChange(onDone: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ user, to }: { user: User; to: 'active' | 'suspended' }) =>
      client.call(to === 'active' ? endpoints.activateUser : endpoints.suspendUser, { params: { user: user.id } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['users'] })
      onDone()
    },
  })
}

const isRole = (text: string): text is 'owner' | 'auditor' | 'member' =>
  text === 'owner' || text === 'auditor' || text === 'member'

function CreateUser({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) => {
      const role = textOf(form, 'roles')
      return client.call(endpoints.createUser, {
        body: { ...accountOf(form), login_type: 'password', roles: [isRole(role) ? role : 'member'] },
      })
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['users'] })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="Create a user"
      verb={isPending ? 'Creating' : 'Create'}
      busy={isPending}
      fault={fault}
      fields={[...accountFields, 'roles']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <AccountFields own={false} fault={fault} />
      <Choice label="Role" name="roles" defaultValue="member" fault={fault}>
        <option value="member">member: own sessions and tokens</option>
        <option value="auditor">auditor: reads everything that is recorded</option>
        <option value="owner">owner: everything</option>
      </Choice>
    </FormDialog>
  )
}
