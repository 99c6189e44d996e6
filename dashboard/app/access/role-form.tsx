import { eachEndpoint as endpoints, type Grantable, type Role } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { organizationRoles, siteRoles } from '../api/roles.ts'
import { Choice, Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { PermissionMatrix, permissionsOf } from './permission-matrix.tsx'

const wanted = (form: FormData, name: string) =>
  form.getAll(name).flatMap((value) => {
    const [resource_type = '', action = ''] = String(value).split(':')
    return [{ resource_type, action }]
  })

/**
 * A role that people make: for everything, or for one organization. What the viewer lacks is not offered: nobody grants
 * what he lacks, and the server refuses it as well.
 */
export function RoleForm({
  role = null,
  places,
  onClose,
}: {
  /** Without one, a new one is made. */
  role?: Role | null
  /** Where a new one can be held: everywhere, when the id is empty, or in an organization. */
  places: readonly { readonly id: string; readonly name: string }[]
  onClose: () => void
}) {
  const queries = useQueryClient()
  const [where, setWhere] = useState(role?.organization_id ?? places[0]?.id ?? '')
  const site = useQuery({ ...siteRoles, enabled: where === '' })
  const inside = useQuery({ ...organizationRoles(where), enabled: where !== '' })
  const known = (where === '' ? site.data : inside.data) ?? []
  // The built-in roles have everything that there is between them: what is missing from them to the viewer is what he may
  // not grant, and what none of an organization has is there once in a deployment and is granted everywhere only.
  const lacking = new Set<Grantable>(known.flatMap(({ missing }) => missing))
  const within = permissionsOf(known.flatMap(({ organization_permissions }) => organization_permissions))
  const { mutate, error, isPending } = useMutation({
    mutationFn: async (form: FormData) => {
      const level = where === '' ? 'site_permissions' : 'organization_permissions'
      const body = {
        name: role?.name ?? textOf(form, 'name').trim(),
        display_name: textOf(form, 'display_name').trim(),
        description: textOf(form, 'description').trim(),
        [level]: wanted(form, 'permissions'),
        // What holds for the holder's own things is not shown here, and saving must not take it away.
        ...(role !== null && { user_permissions: role.user_permissions }),
      }
      if (where === '') {
        await client.call(role === null ? endpoints.createSiteRole : endpoints.updateSiteRole, { body })
      } else {
        const params = { organization: where }
        await client.call(role === null ? endpoints.createOrganizationRole : endpoints.updateOrganizationRole, {
          params,
          body,
        })
      }
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['roles'] })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  const granted = role === null ? [] : where === '' ? role.site_permissions : role.organization_permissions
  return (
    <FormDialog
      title={role === null ? 'Create a role' : `Edit ${role.display_name}`}
      verb={isPending ? 'Saving' : role === null ? 'Create' : 'Save'}
      busy={isPending}
      fault={fault}
      fields={['name', 'display_name', 'description']}
      onSubmit={mutate}
      onClose={onClose}
    >
      {role === null && (
        <>
          {places.length > 1 && (
            <Choice label="Held" name="organization" value={where} onChange={(event) => setWhere(event.target.value)}>
              {places.map(({ id, name }) => (
                <option key={id} value={id}>
                  {id === '' ? name : `in ${name}`}
                </option>
              ))}
            </Choice>
          )}
          <Field
            label="Name"
            name="name"
            autoComplete="off"
            spellCheck={false}
            hint="Lower-case letters, digits and single hyphens; it stays"
            fault={fault}
          />
        </>
      )}
      <Field
        label="Title"
        name="display_name"
        defaultValue={role?.display_name ?? ''}
        autoComplete="off"
        fault={fault}
      />
      <Field
        label="Description"
        name="description"
        defaultValue={role?.description ?? ''}
        autoComplete="off"
        fault={fault}
      />
      <div className="max-h-80 overflow-y-auto">
        <PermissionMatrix
          label="What it grants"
          granted={permissionsOf(granted)}
          choosable={{
            name: 'permissions',
            may: (permission) => !lacking.has(permission),
            ...(where !== '' && { offered: (permission) => within.has(permission) }),
          }}
        />
      </div>
    </FormDialog>
  )
}
