import { eachEndpoint as endpoints, type Organization, type Role } from '@reeve/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { RoleBoxes } from '../access/role-boxes.tsx'
import { client } from '../api/client.ts'
import { organizations } from '../api/roles.ts'
import { Section } from '../mine/section.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

/** The roles that a new member gets; to be changed by whoever may change the organization. */
export function DefaultRoles({
  organization: { id, default_member_roles: held },
  roles,
  mayChange,
}: {
  organization: Organization
  roles: readonly Role[]
  mayChange: boolean
}) {
  const queries = useQueryClient()
  const save = async (names: string[]) => {
    await client.call(endpoints.updateOrganization, {
      params: { organization: id },
      body: { default_member_roles: names },
    })
    await queries.invalidateQueries({ queryKey: organizations.queryKey })
  }
  return (
    <Section
      title="What new members get"
      about="Without workspace access, members use the bridge only. Who is a member already keeps what he has."
      what="What new members get"
    >
      {mayChange && roles.length > 0 ? (
        <RoleBoxes
          title="Roles of a new member"
          roles={roles}
          held={held}
          saved="Saved; it counts for whoever comes next."
          onSave={save}
        />
      ) : (
        <p className="rounded-lg border border-line bg-raised px-3 py-2">
          <HostileLine text={held.length === 0 ? 'No roles: they use the bridge only.' : held.join(', ')} />
        </p>
      )}
    </Section>
  )
}
