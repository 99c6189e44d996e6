import { type AiGatewayStanding, eachEndpoint as endpoints } from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { FaultNotice } from '../ui/notice.tsx'
import { GatewayStanding } from './gateway-standing.tsx'
import { StandingSummary } from './standing-summary.tsx'

/** How a provider does now: each gateway finds it out for itself, so they may differ. */
export function Standing({ provider, name }: { provider: string; name: string }) {
  const id = useId()
  const { data, error, refetch } = useQuery({
    queryKey: ['ai-provider-standing', provider],
    queryFn: ({ signal }) => client.call(endpoints.getAiProviderStanding, { params: { provider }, signal }),
    refetchInterval: 15_000,
  })
  return (
    <section aria-labelledby={id} className="space-y-2">
      <h3 id={id} className="text-xs text-muted">
        Now, as each gateway finds it
      </h3>
      {error !== null && (
        <FaultNotice
          what={`How ${name} does at the gateways could not be read`}
          fault={faultOf(error)}
          stale={data !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {data?.gateways.length === 0 && (
        <p className="text-muted">No gateway is running: none was heard of for 20 seconds.</p>
      )}
      {data?.gateways.length === 1 && <InFull gateways={data.gateways} />}
      {data !== undefined && data.gateways.length > 1 && (
        <>
          <StandingSummary gateways={data.gateways} />
          <details>
            <summary className="min-h-6 cursor-pointer text-muted">Each gateway of {name}</summary>
            <div className="space-y-2 pt-2">
              <InFull gateways={data.gateways} />
            </div>
          </details>
        </>
      )}
    </section>
  )
}

function InFull({ gateways }: { gateways: readonly AiGatewayStanding[] }) {
  return (
    <>
      {gateways.some(({ standing }) => standing?.keys.some(({ rests }) => rests.length > 0)) && (
        <p className="text-muted">A key rests with each model by itself, and is used with the others.</p>
      )}
      <ul className="space-y-3">
        {gateways.map((gateway) => (
          <GatewayStanding key={gateway.gateway} gateway={gateway} />
        ))}
      </ul>
    </>
  )
}
