import { eachEndpoint as endpoints, type UserSecret } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { ownSecrets } from '../api/mine.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, LongField, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { Section } from './section.tsx'

const own = { user: 'me' }

/** What templates find of the viewer when they ask for it; a value that is kept is not seen here again. */
export function Secrets() {
  const queries = useQueryClient()
  const [adds, setAdds] = useState(false)
  const { data, error, refetch } = useQuery(ownSecrets)
  const remove = useMutation({
    mutationFn: (name: string) => client.call(endpoints.deleteUserSecret, { params: { ...own, name } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ownSecrets.queryKey }),
  })
  return (
    <Section
      title="Secrets"
      about="Templates that ask for one of these get it when a workspace of yours is built."
      what="Your secrets"
      fault={error === null ? null : faultOf(error)}
      onRetry={() => void refetch()}
      aside={<Button onClick={() => setAdds(true)}>Add a secret</Button>}
    >
      {remove.error !== null && <FaultNotice what="The secret was not removed" fault={faultOf(remove.error)} />}
      {data?.length === 0 && <p className="text-muted">There are none.</p>}
      {data !== undefined && data.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
          {data.map((secret) => (
            <Kept key={secret.id} secret={secret} busy={remove.isPending} onRemove={() => remove.mutate(secret.name)} />
          ))}
        </ul>
      )}
      {adds && <AddSecret onClose={() => setAdds(false)} />}
    </Section>
  )
}

function Kept({ secret, busy, onRemove }: { secret: UserSecret; busy: boolean; onRemove: () => void }) {
  const { name, env_name: env, file_path: file, description } = secret
  const places = [env, file].filter((place) => place !== '')
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <span className="min-w-40 flex-1">
        <span className="font-medium">{name}</span>
        {description !== '' && <span className="block text-muted">{description}</span>}
      </span>
      <code>{places.join(', ') || 'asked for by nothing'}</code>
      <Button tone="quiet-danger" aria-label={`Remove ${name}`} disabled={busy} onClick={onRemove}>
        Remove
      </Button>
    </li>
  )
}

function AddSecret({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.createUserSecret, {
        params: own,
        body: {
          name: textOf(form, 'name').trim(),
          value: textOf(form, 'value'),
          description: textOf(form, 'description').trim(),
          env_name: textOf(form, 'env_name').trim(),
          file_path: textOf(form, 'file_path').trim(),
        },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ownSecrets.queryKey })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  const plain = { autoComplete: 'off', spellCheck: false, fault }
  return (
    <FormDialog
      title="Add a secret"
      verb={isPending ? 'Adding' : 'Add'}
      busy={isPending}
      fault={fault}
      fields={['name', 'value', 'description', 'env_name', 'file_path']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Field label="Name" name="name" {...plain} />
      <LongField label="Value" name="value" rows={3} hint="Kept encrypted, and not shown again." {...plain} />
      <Field label="Environment variable" name="env_name" hint="Under which templates ask for it" {...plain} />
      <Field label="File" name="file_path" hint="Or the path under which they do" {...plain} />
      <Field label="What it is for" name="description" {...plain} />
    </FormDialog>
  )
}
