import { eachEndpoint as endpoints, type GroupSync, type RoleSync } from '@reeve/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { groupClaims, groupsIn, roleClaims } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { FaultNotice } from '../ui/notice.tsx'
import { idsForNames, namesForIds } from './named-targets.ts'
import { SyncForm } from './sync-form.tsx'
import type { Edited } from './try-out.tsx'

/** What claims become within one organization: its groups, and the roles that are held in it. */
export function OrganizationClaims({
  id,
  mayChange,
  onTry,
}: {
  id: string
  mayChange: boolean
  /** Prepares a test login with what is written; null where the viewer may not. */
  onTry: ((next: Edited) => Promise<unknown>) | null
}) {
  const queries = useQueryClient()
  const groups = useQuery(groupClaims(id))
  const roles = useQuery(roleClaims(id))
  const { data: known = [], isPending } = useQuery(groupsIn(id))
  const error = groups.error ?? roles.error
  const params = { organization: id }
  const saveGroups = async (next: GroupSync) => {
    const saved = await client.call(endpoints.patchGroupSync, { params, body: idsForNames(next, known) })
    queries.setQueryData(groupClaims(id).queryKey, saved)
    // A mapping says who fills a group.
    await queries.invalidateQueries({ queryKey: ['groups'] })
  }
  const saveRoles = async (body: RoleSync) => {
    queries.setQueryData(roleClaims(id).queryKey, await client.call(endpoints.patchRoleSync, { params, body }))
  }
  if (error !== null) {
    const again = () => void Promise.all([groups.refetch(), roles.refetch()])
    return <FaultNotice what="What claims become could not be read" fault={faultOf(error)} onRetry={again} />
  }
  if (groups.data === undefined || roles.data === undefined || isPending) return null
  return (
    <div key={id} className="grid gap-4 md:grid-cols-2">
      <SyncForm
        title="Groups"
        targets="names of groups"
        settings={namesForIds(groups.data, known)}
        onSave={mayChange ? saveGroups : null}
        onTry={onTry === null ? null : (next) => onTry({ groups: { [id]: idsForNames(next, known) } })}
      />
      <SyncForm
        title="Roles"
        targets="names of roles"
        settings={roles.data}
        onSave={mayChange ? saveRoles : null}
        onTry={onTry === null ? null : (next) => onTry({ roles: { [id]: next } })}
      />
    </div>
  )
}
