import { eachEndpoint as endpoints, type Group, type Organization } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Choice, Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { changedOf, nameHint } from './changed.ts'

const fields = ['name', 'display_name', 'avatar_url', 'quota_allowance']

/** A group to make in one of these organizations; it is opened when it is there. */
export function CreateGroup({ places, onClose }: { places: readonly Organization[]; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.createGroup, {
        params: { organization: textOf(form, 'organization') },
        body: readForm(form),
      }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['groups'] })
      await navigate({ to: '/groups/$id', params: { id } })
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="Create a group"
      verb={isPending ? 'Creating' : 'Create'}
      busy={isPending}
      fault={fault}
      fields={fields}
      onSubmit={mutate}
      onClose={onClose}
    >
      <GroupFields group={null} fault={fault} />
      {places.length === 1 ? (
        <input type="hidden" name="organization" value={places[0]?.id} />
      ) : (
        <Choice label="Organization" name="organization" hint="Its members can be in the group">
          {places.map(({ id, name, display_name }) => (
            <option key={id} value={id}>
              {display_name === '' ? name : display_name}
            </option>
          ))}
        </Choice>
      )}
    </FormDialog>
  )
}

export function EditGroup({ group, onClose }: { group: Group; onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: async (form: FormData) => {
      const body = changedOf(group, readForm(form))
      if (Object.keys(body).length > 0) await client.call(endpoints.updateGroup, { params: { group: group.id }, body })
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['groups'] })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="Edit the group"
      verb={isPending ? 'Saving' : 'Save'}
      busy={isPending}
      fault={fault}
      fields={fields}
      onSubmit={mutate}
      onClose={onClose}
    >
      <GroupFields group={group} fault={fault} />
    </FormDialog>
  )
}

function GroupFields({ group, fault }: { group: Group | null; fault: ReturnType<typeof faultOf> | null }) {
  return (
    <>
      <Field
        label="Name"
        name="name"
        defaultValue={group?.name ?? ''}
        autoComplete="off"
        spellCheck={false}
        hint={
          group?.source === 'oidc'
            ? 'The identity provider’s value finds the group by it, unless it is mapped'
            : nameHint
        }
        fault={fault}
      />
      <Field
        label="Title"
        name="display_name"
        defaultValue={group?.display_name ?? ''}
        autoComplete="off"
        hint="Optional"
        fault={fault}
      />
      <Field
        label="Quota"
        name="quota_allowance"
        type="number"
        min={0}
        step={1}
        defaultValue={group?.quota_allowance ?? 0}
        hint="What each member has for workspaces from being in it"
        fault={fault}
      />
      <Field
        label="Picture"
        name="avatar_url"
        defaultValue={group?.avatar_url ?? ''}
        autoComplete="off"
        spellCheck={false}
        hint="Optional: an address, for programs that show one. The console loads no pictures from elsewhere"
        fault={fault}
      />
    </>
  )
}

const readForm = (form: FormData) => ({
  name: textOf(form, 'name').trim(),
  display_name: textOf(form, 'display_name').trim(),
  avatar_url: textOf(form, 'avatar_url').trim(),
  quota_allowance: Number(textOf(form, 'quota_allowance')),
})
