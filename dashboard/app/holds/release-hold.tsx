import { eachEndpoint as endpoints, type LegalHold } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { holds } from '../api/deployment.ts'
import { faultOf } from '../api/query-client.ts'
import { Field, textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'

/** The end of a hold, for a reason. It stays in the list with both reasons. */
export function ReleaseHold({ hold, onClose }: { hold: LegalHold; onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.releaseLegalHold, {
        params: { id: hold.id },
        body: { reason: textOf(form, 'reason').trim() },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: holds.queryKey })
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title="Release the hold"
      verb={isPending ? 'Releasing' : 'Release'}
      tone="danger"
      busy={isPending}
      fault={fault}
      fields={['reason']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <p>
        Retention removes what it covered as soon as that is old enough, unless another hold covers it. This cannot be
        undone; a new hold keeps only what is there then.
      </p>
      <Field label="Reason" name="reason" maxLength={500} hint="It is on record" fault={fault} />
    </FormDialog>
  )
}
