import {
  type AiGatewayStanding,
  type AiKeyRest,
  type AiKeyStanding,
  type AiModelStanding,
  eachEndpoint as endpoints,
} from '@reeve/sdk'
import { useQuery } from '@tanstack/react-query'
import { Check, CircleAlert, CirclePause } from 'lucide-react'
import { useId } from 'react'
import { client } from '../api/client.ts'
import { faultOf } from '../api/query-client.ts'
import { State, Time } from '../ui/facts.tsx'
import { plural } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'

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
      {data?.gateways.some(({ standing }) => standing?.keys.some(({ rests }) => rests.length > 0)) === true && (
        <p className="text-muted">A key rests with each model by itself, and is used with the others.</p>
      )}
      <ul className="space-y-3">
        {data?.gateways.map((gateway) => (
          <AtGateway key={gateway.gateway} gateway={gateway} />
        ))}
      </ul>
    </section>
  )
}

function AtGateway({ gateway: { host, process, seen_at, standing } }: { gateway: AiGatewayStanding }) {
  return (
    <li className="space-y-1 border-l-2 border-line pl-3">
      <div className="flex flex-wrap items-baseline gap-x-4">
        <h4 className="wrapped min-w-0 font-medium">
          <HostileLine text={`${host} (process ${process})`} />
        </h4>
        {standing !== null && <span>{plural(standing.requests, 'request')} in flight</span>}
        <span className="text-muted">
          as of <Time at={seen_at} />
        </span>
      </div>
      {standing === null ? (
        <p className="text-muted">It says nothing of this provider: it does not have it, or is of an older release.</p>
      ) : (
        <ul className="space-y-1">
          {standing.keys.map((key) => (
            <Key key={key.id} of={key} />
          ))}
          {standing.models.map((model, index) => (
            <Model key={index} of={model} />
          ))}
          {standing.left_out > 0 && (
            <li className="text-muted">
              {plural(standing.left_out, 'more line', 'more lines')} like these {standing.left_out === 1 ? 'is' : 'are'}{' '}
              left out
            </li>
          )}
        </ul>
      )}
    </li>
  )
}

const tones: Readonly<Record<AiKeyStanding['state'], readonly [tone: string, icon: typeof Check]>> = {
  usable: ['text-ok', Check],
  busy: ['text-warn', CircleAlert],
  limited: ['text-warn', CirclePause],
  refused: ['text-bad', CircleAlert],
}

function Key({ of: { id, masked, state, used_at, rests } }: { of: AiKeyStanding }) {
  const [tone, Icon] = tones[state]
  return (
    <li>
      <div className="flex flex-wrap items-center gap-x-3">
        <span className="wrapped min-w-0">
          Key{' '}
          <span className="mono">
            <HostileLine text={masked === '' ? id : masked} />
          </span>
          {masked === '' && ' (only this gateway has it)'}
        </span>
        <State tone={tone} icon={<Icon size={14} aria-hidden />}>
          {state}
        </State>
        <span className="text-muted">
          {used_at === null ? (
            'not used since the gateway was started'
          ) : (
            <>
              used <Time at={used_at} />
            </>
          )}
        </span>
      </div>
      {rests.length > 0 && (
        <ul className="pl-4 text-muted">
          {rests.map((rest, index) => (
            <Rest key={index} of={rest} />
          ))}
        </ul>
      )}
    </li>
  )
}

const why: Readonly<Record<AiKeyRest['state'], readonly [because: string, so: string]>> = {
  limited: ['the provider answered 429 and until when', 'not asked with'],
  busy: ['the provider answered 429', 'the other keys go first'],
  refused: ['the provider answered 401, it does not take the key', 'not tried again'],
}

function Rest({ of: { model, state, until } }: { of: AiKeyRest }) {
  const [because, so] = why[state]
  return (
    <li className="wrapped">
      {state} with <Named model={model} /> ({because}): {so} until <Time at={until} />
    </li>
  )
}

function Model({ of: { model, state, until } }: { of: AiModelStanding }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3">
      <span className="wrapped min-w-0">
        Model <Named model={model} />
      </span>
      {state === 'open' ? (
        <State tone="text-bad" icon={<CircleAlert size={14} aria-hidden />}>
          left alone
        </State>
      ) : (
        <State tone="text-warn" icon={<CirclePause size={14} aria-hidden />}>
          being tried
        </State>
      )}
      <span className="text-muted">
        {until === null ? (
          'with a few requests, after it failed again and again (breaker half open)'
        ) : (
          <>
            until <Time at={until} />, because it failed again and again (breaker open)
          </>
        )}
      </span>
    </li>
  )
}

function Named({ model }: { model: string }) {
  if (model === '') return <>requests that name no model</>
  return (
    <span className="mono">
      <HostileLine text={model} />
    </span>
  )
}
