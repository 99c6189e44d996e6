import { eachEndpoint as endpoints, type GroupSync, type RoleSync } from '@reeve/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { groupClaims, groupsIn, roleClaims } from '../api/organizations.ts'
import { faultOf } from '../api/query-client.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { SyncForm } from './sync-form.tsx'

/** What claims become within one organization: its groups, and the roles that are held in it. */
export function OrganizationClaims({
  id,
  mayChange,
  onTry,
}: {
  id: string
  mayChange: boolean
  /** Prepares a test login with what is written; null where the viewer may not. */
  onTry:
    | ((next: {
        readonly groups?: Record<string, GroupSync>
        readonly roles?: Record<string, RoleSync>
      }) => Promise<unknown>)
    | null
}) {
  const queries = useQueryClient()
  const groups = useQuery(groupClaims(id))
  const roles = useQuery(roleClaims(id))
  const { data: known = [] } = useQuery(groupsIn(id))
  const error = groups.error ?? roles.error
  const params = { organization: id }
  return (
    <div className="space-y-4">
      {error !== null && (
        <FaultNotice
          what="What claims become could not be read"
          fault={faultOf(error)}
          onRetry={() => void Promise.all([groups.refetch(), roles.refetch()])}
        />
      )}
      {groups.data !== undefined && roles.data !== undefined && (
        <div key={id} className="grid gap-4 md:grid-cols-2">
          <SyncForm
            title="Groups"
            targets="ids of groups"
            settings={groups.data}
            onSave={
              mayChange
                ? async (body) => {
                    queries.setQueryData(
                      groupClaims(id).queryKey,
                      await client.call(endpoints.patchGroupSync, { params, body }),
                    )
                    // A mapping says who fills a group.
                    await queries.invalidateQueries({ queryKey: ['groups'] })
                  }
                : null
            }
            onTry={onTry === null ? null : (next) => onTry({ groups: { [id]: next } })}
          />
          <SyncForm
            title="Roles"
            targets="names of roles"
            settings={roles.data}
            onSave={
              mayChange
                ? async (body) =>
                    queries.setQueryData(
                      roleClaims(id).queryKey,
                      await client.call(endpoints.patchRoleSync, { params, body }),
                    )
                : null
            }
            onTry={onTry === null ? null : (next) => onTry({ roles: { [id]: next } })}
          />
        </div>
      )}
      {known.length > 0 && (
        <details>
          <summary className="text-xs text-muted">Ids of the groups</summary>
          <ul className="mt-1 space-y-1 text-xs">
            {known.map(({ id: group, name }) => (
              <li key={group} className="flex flex-wrap gap-x-2">
                <HostileLine text={name} /> <span className="mono break-all text-muted">{group}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}
