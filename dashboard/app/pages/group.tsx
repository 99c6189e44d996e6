import { eachEndpoint as endpoints, type GroupWithMembers } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { useMayIn } from '../api/may.ts'
import { group, groupsIn } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { EditGroup } from '../organizations/group-form.tsx'
import { GroupGrants } from '../organizations/group-grants.tsx'
import { GroupMembers } from '../organizations/group-members.tsx'
import { Titled } from '../organizations/title.tsx'
import { RulesSection } from '../rules/rules-section.tsx'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { CopyIcon } from '../ui/copy.tsx'
import { Fact, Time } from '../ui/facts.tsx'
import { exact } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** One group: who is in it, who fills it, and what it gives. */
export function GroupPage() {
  const { id } = useParams({ from: '/app/groups/$id' })
  const { data, error, refetch } = useQuery(group(id))
  usePage({
    title: data?.name ?? 'Group',
    parent: { title: 'Groups', to: '/groups' },
    cli: `reeve groups show ${id}`,
    api: `/api/v2/groups/${id}`,
  })
  if (error !== null) {
    return (
      <div className="p-4">
        <FaultNotice what="The group could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
      </div>
    )
  }
  return data === undefined ? null : <Shown group={data} />
}

function Shown({ group: shown }: { group: GroupWithMembers }) {
  const may = useMayIn(shown.organization_id)
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null)
  return (
    <div className="mx-auto max-w-5xl space-y-8 px-4 py-6">
      <div className="space-y-3">
        <div className="flex flex-wrap items-center gap-2">
          <h1 className="min-w-0 flex-1 basis-60 truncate text-lg">
            <Titled of={shown} />
          </h1>
          {may('group:update') && <Button onClick={() => setOpen('edit')}>Edit</Button>}
          {may('group:delete') && (
            <Button tone="quiet-danger" onClick={() => setOpen('delete')}>
              Delete the group
            </Button>
          )}
        </div>
        <dl className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-x-6 gap-y-3">
          <Fact name="Organization">
            <Link
              to="/organizations/$id"
              params={{ id: shown.organization_id }}
              className="min-w-0 truncate text-link underline"
            >
              <HostileLine text={shown.organization_name} />
            </Link>
          </Fact>
          <Fact name="Filled by">{shown.source === 'oidc' ? 'the identity provider' : 'people here'}</Fact>
          <Fact name="Members">{exact(shown.total_member_count)}</Fact>
          <Fact name="Quota of each member">{exact(shown.quota_allowance)}</Fact>
          <Fact name="Since">
            <Time at={shown.created_at} />
          </Fact>
          <Fact name="Id">
            <span className="mono">…{shown.id.slice(-8)}</span>
            <CopyIcon label="Copy the id" text={shown.id} />
          </Fact>
        </dl>
      </div>
      <GroupMembers group={shown} mayChange={may('group:update')} />
      {may('ai_rules:read') && (
        <RulesSection
          holder={{ organizationId: shown.organization_id, groupId: shown.id }}
          mayChange={may('ai_rules:update')}
        />
      )}
      <GroupGrants group={shown} mayReadClaims={may('idp_settings:read')} />
      {open === 'edit' && <EditGroup group={shown} onClose={() => setOpen(null)} />}
      {open === 'delete' && <DeleteGroup group={shown} onClose={() => setOpen(null)} />}
    </div>
  )
}

function DeleteGroup({ group: gone, onClose }: { group: GroupWithMembers; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => client.call(endpoints.deleteGroup, { params: { group: gone.id } }),
    onSuccess: async () => {
      // It is gone from the list before the list is shown, and is not asked for again.
      queries.setQueryData(groupsIn(gone.organization_id).queryKey, (all) => all?.filter(({ id }) => id !== gone.id))
      await navigate({ to: '/groups' })
      queries.removeQueries({ queryKey: group(gone.id).queryKey })
      await queries.invalidateQueries({ queryKey: ['groups'] })
    },
  })
  return (
    <ConfirmByName
      verb="Delete"
      name={gone.name}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      Who is in it stays in the organization, and loses its quota and what access lists gave to it. Its rules about
      models and tools go as well. This cannot be undone.
    </ConfirmByName>
  )
}
