import type { Organization } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { groupsIn } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { Section } from '../mine/section.tsx'
import { DataTable } from '../table/data-table.tsx'
import { Button } from '../ui/button.tsx'
import { groupColumns } from './group-columns.tsx'
import { CreateGroup } from './group-form.tsx'

/** The groups of one organization. */
export function OrganizationGroups({ organization, mayCreate }: { organization: Organization; mayCreate: boolean }) {
  const { data: rows, error, refetch } = useQuery(groupsIn(organization.id))
  const [creating, setCreating] = useState(false)
  return (
    <Section
      title="Groups"
      about="They carry quotas, and access lists name them."
      what="The groups"
      fault={error === null ? null : faultOf(error)}
      onRetry={() => void refetch()}
      aside={mayCreate && <Button onClick={() => setCreating(true)}>Create a group</Button>}
    >
      {rows?.length === 0 && (
        <p className="rounded-lg border border-line bg-raised px-3 py-2">There is no group yet.</p>
      )}
      {rows !== undefined && rows.length > 0 && <DataTable caption="Groups" columns={groupColumns} rows={rows} />}
      {creating && <CreateGroup places={[organization]} onClose={() => setCreating(false)} />}
    </Section>
  )
}
