import { eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { policies } from '../api/policies.ts'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'

export function RemovePolicy({ policy, onClose }: { policy: string; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => client.call(endpoints.deleteBoundaryPolicy, { params: { policy } }),
    onSuccess: async () => {
      await navigate({ to: '/policies' })
      await queries.invalidateQueries({ queryKey: policies.queryKey })
    },
  })
  return (
    <ConfirmByName
      verb="Take out of force"
      name={policy}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      Boundaries that run are without it within seconds; what other policies say goes on to hold. Its versions stay on
      record.
    </ConfirmByName>
  )
}
