import { endpoints, type User } from '@reeve/sdk'
import { useInfiniteQuery, useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { me, users } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { Choice, Field, FormFault, textOf } from '../forms/field.tsx'
import { hasRole } from '../shell/navigation.ts'
import { usePage } from '../shell/page.ts'
import { type Column, DataTable, TableSkeleton } from '../table/data-table.tsx'
import { LoadMore } from '../table/load-more.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Time } from '../ui/facts.tsx'
import { exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { NewPassword } from './setup.tsx'

/** The people of this deployment. Owners create and suspend; auditors read. */
export function PeoplePage() {
  usePage({ title: 'People', cli: 'reeve users list', api: '/api/v2/users' })
  const { data: viewer } = useSuspenseQuery(me)
  const mayChange = hasRole(viewer, 'owner')
  const list = useInfiniteQuery(users)
  const [creating, setCreating] = useState(false)
  const [suspending, setSuspending] = useState<User | null>(null)
  const status = useStatusChange(() => setSuspending(null))
  const rows = list.data?.pages.flatMap((page) => page.users) ?? []
  const count = list.data?.pages[0]?.count ?? rows.length

  const columns: readonly Column<User>[] = [
    {
      id: 'username',
      title: 'Username',
      width: '12rem',
      cell: ({ username }) => (
        <span className="font-medium">
          <HostileLine text={username} />
        </span>
      ),
    },
    { id: 'name', title: 'Name', cell: ({ name }) => <HostileLine text={name} /> },
    { id: 'email', title: 'E-mail', width: '16rem', cell: ({ email }) => <HostileLine text={email} /> },
    {
      id: 'roles',
      title: 'Roles',
      width: '8rem',
      cell: ({ roles }) => <HostileLine text={roles.map((role) => role.display_name || role.name).join(', ')} />,
    },
    {
      id: 'status',
      title: 'Status',
      width: '7rem',
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
  const shown: readonly Column<User>[] = mayChange
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
      <div className="flex min-h-14 flex-wrap items-center gap-3 px-4 pt-3 pb-2">
        <h1 className="text-lg">People</h1>
        <span className="num text-muted">{list.data === undefined ? '' : exact(count)}</span>
        {mayChange && (
          <Button tone="primary" className="ml-auto" onClick={() => setCreating(true)}>
            Create a user
          </Button>
        )}
      </div>
      {list.error !== null && (
        <div className="px-4 pb-2">
          <FaultNotice
            what="The people could not be read"
            fault={faultOf(list.error)}
            stale={rows.length > 0}
            onRetry={() => void list.refetch()}
          />
        </div>
      )}
      {suspending === null && status.error !== null && (
        <div className="px-4 pb-2">
          <FaultNotice what="The status was not changed" fault={faultOf(status.error)} />
        </div>
      )}
      {list.isPending && <TableSkeleton columns={shown} />}
      {rows.length > 0 && (
        <>
          <DataTable caption="People" columns={shown} rows={rows} rowKey={({ id }) => id} />
          <LoadMore
            shown={rows.length}
            count={count}
            noun={count === 1 ? 'person' : 'people'}
            hasMore={list.hasNextPage}
            busy={list.isFetchingNextPage}
            onMore={() => void list.fetchNextPage()}
          />
        </>
      )}
      {creating && <CreateUser onClose={() => setCreating(false)} />}
      {suspending !== null && (
        <ConfirmByName
          title={`Suspend ${suspending.username}`}
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
      await queries.invalidateQueries({ queryKey: users.queryKey })
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
      const name = textOf(form, 'name').trim()
      return client.call(endpoints.createUser, {
        body: {
          username: textOf(form, 'username').trim(),
          email: textOf(form, 'email').trim(),
          password: textOf(form, 'password'),
          login_type: 'password',
          roles: [isRole(role) ? role : 'member'],
          ...(name === '' ? {} : { name }),
        },
      })
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: users.queryKey })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <Dialog title="Create a user" onClose={onClose}>
      <form
        noValidate
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          mutate(new FormData(event.currentTarget))
        }}
      >
        <FormFault fault={fault} fields={['username', 'name', 'email', 'password', 'roles']} />
        <Field
          label="Username"
          name="username"
          autoFocus
          autoComplete="off"
          spellCheck={false}
          autoCapitalize="none"
          fault={fault}
        />
        <Field label="Name" name="name" autoComplete="off" hint="Optional" fault={fault} />
        <Field label="E-mail" name="email" type="email" autoComplete="off" fault={fault} />
        <Choice label="Role" name="roles" defaultValue="member" fault={fault}>
          <option value="member">member: own sessions and tokens</option>
          <option value="auditor">auditor: reads everything that is recorded</option>
          <option value="owner">owner: everything</option>
        </Choice>
        <NewPassword fault={fault} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" disabled={isPending}>
            {isPending ? 'Creating' : 'Create'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
