import { type AiProvider, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { useMay } from '../api/may.ts'
import { providers } from '../api/providers.ts'
import { faultOf } from '../api/query-client.ts'
import { ConfirmByName } from '../forms/confirm.tsx'
import { Gateways } from '../providers/gateways.tsx'
import { ProviderCard } from '../providers/provider-card.tsx'
import { ProviderForm } from '../providers/provider-form.tsx'
import { usePage } from '../shell/page.ts'
import { Button } from '../ui/button.tsx'
import { Empty, FaultNotice } from '../ui/notice.tsx'
import { PageHead } from '../ui/page-head.tsx'

/** The LLM APIs that requests are passed on to, with their keys. */
export function ProvidersPage() {
  usePage({ title: 'Providers', cli: 'reeve providers list', api: '/api/v2/ai/providers' })
  const may = useMay()
  const { data, error, refetch } = useQuery(providers)
  const [editing, setEditing] = useState<AiProvider | 'new' | null>(null)
  const [removing, setRemoving] = useState<AiProvider | null>(null)
  const add = may('ai_provider:create', 'everywhere') && (
    <Button tone="primary" onClick={() => setEditing('new')}>
      Add a provider
    </Button>
  )
  return (
    <div className="mx-auto max-w-4xl space-y-4 px-4 py-6">
      <PageHead
        title="Providers"
        about={
          <>
            Where requests of the bridge go. A change is served within seconds, and what is open goes on with what it
            began with. Nobody is shown a key again.
          </>
        }
      >
        {data !== undefined && data.providers.length > 0 && add}
      </PageHead>
      {error !== null && (
        <FaultNotice
          what="The providers could not be read"
          fault={faultOf(error)}
          stale={data !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {data?.providers.map((provider) => (
        <ProviderCard
          key={provider.id ?? provider.name}
          provider={provider}
          types={data.types}
          mayChange={may('ai_provider:update', 'everywhere')}
          mayRemove={may('ai_provider:delete', 'everywhere')}
          onEdit={() => setEditing(provider)}
          onRemove={() => setRemoving(provider)}
        />
      ))}
      {data?.providers.length === 0 && (
        <Empty title="No model is asked yet">
          <p>A provider is an API such as Anthropic&rsquo;s or OpenAI&rsquo;s, or a model server of your own.</p>
          {add}
        </Empty>
      )}
      {may('deployment_config:read', 'everywhere') && <Gateways />}
      {editing !== null && data !== undefined && (
        <ProviderForm
          provider={editing === 'new' ? null : editing}
          types={data.types}
          onClose={() => setEditing(null)}
        />
      )}
      {removing !== null && <RemoveProvider provider={removing} onClose={() => setRemoving(null)} />}
    </div>
  )
}

function RemoveProvider({ provider, onClose }: { provider: AiProvider; onClose: () => void }) {
  const queries = useQueryClient()
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => client.call(endpoints.deleteAiProvider, { params: { provider: provider.id ?? provider.name } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: providers.queryKey })
      onClose()
    },
  })
  return (
    <ConfirmByName
      verb="Remove"
      name={provider.name}
      busy={isPending}
      fault={error === null ? null : faultOf(error)}
      onConfirm={() => mutate()}
      onClose={onClose}
    >
      New requests to it are answered with 404, and its keys are gone. What was recorded stays. To pass nothing on for a
      while, turn it off.
    </ConfirmByName>
  )
}
