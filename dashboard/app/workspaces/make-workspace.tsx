import { eachEndpoint as endpoints, type Template } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { useTemplateChoices } from './template-choices.tsx'

/** A workspace of the active version, for the viewer: its name, and what the template asks. It is started at once. */
export function MakeWorkspace({ template, onClose }: { template: Template; onClose: () => void }) {
  const choices = useTemplateChoices(template.active_version_id)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.createWorkspace, {
        params: { user: 'me' },
        body: {
          name: textOf(form, 'name').trim(),
          template_version_id: template.active_version_id,
          ...choices.chosen(form),
          reason: 'dashboard',
        },
      }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['workspaces'] })
      await navigate({ to: '/workspaces/$workspace', params: { workspace: id } })
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="Make a workspace"
      verb={isPending ? 'Making' : 'Make and start it'}
      busy={isPending}
      ready={choices.ready}
      fault={fault}
      fields={['name', ...choices.fields]}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Field
        label="Name"
        name="name"
        autoComplete="off"
        spellCheck={false}
        autoCapitalize="none"
        placeholder="billing"
        hint="Lower-case letters, digits and single hyphens"
        fault={fault}
      />
      {choices.show(fault)}
    </FormDialog>
  )
}
