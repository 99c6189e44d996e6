import { eachEndpoint as endpoints, type GatewayFacts } from '@reeve/sdk'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { Check, CircleAlert, CirclePause } from 'lucide-react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { Fact, State, Time } from '../ui/facts.tsx'
import { exact, plural } from '../ui/format.ts'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

const gateways = queryOptions({
  queryKey: ['gateways'],
  queryFn: ({ signal }) => client.call(endpoints.listGateways, { signal }),
  refetchInterval: 15_000,
})

/** Who relays the requests, and what of their record only their own disks have. */
export function Gateways() {
  const { data, error, refetch } = useQuery(gateways)
  return (
    <section aria-labelledby="gateways" className="space-y-3 pt-4">
      <h2 id="gateways" className="text-lg">
        Gateways
      </h2>
      {error !== null && (
        <FaultNotice
          what="The gateways could not be read"
          fault={faultOf(error)}
          stale={data !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {data?.gateways.length === 0 && <p className="text-muted">None was ever started.</p>}
      <ul className="space-y-3">
        {data?.gateways.map((gateway) => (
          <li key={gateway.id} className="space-y-2 rounded-lg border border-line p-4">
            <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
              <h3 className="text-base">
                <HostileLine text={`${gateway.host} (process ${gateway.process})`} />
              </h3>
              <GatewayState gateway={gateway} />
            </div>
            {gateway.detail !== '' && (
              <p className="text-bad">
                <HostileText text={gateway.detail} />
              </p>
            )}
            <dl className="grid grid-cols-2 gap-x-6 gap-y-2 sm:grid-cols-4">
              <Fact name="Heard of">
                <Time at={gateway.seen_at} />
              </Fact>
              <Fact name="Not in the database">{plural(gateway.pending_records, 'record')}</Fact>
              <Fact name="Open requests">{exact(gateway.open_requests)}</Fact>
              <Fact name="Version">{gateway.version}</Fact>
            </dl>
          </li>
        ))}
      </ul>
    </section>
  )
}

function GatewayState({ gateway: { state, healthy } }: { gateway: GatewayFacts }) {
  if (state === 'stopped')
    return (
      <State tone="text-muted" icon={<CirclePause size={14} aria-hidden />}>
        stopped
      </State>
    )
  if (state === 'silent' || !healthy)
    return (
      <State tone="text-bad" icon={<CircleAlert size={14} aria-hidden />}>
        {state === 'silent' ? 'silent' : 'in trouble'}
      </State>
    )
  return (
    <State tone="text-ok" icon={<Check size={14} aria-hidden />}>
      running
    </State>
  )
}
