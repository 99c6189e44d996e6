import { eachEndpoint as endpoints, type Role } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { Button } from '../ui/button.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { PermissionMatrix, permissionsOf } from './permission-matrix.tsx'
import { RoleForm } from './role-form.tsx'

/** Roles of one place, each with what it grants; those that people made can be changed. */
export function RoleList({
  roles,
  may,
}: {
  roles: readonly Role[]
  /** What the viewer may do with roles of this place. */
  may: (permission: 'role:update' | 'role:delete') => boolean
}) {
  const [editing, setEditing] = useState<Role | null>(null)
  const [deleting, setDeleting] = useState<Role | null>(null)
  return (
    <>
      <div className="divide-y divide-line rounded-lg border border-line">
        {roles.map((role) => (
          <details key={role.name} className="group">
            <summary className="flex cursor-pointer flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-2.5">
              <span className="w-full font-medium sm:w-56">
                <HostileLine text={role.display_name} />
              </span>
              <span className="min-w-40 flex-1 text-muted">
                <HostileText text={role.description} />
              </span>
              <span className="text-xs text-muted">
                {role.implied ? 'everybody has it' : role.built_in ? 'built in' : 'custom'}
              </span>
            </summary>
            <div className="space-y-3 px-4 pb-4">
              {role.site_permissions.length > 0 && (
                <Grants title="Everything of this kind" permissions={role.site_permissions} />
              )}
              {role.organization_permissions.length > 0 && (
                <Grants title="What belongs to the organization" permissions={role.organization_permissions} />
              )}
              {role.user_permissions.length > 0 && (
                <Grants title="The holder’s own" permissions={role.user_permissions} />
              )}
              {!role.assignable && !role.implied && (
                <p className="text-muted">
                  You cannot give this role
                  {role.missing.length > 0 && <>: you lack {role.missing.slice(0, 5).join(', ')}</>}
                  {role.missing.length > 5 && ` and ${role.missing.length - 5} more`}.
                </p>
              )}
              {!role.built_in && (
                <div className="flex gap-2 empty:hidden">
                  {may('role:update') && (
                    <Button onClick={() => setEditing(role)} aria-label={`Edit ${role.display_name}`}>
                      Edit
                    </Button>
                  )}
                  {may('role:delete') && (
                    <Button
                      tone="quiet-danger"
                      onClick={() => setDeleting(role)}
                      aria-label={`Delete ${role.display_name}`}
                    >
                      Delete
                    </Button>
                  )}
                </div>
              )}
            </div>
          </details>
        ))}
      </div>
      {editing !== null && <RoleForm role={editing} places={[]} onClose={() => setEditing(null)} />}
      {deleting !== null && <DeleteRole role={deleting} onClose={() => setDeleting(null)} />}
    </>
  )
}

function Grants({ title, permissions }: { title: string; permissions: Role['site_permissions'] }) {
  return (
    <div className="space-y-1">
      <h3 className="text-xs text-muted">{title}</h3>
      <PermissionMatrix label={title} granted={permissionsOf(permissions)} choosable={null} />
    </div>
  )
}

function DeleteRole({ role, onClose }: { role: Role; onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      if (role.organization_id === null) await client.call(endpoints.deleteSiteRole, { params: { role: role.name } })
      else {
        await client.call(endpoints.deleteOrganizationRole, {
          params: { organization: role.organization_id, role: role.name },
        })
      }
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['roles'] })
      onClose()
    },
  })
  return (
    <ConfirmByName
      verb="Delete"
      name={role.name}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      It is taken from everybody who holds it, at once. What they did with it stays on record.
    </ConfirmByName>
  )
}
