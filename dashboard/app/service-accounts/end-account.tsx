import { eachEndpoint as endpoints, type User } from '@reeve/sdk'
import { useMutation } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { useAccountsChanged } from './use-accounts-changed.ts'

const ends = {
  suspend: {
    verb: 'Suspend',
    endpoint: endpoints.suspendUser,
    about:
      'Its tokens end for good, and programs that use them are refused. It can be activated again, with new tokens.',
  },
  delete: {
    verb: 'Delete',
    endpoint: endpoints.deleteUser,
    about: 'Its tokens end and its username is free again. What it did stays on record under its name.',
  },
} as const

/** The end of a service account, for a while or for good. */
export function EndAccount({
  account,
  how,
  onDone,
  onClose,
}: {
  account: User
  how: keyof typeof ends
  onDone: () => void
  onClose: () => void
}) {
  const { verb, endpoint, about } = ends[how]
  const changed = useAccountsChanged(account.id)
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      await client.call(endpoint, { params: { user: account.id } })
    },
    onSuccess: async () => {
      onDone()
      await changed()
    },
  })
  return (
    <ConfirmByName
      verb={verb}
      name={account.username}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      {about}
    </ConfirmByName>
  )
}
