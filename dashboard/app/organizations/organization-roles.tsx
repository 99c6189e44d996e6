import type { Organization, Role } from '@reeve/sdk'
import { useState } from 'react'
import { RoleForm } from '../access/role-form.tsx'
import { RoleList } from '../access/role-list.tsx'
import { Section } from '../mine/section.tsx'
import { Button } from '../ui/button.tsx'

/** What can be held in one organization; its own roles are made here. */
export function OrganizationRoles({
  organization,
  roles,
  may,
}: {
  organization: Organization
  roles: readonly Role[]
  may: (permission: 'role:create' | 'role:update' | 'role:delete') => boolean
}) {
  const [creating, setCreating] = useState(false)
  return (
    <Section
      title="Roles"
      about="Those that are built in, and those that people made for this organization."
      what="The roles"
      aside={may('role:create') && <Button onClick={() => setCreating(true)}>Create a role</Button>}
    >
      <RoleList roles={roles} may={may} />
      {creating && <RoleForm places={[organization]} onClose={() => setCreating(false)} />}
    </Section>
  )
}
