import { eachEndpoint as endpoints, type Organization } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { organizations } from '../api/roles.ts'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { changedOf, nameHint } from './changed.ts'

/** An organization to make, which is opened then; or one to change. */
export function OrganizationForm({
  organization,
  onClose,
}: {
  /** Null for a new one. */
  organization: Organization | null
  onClose: () => void
}) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, error, isPending } = useMutation({
    mutationFn: async (form: FormData) => {
      const body = readForm(form)
      if (organization === null) {
        const roles = form.get('workspaces') === 'on' ? {} : { default_member_roles: [] }
        return client.call(endpoints.createOrganization, { body: { ...body, ...roles } })
      }
      const params = { organization: organization.id }
      const changed = changedOf(organization, body)
      if (Object.keys(changed).length === 0) return organization
      return client.call(endpoints.updateOrganization, { params, body: changed })
    },
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: organizations.queryKey })
      await queries.invalidateQueries({ queryKey: ['groups'] })
      if (organization === null) await navigate({ to: '/organizations/$id', params: { id } })
      else onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title={organization === null ? 'Create an organization' : 'Edit the organization'}
      verb={isPending ? 'Saving' : organization === null ? 'Create' : 'Save'}
      busy={isPending}
      fault={fault}
      fields={['name', 'display_name', 'description', 'icon']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Field
        label="Name"
        name="name"
        defaultValue={organization?.name ?? ''}
        autoComplete="off"
        spellCheck={false}
        hint={organization === null ? nameHint : `${nameHint}. Scripts that use the old name stop finding it`}
        fault={fault}
      />
      <Field
        label="Title"
        name="display_name"
        defaultValue={organization?.display_name ?? ''}
        autoComplete="off"
        hint="Optional"
        fault={fault}
      />
      <Field
        label="Description"
        name="description"
        defaultValue={organization?.description ?? ''}
        autoComplete="off"
        hint="Optional"
        fault={fault}
      />
      <Field
        label="Picture"
        name="icon"
        defaultValue={organization?.icon ?? ''}
        autoComplete="off"
        spellCheck={false}
        hint="Optional: an address, for programs that show one. The console loads no pictures from elsewhere"
        fault={fault}
      />
      <label className="flex items-start gap-2">
        <input
          type="checkbox"
          name="require_boundary"
          defaultChecked={organization?.require_boundary ?? false}
          className="mt-1"
        />
        <span>
          Models only from behind a boundary
          <span className="block text-xs text-muted">
            Whatever a member runs without one is refused models from then on
          </span>
        </span>
      </label>
      {organization === null && (
        <label className="flex items-start gap-2">
          <input type="checkbox" name="workspaces" defaultChecked className="mt-1" />
          <span>
            New members have workspaces and tasks
            <span className="block text-xs text-muted">
              Without it they use the bridge only. It can be changed later.
            </span>
          </span>
        </label>
      )}
    </FormDialog>
  )
}

const readForm = (form: FormData) => ({
  name: textOf(form, 'name').trim(),
  display_name: textOf(form, 'display_name').trim(),
  description: textOf(form, 'description').trim(),
  icon: textOf(form, 'icon').trim(),
  require_boundary: form.get('require_boundary') === 'on',
})
