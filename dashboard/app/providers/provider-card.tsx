import { type AiProvider, type AiProviderTestResult, type AiProviderType, eachEndpoint as endpoints } from '@reeve/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Check, CircleAlert, CirclePause } from 'lucide-react'
import { useId } from 'react'
import { client } from '../api/client.ts'
import { providers } from '../api/providers.ts'
import { faultOf } from '../api/query-client.ts'
import { Button } from '../ui/button.tsx'
import { Fact, State, Time } from '../ui/facts.tsx'
import { exact, plural } from '../ui/format.ts'
import { HostileLine, HostileText } from '../ui/hostile-text.tsx'
import { FaultNotice } from '../ui/notice.tsx'
import { Standing } from './standing.tsx'

/** One provider: whether it is asked, where it is, what with, and what can be done about it. */
export function ProviderCard({
  provider,
  types,
  mayChange,
  mayRemove,
  onEdit,
  onRemove,
}: {
  provider: AiProvider
  types: readonly AiProviderType[]
  mayChange: boolean
  mayRemove: boolean
  onEdit: () => void
  onRemove: () => void
}) {
  const id = useId()
  const queries = useQueryClient()
  const params = { provider: provider.id ?? provider.name }
  const reread = () => queries.invalidateQueries({ queryKey: providers.queryKey })
  const test = useMutation({ mutationFn: () => client.call(endpoints.testAiProvider, { params }) })
  const turn = useMutation({
    mutationFn: (enabled: boolean) => client.call(endpoints.updateAiProvider, { params, body: { enabled } }),
    onSettled: reread,
  })
  const { name, enabled } = provider
  const stored = provider.source === 'stored'
  const fault = turn.error ?? test.error
  return (
    <article aria-labelledby={id} className="space-y-3 rounded-lg border border-line p-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <h2 id={id} className="text-base">
          <HostileLine text={name} />
        </h2>
        <ProviderState provider={provider} />
        {/* Never disabled: whoever pressed one by keyboard would lose his place. */}
        <div className="flex flex-wrap gap-2 sm:ml-auto">
          {mayChange && (
            <Button aria-label={`Test ${name}`} onClick={() => test.mutate()}>
              {test.isPending ? 'Testing' : 'Test'}
            </Button>
          )}
          {mayChange && stored && (
            <>
              <Button aria-label={`Edit ${name}`} onClick={onEdit}>
                Edit
              </Button>
              <Button aria-label={`Turn ${enabled ? 'off' : 'on'} ${name}`} onClick={() => turn.mutate(!enabled)}>
                {enabled ? 'Turn off' : 'Turn on'}
              </Button>
            </>
          )}
          {mayRemove && stored && (
            <Button tone="quiet-danger" aria-label={`Remove ${name}`} onClick={onRemove}>
              Remove
            </Button>
          )}
        </div>
      </div>
      {fault !== null && <FaultNotice what={`${name} was left as it is`} fault={faultOf(fault)} />}
      {provider.detail !== '' && (
        <div className="text-muted">
          <HostileText text={provider.detail} />
        </div>
      )}
      <div role="status">{test.data !== undefined && <TestResults results={test.data.results} />}</div>
      <Made provider={provider} types={types} />
      <Keys provider={provider} />
      <Standing provider={params.provider} name={name} />
    </article>
  )
}

function ProviderState({ provider: { enabled, ready } }: { provider: AiProvider }) {
  if (!enabled)
    return (
      <State tone="text-muted" icon={<CirclePause size={14} aria-hidden />}>
        off
      </State>
    )
  if (!ready)
    return (
      <State tone="text-warn" icon={<CircleAlert size={14} aria-hidden />}>
        not asked
      </State>
    )
  return (
    <State tone="text-ok" icon={<Check size={14} aria-hidden />}>
      ready
    </State>
  )
}

function TestResults({ results }: { results: readonly AiProviderTestResult[] }) {
  return (
    <ul className="space-y-1 rounded-md border border-line px-3 py-2">
      {results.map(({ key_id, masked, ok, latency_ms, error }) => (
        <li key={key_id ?? 'none'} className={`overflow-hidden wrap-anywhere ${ok ? 'text-ok' : 'text-bad'}`}>
          {masked === '' ? 'Without a key' : <HostileLine text={masked} />}:{' '}
          {ok ? 'it lists its models' : <HostileLine text={error ?? 'it failed'} />}, {exact(latency_ms)} ms
        </li>
      ))}
    </ul>
  )
}

function Made({ provider, types }: { provider: AiProvider; types: readonly AiProviderType[] }) {
  const type = types.find((one) => one.type === provider.type)?.display_name ?? provider.type
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(8.5rem,1fr))] gap-x-6 gap-y-3">
      <div className="col-span-full min-w-0">
        <dt className="text-xs text-muted">Base URL</dt>
        <dd className="mono wrap-anywhere">
          <HostileText text={provider.base_url} />
        </dd>
      </div>
      <Fact name="Name">
        <HostileLine text={provider.display_name} />
      </Fact>
      <Fact name="Type">
        <HostileLine text={type} />
      </Fact>
      <Fact name="Comes from">{provider.source === 'stored' ? 'this console or the API' : 'the environment'}</Fact>
      {provider.variable !== null && (
        <div className="col-span-full min-w-0">
          <dt className="text-xs text-muted">Changed by the variable</dt>
          <dd className="mono wrap-anywhere">
            <HostileLine text={provider.variable} />
          </dd>
        </div>
      )}
      <Settings settings={provider.settings} />
      {provider.source === 'stored' && (
        <Fact name="Private addresses">{provider.allow_private ? 'allowed' : 'refused'}</Fact>
      )}
      {provider.updated_at !== null && (
        <Fact name="Changed">
          <Time at={provider.updated_at} />
        </Fact>
      )}
    </dl>
  )
}

/** In words where it is short, and in number where it is a table. */
function Settings({
  settings: { region, project, location, models = [], capabilities = [] },
}: {
  settings: AiProvider['settings']
}) {
  return (
    <>
      {Object.entries({ Region: region, Project: project, Location: location }).map(
        ([name, value]) =>
          value !== undefined && (
            <Fact key={name} name={name}>
              <HostileLine text={value} />
            </Fact>
          ),
      )}
      {models.length > 0 && (
        <div className="col-span-full min-w-0">
          <dt className="text-xs text-muted">What models are called there</dt>
          {models.map(({ from, to }) => (
            <dd key={from} className="mono overflow-hidden wrap-anywhere">
              <HostileText text={`${from} = ${to}`} />
            </dd>
          ))}
        </div>
      )}
      {capabilities.length > 0 && (
        <Fact name="Models with capabilities of their own">{exact(capabilities.length)}</Fact>
      )}
    </>
  )
}

function Keys({ provider: { api_keys } }: { provider: AiProvider }) {
  if (api_keys.length === 0) return null
  return (
    <div>
      <h3 className="text-xs text-muted">
        {plural(api_keys.length, 'key')}, in the order in which they are asked with
      </h3>
      <ol className="list-inside list-decimal">
        {api_keys.map(({ id, masked, weight }) => (
          <li key={id} className="overflow-hidden wrap-anywhere">
            <span className="mono">
              <HostileLine text={masked} />
            </span>
            {weight > 0 && <span className="text-muted"> weight {exact(weight)}</span>}
          </li>
        ))}
      </ol>
    </div>
  )
}
