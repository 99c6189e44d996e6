import type { User } from '@reeve/sdk'
import { useQueries, useQuery } from '@tanstack/react-query'
import { faultOf } from '../api/query-client.ts'
import { organizationRoles, organizations, personRoles, siteRoles } from '../api/roles.ts'
import { Section } from '../mine/section.tsx'
import { RoleChoices } from './role-choices.tsx'

/** The roles of a person or an account, everywhere and in each organization, for whoever may change them. */
export function HeldRoles({ user }: { user: User }) {
  const { data: known = [], error } = useQuery(siteRoles)
  const { data: held } = useQuery(personRoles(user.id))
  const { data: places = [] } = useQuery(organizations)
  const joined = places.filter(({ id }) => held?.organization_roles[id] !== undefined)
  const within = useQueries({ queries: joined.map(({ id }) => organizationRoles(id)) })
  return (
    <Section
      title="Roles"
      about="What you lack yourself you cannot give. A change counts at once, also in open sessions."
      what="The roles"
      fault={error === null ? null : faultOf(error)}
    >
      {held !== undefined && (
        <div className="space-y-4">
          <RoleChoices title="Everywhere" userId={user.id} organizationId={null} roles={known} held={held.roles} />
          {joined.map(({ id, name, display_name }, at) => (
            <RoleChoices
              key={id}
              title={`In ${display_name === '' ? name : display_name}`}
              userId={user.id}
              organizationId={id}
              roles={within[at]?.data ?? []}
              held={held.organization_roles[id] ?? []}
            />
          ))}
        </div>
      )}
    </Section>
  )
}
