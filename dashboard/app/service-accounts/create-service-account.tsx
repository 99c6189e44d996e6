import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'

/** A new account for a program; its page, where its token is made, comes next. */
export function CreateServiceAccount({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) => {
      const name = textOf(form, 'name').trim()
      const owner = textOf(form, 'owner').trim()
      return client.call(endpoints.createUser, {
        body: {
          service_account: true,
          username: textOf(form, 'username').trim(),
          ...(name === '' ? {} : { name }),
          ...(owner === '' ? {} : { owner }),
        },
      })
    },
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['users'] })
      await navigate({ to: '/service-accounts/$id', params: { id } })
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="Create a service account"
      verb={isPending ? 'Creating' : 'Create'}
      busy={isPending}
      fault={fault}
      fields={['username', 'name', 'owner']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Field
        label="Username"
        name="username"
        autoComplete="off"
        spellCheck={false}
        autoCapitalize="none"
        placeholder="nightly-report"
        hint="Letters, digits and single hyphens"
        fault={fault}
      />
      <Field label="Name" name="name" autoComplete="off" hint="Optional: what it is for" fault={fault} />
      <Responsible fault={fault} hint="A username; empty: you. This person answers for it and makes its tokens." />
    </FormDialog>
  )
}

/** The person who answers for an account. */
export function Responsible({ fault, hint }: { fault: ReturnType<typeof faultOf> | null; hint: string }) {
  return (
    <Field
      label="Responsible person"
      name="owner"
      autoComplete="off"
      spellCheck={false}
      autoCapitalize="none"
      hint={hint}
      fault={fault}
    />
  )
}
