import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { aiRules, holderInput, type RulesHolder } from '../api/rules.ts'
import { FormDialog } from '../forms/form-dialog.tsx'

export function RemoveRules({ holder, onClose }: { holder: RulesHolder; onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => client.call(endpoints.deleteAiRules, holderInput(holder)),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: aiRules(holder).queryKey })
      onClose()
    },
  })
  return (
    <FormDialog
      title="Take the rules away"
      verb={isPending ? 'Taking away' : 'Take away'}
      tone="danger"
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      fields={[]}
      onSubmit={() => mutate()}
      onClose={onClose}
    >
      <p>
        {holder.groupId === null
          ? 'Everybody in the organization may then ask every model and have every tool called, but for what the rules of their groups say.'
          : 'Its members are then bounded by the rules of the organization and of their other groups alone.'}
      </p>
    </FormDialog>
  )
}
