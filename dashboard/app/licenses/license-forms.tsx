import { eachEndpoint as endpoints, type License } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { LongField, textOf } from '../forms/field.tsx'
import { ConfirmByName } from '../forms/confirm.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'

/** Everything that is asked about licences is asked again after a change. */
const about = { queryKey: ['licenses'] }

export function AddLicense({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.addLicense, { body: { license: textOf(form, 'license').trim() } }),
    onSuccess: async () => {
      await queries.invalidateQueries(about)
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="Add a licence"
      verb={isPending ? 'Adding' : 'Add'}
      busy={isPending}
      fault={fault}
      fields={['license']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <LongField
        label="Licence"
        name="license"
        rows={6}
        spellCheck={false}
        autoComplete="off"
        placeholder="eyJ…"
        hint="All of the text that you were sent. It is verified here, and nobody is asked."
        fault={fault}
      />
    </FormDialog>
  )
}

export function RemoveLicense({ license, onClose }: { license: License; onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => client.call(endpoints.deleteLicense, { params: { id: String(license.id) } }),
    onSuccess: async () => {
      await queries.invalidateQueries(about)
      onClose()
    },
  })
  return (
    <ConfirmByName
      verb="Remove"
      name={`licence ${license.id}`}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      What it allowed is no longer counted on; nothing stops. Its text is forgotten, and whoever has it can add it
      again.
    </ConfirmByName>
  )
}
