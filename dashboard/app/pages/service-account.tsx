import { eachEndpoint as endpoints, type User } from '@reeve/sdk'
import { useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { HeldRoles } from '../access/held-roles.tsx'
import { client } from '../api/client.ts'
import { type May, useMay } from '../api/may.ts'
import { me } from '../api/queries.ts'
import { faultOf } from '../api/query-client.ts'
import { person } from '../api/roles.ts'
import { AccountTokens } from '../service-accounts/account-tokens.tsx'
import { EndAccount } from '../service-accounts/end-account.tsx'
import { HandOver } from '../service-accounts/hand-over.tsx'
import { ResponsiblePerson } from '../service-accounts/responsible-person.tsx'
import { useAccountsChanged } from '../service-accounts/use-accounts-changed.ts'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { Fact, Time } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

/** One account for programs: who answers for it, its tokens, its roles, and its end. */
export function ServiceAccountPage() {
  const { id } = useParams({ from: '/app/service-accounts/$id' })
  const { data: viewer } = useSuspenseQuery(me)
  const may = useMay()
  const { data: account, error, refetch } = useQuery(person(id))
  usePage({
    title: account?.username ?? 'Service account',
    parent: { title: 'Service accounts', to: '/service-accounts' },
    cli: `reeve users show ${account?.username ?? id}`,
    api: `/api/v2/users/${id}`,
  })
  if (error !== null) {
    return (
      <div className="p-4">
        <FaultNotice what="The account could not be read" fault={faultOf(error)} onRetry={() => void refetch()} />
      </div>
    )
  }
  if (account === undefined) return null
  const isResponsible = account.owner_id === viewer.id
  return (
    <div className="mx-auto max-w-5xl space-y-8 px-4 py-6">
      <Head account={account} may={may} />
      <AccountTokens
        account={account}
        mayCreate={isResponsible || may('api_key:create', 'everywhere')}
        mayRevoke={isResponsible || may('api_key:delete', 'everywhere')}
      />
      {may('role:read') && <HeldRoles user={account} />}
    </div>
  )
}

type Change = 'hand-over' | 'suspend' | 'delete'

function Head({ account, may }: { account: User; may: May }) {
  const navigate = useNavigate()
  const [changing, setChanging] = useState<Change | null>(null)
  const changed = useAccountsChanged(account.id)
  const activating = useMutation({
    mutationFn: () => client.call(endpoints.activateUser, { params: { user: account.id } }),
    onSuccess: changed,
  })
  const close = () => setChanging(null)
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h1 className="min-w-0 flex-1 basis-48 truncate text-lg">
          <HostileLine text={account.name === '' ? account.username : `${account.name} (${account.username})`} />
        </h1>
        <div className="flex flex-wrap gap-2">
          {may('user:update') && <Button onClick={() => setChanging('hand-over')}>Hand over</Button>}
          {may('user:update') &&
            (account.status === 'suspended' ? (
              <Button disabled={activating.isPending} onClick={() => activating.mutate()}>
                Activate
              </Button>
            ) : (
              <Button tone="quiet-danger" onClick={() => setChanging('suspend')}>
                Suspend
              </Button>
            ))}
          {may('user:delete') && (
            <Button tone="quiet-danger" onClick={() => setChanging('delete')}>
              Delete
            </Button>
          )}
        </div>
      </div>
      {activating.error !== null && (
        <FaultNotice what="The account was not activated" fault={faultOf(activating.error)} />
      )}
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-x-6 gap-y-3">
        <Fact name="Responsible">
          <ResponsiblePerson id={account.owner_id} />
        </Fact>
        <Fact name="Status">
          <span className={account.status === 'suspended' ? 'text-warn' : ''}>{account.status}</span>
        </Fact>
        <Fact name="Last seen">{account.last_seen_at === null ? 'never' : <Time at={account.last_seen_at} />}</Fact>
        <Fact name="Since">
          <Time at={account.created_at} />
        </Fact>
      </dl>
      {changing === 'hand-over' && <HandOver account={account} onClose={close} />}
      {(changing === 'suspend' || changing === 'delete') && (
        <EndAccount
          account={account}
          how={changing}
          onDone={changing === 'delete' ? () => void navigate({ to: '/service-accounts' }) : close}
          onClose={close}
        />
      )}
    </div>
  )
}
