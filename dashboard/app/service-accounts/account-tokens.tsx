import type { ApiKey, User } from '@reeve/sdk'
import { useState } from 'react'
import { tokens } from '../api/tokens.ts'
import { Section } from '../mine/section.tsx'
import { DataTable } from '../table/data-table.tsx'
import { useList } from '../table/use-list.ts'
import { CreateToken } from '../tokens/create-token.tsx'
import { RevokeToken } from '../tokens/revoke-token.tsx'
import { tokenColumns } from '../tokens/token-columns.tsx'
import { TokenDetails } from '../tokens/token-details.tsx'
import { Button } from '../ui/button.tsx'

/** What the programs of an account show to be let in. */
export function AccountTokens({
  account,
  mayCreate,
  mayRevoke,
}: {
  account: User
  mayCreate: boolean
  mayRevoke: boolean
}) {
  const list = useList(tokens({ of: account.id, q: '', ended: false }))
  const [creating, setCreating] = useState(false)
  const [shown, setShown] = useState<ApiKey | null>(null)
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  return (
    <Section
      title="Tokens"
      about="What its programs show to be let in. Each is shown once, when it is made."
      what="Its tokens"
      fault={list.fault}
      onRetry={list.retry}
      aside={
        mayCreate &&
        account.status !== 'suspended' && (
          <Button tone="primary" onClick={() => setCreating(true)}>
            Create a token
          </Button>
        )
      }
    >
      {list.rows.length > 0 && (
        <DataTable
          caption={`Tokens of ${account.username}`}
          columns={tokenColumns({ everybody: false, onShow: setShown, onRevoke: mayRevoke ? setRevoking : null })}
          rows={list.rows}
        />
      )}
      {list.count === 0 && <p className="rounded-lg border border-line px-4 py-3 text-muted">It has no token.</p>}
      {creating && <CreateToken user={account.id} of={account.username} onClose={() => setCreating(false)} />}
      {shown !== null && <TokenDetails token={shown} onClose={() => setShown(null)} />}
      {revoking !== null && <RevokeToken token={revoking} onClose={() => setRevoking(null)} />}
    </Section>
  )
}
