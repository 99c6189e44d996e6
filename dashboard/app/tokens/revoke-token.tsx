import { eachEndpoint as endpoints, type ApiKey } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { isTokens } from '../api/tokens.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { nameOf } from './token-columns.tsx'

/** Ends a token everywhere. It is forgotten, or kept among those that have ended for whoever looks into what it did. */
export function RevokeToken({ token, onClose }: { token: ApiKey; onClose: () => void }) {
  const queries = useQueryClient()
  const [kept, setKept] = useState(false)
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      client.call(kept ? endpoints.expireKey : endpoints.deleteKey, {
        params: { user: token.user_id, key: token.id },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ predicate: isTokens })
      onClose()
    },
  })
  return (
    <ConfirmByName
      verb="Revoke"
      name={nameOf(token)}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      <p>Whatever uses this token stops working within seconds. This cannot be undone.</p>
      <label className="mt-3 flex items-center gap-2">
        <input type="checkbox" checked={kept} onChange={(event) => setKept(event.target.checked)} />
        Keep it among the ended ones for a week
      </label>
    </ConfirmByName>
  )
}
