import { eachEndpoint as endpoints, type Organization } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { memberCount } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { organizations } from '../api/roles.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { Button } from '../ui/button.tsx'
import { CopyIcon } from '../ui/copy.tsx'
import { Fact, Time } from '../ui/facts.tsx'
import { exact } from '../ui/format.ts'
import { HostileText } from '../ui/hostile-text.tsx'
import { OrganizationForm } from './organization-form.tsx'
import { Titled } from './title.tsx'

/** What an organization is, and what is done with it as a whole. */
export function OrganizationHead({
  organization,
  may,
}: {
  organization: Organization
  may: (permission: 'organization:update' | 'organization:delete' | 'organization_member:read') => boolean
}) {
  const { data: count } = useQuery({ ...memberCount(organization.id), enabled: may('organization_member:read') })
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null)
  const { description, is_default, require_boundary, created_at, id } = organization
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center gap-2">
        <h1 className="min-w-0 flex-1 basis-60 truncate text-lg">
          <Titled of={organization} />
        </h1>
        {may('organization:update') && <Button onClick={() => setOpen('edit')}>Edit</Button>}
        {may('organization:delete') && !is_default && (
          <Button tone="quiet-danger" onClick={() => setOpen('delete')}>
            Delete the organization
          </Button>
        )}
      </div>
      {description !== '' && (
        <div className="text-muted">
          <HostileText text={description} />
        </div>
      )}
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-x-6 gap-y-3">
        {count !== undefined && <Fact name="Members">{exact(count)}</Fact>}
        {is_default && <Fact name="Kind">the default one; it stays</Fact>}
        <Fact name="Models">{require_boundary ? 'only from behind a boundary' : 'with or without a boundary'}</Fact>
        <Fact name="Since">
          <Time at={created_at} />
        </Fact>
        <Fact name="Id">
          <span className="mono">…{id.slice(-8)}</span>
          <CopyIcon label="Copy the id" text={id} />
        </Fact>
      </dl>
      {open === 'edit' && <OrganizationForm organization={organization} onClose={() => setOpen(null)} />}
      {open === 'delete' && <DeleteOrganization organization={organization} onClose={() => setOpen(null)} />}
    </div>
  )
}

function DeleteOrganization({ organization, onClose }: { organization: Organization; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => client.call(endpoints.deleteOrganization, { params: { organization: organization.id } }),
    onSuccess: async () => {
      // It is gone from the list before the list is shown, and is not asked for again.
      queries.setQueryData(organizations.queryKey, (all) => all?.filter(({ id }) => id !== organization.id))
      await navigate({ to: '/organizations' })
      queries.removeQueries({ queryKey: [...organizations.queryKey, organization.id] })
      for (const queryKey of [organizations.queryKey, ['groups'], ['me'], ['may']]) {
        await queries.invalidateQueries({ queryKey })
      }
    },
  })
  return (
    <ConfirmByName
      verb="Delete"
      name={organization.name}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      Its groups and its own roles go with it; what was recorded in it stays. It must have no members but you: remove
      the others first. This cannot be undone.
    </ConfirmByName>
  )
}
