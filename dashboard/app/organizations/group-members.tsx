import { eachEndpoint as endpoints, type GroupWithMembers, type MinimalUser } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { group as groupQuery, membersOf } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { Field } from '../forms/field.tsx'
import { Section } from '../mine/section.tsx'
import { type Column, DataTable } from '../table/data-table.tsx'
import { Button } from '../ui/button.tsx'
import { exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { ChoosePeople } from './choose-people.tsx'
import { PersonLink } from './person-link.tsx'
import { pick } from './pick.ts'

const searchedFrom = 10

/** Who is in a group. People change it where people fill it; else it is for reading. */
export function GroupMembers({ group, mayChange }: { group: GroupWithMembers; mayChange: boolean }) {
  const seesPeople = useMay()('user:read')
  const change = useChange(group.id)
  const [adding, setAdding] = useState(false)
  const [removed, setRemoved] = useState<MinimalUser | null>(null)
  const [text, setText] = useState('')
  const { members, total_member_count: count } = group
  const rows = pick(members, text, {}, ({ username, name }) => `${username} ${name}`)
  const byHand = mayChange && group.source === 'user'
  const fault = change.error === null ? null : faultOf(change.error)
  const columns: readonly Column<MinimalUser>[] = [
    {
      id: 'username',
      title: 'Username',
      wide: true,
      width: '16rem',
      cell: ({ id, username }) => <PersonLink id={id} username={username} open={seesPeople} />,
    },
    { id: 'name', title: 'Name', cell: ({ name }) => <HostileLine text={name} /> },
  ]
  const actions: Column<MinimalUser> = {
    id: 'actions',
    title: <span className="sr-only">Actions</span>,
    width: '7rem',
    cell: (row) => (
      <Button
        tone="quiet-danger"
        className="-ml-2.5"
        aria-label={`Remove ${row.username}`}
        disabled={change.isPending}
        onClick={() => change.mutate({ remove_users: [row.id] }, { onSuccess: () => setRemoved(row) })}
      >
        Remove
      </Button>
    ),
  }
  return (
    <Section
      title="Members"
      about={
        group.source === 'oidc'
          ? 'The identity provider says who is in it: change it there. It counts here within 15 minutes.'
          : 'Members of the organization that people put in. A change counts at once.'
      }
      what="The members"
      aside={byHand && <Button onClick={() => setAdding(true)}>Add people</Button>}
    >
      {!adding && fault !== null && <FaultNotice what="The group was not changed" fault={fault} />}
      <div role="status" className="flex flex-wrap items-center gap-3 empty:hidden">
        {removed !== null && (
          <>
            <span>
              <HostileLine text={removed.username} /> is no longer in it.
            </span>
            <Button
              key={removed.id}
              // The button that was pressed is gone with its row.
              autoFocus
              disabled={change.isPending}
              onClick={() => change.mutate({ add_users: [removed.id] }, { onSuccess: () => setRemoved(null) })}
            >
              Put back
            </Button>
          </>
        )}
      </div>
      {members.length >= searchedFrom && (
        <div className="max-w-80">
          <Field
            label="Find a member"
            name="find"
            autoComplete="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
      )}
      {rows.length > 0 ? (
        <DataTable caption="Members" columns={byHand ? [...columns, actions] : columns} rows={rows} />
      ) : (
        <p className="rounded-lg border border-line bg-raised px-3 py-2">
          {members.length === 0 ? 'Nobody is in it.' : 'Nobody in it is called like this.'}
        </p>
      )}
      {count > members.length && (
        <p className="text-muted">
          The first {exact(members.length)} of {exact(count)}, by username.
        </p>
      )}
      {adding && (
        <ChoosePeople
          title="Add people to the group"
          among={membersOf(group.organization_id)}
          isIn={({ id }) => members.some((one) => one.id === id)}
          busy={change.isPending}
          fault={fault}
          onAdd={(names) =>
            change.mutate(
              { add_users: [...names] },
              {
                onSuccess: () => {
                  setRemoved(null)
                  setAdding(false)
                },
              },
            )
          }
          onClose={() => {
            change.reset()
            setAdding(false)
          }}
        />
      )}
    </Section>
  )
}

function useChange(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: { add_users?: string[]; remove_users?: string[] }) =>
      client.call(endpoints.updateGroup, { params: { group: id }, body }),
    onSuccess: async (next) => {
      queries.setQueryData(groupQuery(id).queryKey, next)
      await queries.invalidateQueries({ queryKey: ['groups'] })
    },
  })
}
