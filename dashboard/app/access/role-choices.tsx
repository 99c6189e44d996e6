import { eachEndpoint as endpoints, type Role } from '@reeve/sdk'
import { client } from '../api/client.ts'
import { useMembersChanged } from '../api/organizations.ts'
import { RoleBoxes } from './role-boxes.tsx'

/** The roles that a person holds in one place, to be changed by whoever may. */
export function RoleChoices({
  title,
  userId,
  organizationId,
  roles,
  held,
}: {
  title: string
  userId: string
  /** Null: everywhere. */
  organizationId: string | null
  roles: readonly Role[]
  held: readonly string[]
}) {
  const membersChanged = useMembersChanged()
  const save = async (names: string[]) => {
    const body = { roles: names }
    if (organizationId === null) {
      await client.call(endpoints.setUserRoles, { params: { user: userId }, body })
    } else {
      await client.call(endpoints.setMemberRoles, { params: { organization: organizationId, user: userId }, body })
    }
    await membersChanged(organizationId, [userId])
  }
  return <RoleBoxes title={title} roles={roles} held={held} saved="Saved; it counts at once." onSave={save} />
}
