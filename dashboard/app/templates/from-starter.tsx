import { Fault } from '@reeve/base'
import { eachEndpoint as endpoints, type TemplateVersion } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { starters } from '../api/templates.ts'
import { Choice, Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'

const lookAgainMs = 500

/** A template of one that comes with the server: imported first, and made when that has gone well. */
export function FromStarter({ onClose }: { onClose: () => void }) {
  const { data: known, error: unread } = useQuery(starters)
  const [chosen, setChosen] = useState<string | null>(null)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, error, isPending } = useMutation({
    mutationFn: async (form: FormData) => {
      const params = { organization: 'default' }
      const example_id = textOf(form, 'example_id')
      const { id } = await imported(
        await client.call(endpoints.createTemplateVersion, { params, body: { example_id } }),
      )
      const name = textOf(form, 'name').trim()
      return client.call(endpoints.createTemplate, { params, body: { name, template_version_id: id } })
    },
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['templates'] })
      await navigate({ to: '/templates/$template', params: { template: id } })
    },
  })
  const refused = error ?? unread
  const fault = refused === null ? null : faultOf(refused)
  const shown = known?.find(({ id }) => id === chosen) ?? known?.[0]
  return (
    <FormDialog
      title="Begin with a starter"
      verb={isPending ? 'Importing' : 'Make the template'}
      busy={isPending}
      ready={shown !== undefined}
      fault={fault}
      fields={['example_id', 'name']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Choice
        label="Starter"
        name="example_id"
        hint={shown?.description}
        fault={fault}
        value={shown?.id ?? ''}
        onChange={({ target }) => setChosen(target.value)}
      >
        {known?.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Choice>
      <Field
        label="Name"
        name="name"
        key={shown?.id}
        defaultValue={shown?.id}
        autoComplete="off"
        spellCheck={false}
        autoCapitalize="none"
        hint="Lower-case letters, digits and single hyphens"
        fault={fault}
      />
      <p className="text-muted">
        To change it first, write it into a folder: <code className="font-mono">reeve templates init {shown?.id}</code>
      </p>
    </FormDialog>
  )
}

async function imported(version: TemplateVersion): Promise<TemplateVersion> {
  const { job } = version
  if (job.completed_at !== null) {
    if (job.status === 'succeeded') return version
    throw new Fault('conflict', `The import ${job.status}: ${job.error ?? 'nothing is said of why'}`)
  }
  await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
  return imported(await client.call(endpoints.getTemplateVersion, { params: { version: version.id } }))
}
