import { eachEndpoint as endpoints, type User } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { textOf } from '../forms/field.tsx'
import { FormDialog } from '../forms/form-dialog.tsx'
import { Responsible } from './create-service-account.tsx'
import { useAccountsChanged } from './use-accounts-changed.ts'

/** Makes another person responsible, as when somebody leaves; the account and its tokens go on. */
export function HandOver({ account, onClose }: { account: User; onClose: () => void }) {
  const changed = useAccountsChanged(account.id)
  const { mutate, error, isPending } = useMutation({
    mutationFn: (form: FormData) =>
      client.call(endpoints.setServiceAccountOwner, {
        params: { user: account.id },
        body: { owner: textOf(form, 'owner').trim() },
      }),
    onSuccess: async () => {
      await changed()
      onClose()
    },
  })
  const fault = error === null ? null : faultOf(error)
  return (
    <FormDialog
      title={`Hand ${account.username} over`}
      verb={isPending ? 'Handing over' : 'Hand over'}
      busy={isPending}
      fault={fault}
      fields={['owner']}
      onSubmit={mutate}
      onClose={onClose}
    >
      <p>
        The account and its tokens go on. Revoke the tokens that the person who was responsible may have kept a copy of.
      </p>
      <Responsible fault={fault} hint="The username of the person who takes it over" />
    </FormDialog>
  )
}
