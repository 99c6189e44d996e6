import { eachEndpoint as endpoints, type Organization, type Role } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { RoleChoices } from '../access/role-choices.tsx'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { type Member, members, useMembersChanged } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { Section } from '../mine/section.tsx'
import { type Column, DataTable, TableSkeleton } from '../table/data-table.tsx'
import { FilterMenus } from '../table/filter-menus.tsx'
import { LoadMore } from '../table/load-more.tsx'
import { NothingMatches } from '../table/nothing-matches.tsx'
import { QueryBar } from '../table/query-bar.tsx'
import { useListSearch } from '../table/use-list-search.ts'
import { useList } from '../table/use-list.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { AddMembers } from './add-members.tsx'
import { memberColumns } from './member-columns.tsx'
import { titleOf } from './title.tsx'

interface Doing {
  readonly what: 'roles' | 'remove'
  readonly member: Member
}

/** Who is in an organization, and with which roles. */
export function Members({
  organization,
  roles,
  may,
}: {
  organization: Organization
  /** Those that can be held in it; empty where the viewer may not read them. */
  roles: readonly Role[]
  may: (permission: 'organization_member:create' | 'organization_member:delete' | 'role:assign') => boolean
}) {
  const asking = useListSearch()
  const seesPeople = useMay()('user:read')
  const list = useList(members(organization.id, asking))
  const [adding, setAdding] = useState(false)
  const [doing, setDoing] = useState<Doing | null>(null)
  const given = roles.filter(({ implied }) => !implied)
  const keys = [
    { key: 'role', hint: 'held in this organization', values: given.map(({ name }) => name) },
    { key: 'status', hint: 'of the account', values: ['active', 'dormant', 'suspended'] },
  ]
  const actions: Column<Member> = {
    id: 'actions',
    title: <span className="sr-only">Actions</span>,
    width: '11rem',
    cell: (member) => (
      <span className="-ml-2.5 flex">
        {may('role:assign') && given.length > 0 && (
          <Button
            tone="quiet"
            aria-label={`Roles of ${member.username}`}
            onClick={() => setDoing({ what: 'roles', member })}
          >
            Roles
          </Button>
        )}
        {may('organization_member:delete') && (
          <Button
            tone="quiet-danger"
            aria-label={`Remove ${member.username}`}
            onClick={() => setDoing({ what: 'remove', member })}
          >
            Remove
          </Button>
        )}
      </span>
    ),
  }
  const columns = memberColumns(seesPeople)
  const shown = may('role:assign') || may('organization_member:delete') ? [...columns, actions] : columns
  const nobody = list.rows.length === 0 && !list.stale && list.fault === null
  // As it is now: after a change of roles the dialog shows what is held then.
  const current = list.rows.find(({ id }) => id === doing?.member.id) ?? doing?.member
  return (
    <Section
      title="Members"
      about="Roles that are held in the organization count for what belongs to it; everybody in it may see that it is there."
      what="The members"
      fault={list.fault}
      onRetry={list.retry}
      aside={may('organization_member:create') && <Button onClick={() => setAdding(true)}>Add members</Button>}
    >
      <div className="flex flex-wrap items-start gap-2">
        <QueryBar
          label="Query the members"
          text={asking.q}
          keys={keys}
          problem={list.problem}
          onChange={asking.setText}
        />
        <div className="flex flex-wrap gap-2">
          <FilterMenus text={asking.q} keys={keys} onNeed={undefined} onChange={asking.setText} />
        </div>
      </div>
      {list.count === null && list.fault === null && list.problem === null && <TableSkeleton columns={shown} />}
      {list.rows.length > 0 && (
        <>
          <DataTable caption="Members" columns={shown} rows={list.rows} dimmed={list.stale} />
          <LoadMore
            shown={list.rows.length}
            count={list.count ?? list.rows.length}
            exactly
            noun={list.count === 1 ? 'member' : 'members'}
            busy={list.moreBusy}
            onMore={list.more}
          />
        </>
      )}
      {nobody && asking.filtered && (
        <NothingMatches
          noun="member"
          ownOnly={false}
          filters={{ asking, label: 'Query the members', keys, ranged: false }}
        />
      )}
      {nobody && !asking.filtered && (
        <p className="rounded-lg border border-line bg-raised px-3 py-2">Nobody is in it yet.</p>
      )}
      {adding && <AddMembers organization={organization} seesPeople={seesPeople} onClose={() => setAdding(false)} />}
      {doing?.what === 'roles' && current !== undefined && (
        <Dialog title={`Roles of ${current.username}`} wide onClose={() => setDoing(null)}>
          <RoleChoices
            title={`In ${titleOf(organization)}`}
            userId={current.id}
            organizationId={organization.id}
            roles={roles}
            held={current.roles.map(({ name }) => name)}
          />
        </Dialog>
      )}
      {doing?.what === 'remove' && (
        <RemoveMember organization={organization} member={doing.member} onClose={() => setDoing(null)} />
      )}
    </Section>
  )
}

function RemoveMember({
  organization,
  member,
  onClose,
}: {
  organization: Organization
  member: Member
  onClose: () => void
}) {
  const membersChanged = useMembersChanged()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      client.call(endpoints.removeMember, { params: { organization: organization.id, user: member.id } }),
    onSuccess: async () => {
      await membersChanged(organization.id, [member.id])
      onClose()
    },
  })
  return (
    <ConfirmByName
      verb="Remove"
      name={member.username}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      They leave <HostileLine text={titleOf(organization)} /> with the roles and groups that they have in it. What they
      did stays on record.
    </ConfirmByName>
  )
}
