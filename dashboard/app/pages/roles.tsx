import { eachEndpoint as endpoints, type Role } from '@reeve/sdk'
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { PermissionMatrix, permissionsOf } from '../access/permission-matrix.tsx'
import { RoleForm } from '../access/role-form.tsx'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { organizationRoles, organizations, siteRoles } from '../api/roles.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** What each role grants, and to whose things: those that are built in, and those that people made. */
export function RolesPage() {
  usePage({ title: 'Roles', cli: 'reeve roles list', api: '/api/v2/users/roles' })
  const site = useQuery(siteRoles)
  const { data: places = [] } = useQuery(organizations)
  const within = useQueries({ queries: places.map(({ id }) => organizationRoles(id)) })
  const [editing, setEditing] = useState<Role | 'new' | null>(null)
  const [deleting, setDeleting] = useState<Role | null>(null)
  const fault = site.error ?? within.find(({ error }) => error !== null)?.error ?? null
  return (
    <div className="mx-auto max-w-5xl space-y-8 px-4 py-6">
      <div className="flex flex-wrap items-end gap-4">
        <div className="min-w-0 flex-1">
          <h1 className="text-xl">Roles</h1>
          <p className="text-muted">
            Roles add up, and the scope of a credential can only take away. The words of other people are read by
            content reviewers alone, each time on record.
          </p>
        </div>
        <Button tone="primary" onClick={() => setEditing('new')}>
          Create a role
        </Button>
      </div>
      {fault !== null && (
        <FaultNotice what="The roles could not be read" fault={faultOf(fault)} onRetry={() => void site.refetch()} />
      )}
      <RoleList title="Everywhere" roles={site.data ?? []} onEdit={setEditing} onDelete={setDeleting} />
      {places.map(({ id, name, display_name }, at) => (
        <RoleList
          key={id}
          title={`In ${display_name === '' ? name : display_name}`}
          roles={within[at]?.data ?? []}
          onEdit={setEditing}
          onDelete={setDeleting}
        />
      ))}
      {editing !== null && (
        <RoleForm role={editing === 'new' ? null : editing} organizations={places} onClose={() => setEditing(null)} />
      )}
      {deleting !== null && <DeleteRole role={deleting} onClose={() => setDeleting(null)} />}
    </div>
  )
}

function RoleList({
  title,
  roles,
  onEdit,
  onDelete,
}: {
  title: string
  roles: readonly Role[]
  onEdit: (role: Role) => void
  onDelete: (role: Role) => void
}) {
  if (roles.length === 0) return null
  return (
    <section aria-label={title} className="space-y-2">
      <h2 className="text-base">
        <HostileLine text={title} />
      </h2>
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
                <div className="flex gap-2">
                  <Button onClick={() => onEdit(role)} aria-label={`Edit ${role.display_name}`}>
                    Edit
                  </Button>
                  <Button tone="quiet-danger" onClick={() => onDelete(role)} aria-label={`Delete ${role.display_name}`}>
                    Delete
                  </Button>
                </div>
              )}
            </div>
          </details>
        ))}
      </div>
    </section>
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
