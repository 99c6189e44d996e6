import { turnRoutes } from '@reeve/bridge'
import { Gauge, type Registry } from 'prom-client'

/** What dashboards that exist already ask for: the same numbers were published under both of these. */
const prefixes = ['coder_aibridged_', 'coder_ai_gateway_'] as const

type Labels = Readonly<Partial<Record<string, string | number>>>

interface Alias {
  readonly name: string
  /** The metric of ours that has the number. */
  readonly of: string
  /** The labels under the old name; null for what does not count there. Values that end up with the same are one. */
  readonly labels: (ours: Labels) => Labels | null
  /** How several values become one, those of several processes included; the sum, unless it says otherwise. */
  readonly merge?: 'max'
  readonly value?: (value: number, ours: Labels) => number
}

const status = ({ outcome }: Labels) => (outcome === 'ok' ? 'completed' : 'failed')
const isTurn = ({ route }: Labels) => turnRoutes.includes(String(route))
const providerOnly = ({ provider }: Labels): Labels => ({ provider })
const bucketOf = ({ le }: Labels): Labels => (le === undefined ? {} : { le })
const same = (labels: Labels): Labels => labels
const alone = (): Labels => ({})

/**
 * The names of the field. They keep no books: each is a view of a metric of ours at the moment of the scrape. Labels
 * that a client or the number of people can make any number of (name of a tool, person) are not among them.
 */
const aliases: readonly Alias[] = [
  {
    name: 'interceptions_total',
    of: 'reeve_interceptions_total',
    labels: (ours) =>
      isTurn(ours)
        ? {
            provider: ours['provider'],
            model: ours['model'],
            status: status(ours),
            route: ours['route'],
            client: ours['client'],
          }
        : null,
  },
  {
    name: 'passthrough_total',
    of: 'reeve_interceptions_total',
    labels: (ours) => (isTurn(ours) ? null : { provider: ours['provider'], route: ours['route'] }),
  },
  {
    name: 'interceptions_duration_seconds',
    of: 'reeve_interception_duration_seconds',
    labels: (ours) => (isTurn(ours) ? { ...bucketOf(ours), ...providerOnly(ours) } : null),
  },
  { name: 'interceptions_inflight', of: 'reeve_interceptions_inflight', labels: same },
  { name: 'prompts_total', of: 'reeve_prompts_total', labels: same },
  { name: 'tokens_total', of: 'reeve_tokens_total', labels: same },
  { name: 'non_injected_tool_selections_total', of: 'reeve_tool_calls_total', labels: same },
  {
    name: 'circuit_breaker_state',
    of: 'reeve_provider_breakers',
    labels: providerOnly,
    value: (count, { state }) => (count <= 0 ? 0 : state === 'open' ? 1 : 0.5),
    merge: 'max',
  },
  {
    name: 'circuit_breaker_trips_total',
    of: 'reeve_provider_breaker_transitions_total',
    labels: (ours) => (ours['state'] === 'open' ? providerOnly(ours) : null),
  },
  {
    name: 'circuit_breaker_rejects_total',
    of: 'reeve_provider_unasked_total',
    labels: (ours) => (ours['reason'] === 'broken' ? providerOnly(ours) : null),
  },
  { name: 'key_pool_state', of: 'reeve_provider_keys', labels: same, merge: 'max' },
  { name: 'key_pool_state_transitions_total', of: 'reeve_provider_key_rests_total', labels: same },
  {
    name: 'key_pool_exhaustions_total',
    of: 'reeve_provider_unasked_total',
    labels: ({ provider, reason }) => (reason === 'broken' ? null : { provider, outcome: reason }),
  },
  {
    name: 'provider_info',
    of: 'reeve_ai_provider_info',
    labels: ({ provider, type, state }) => ({
      provider_name: provider,
      provider_type: type,
      status: state === 'ready' ? 'enabled' : 'disabled',
    }),
  },
  {
    name: 'providers_last_reload_timestamp_seconds',
    of: 'reeve_ai_provider_reload_timestamp_seconds',
    labels: alone,
    merge: 'max',
  },
  {
    name: 'providers_last_reload_success_timestamp_seconds',
    of: 'reeve_ai_provider_reload_timestamp_seconds',
    labels: ({ outcome }) => (outcome === 'ok' ? {} : null),
  },
]

/** Whatever its kind, an alias shows the kind and the numbers of the metric that it is a view of. */
class AliasMetric extends Gauge {
  readonly #registry: Registry
  readonly #alias: Alias

  constructor(registry: Registry, prefix: string, alias: Alias) {
    super({ name: prefix + alias.name, help: `The same as ${alias.of}.`, registers: [registry] })
    this.#registry = registry
    this.#alias = alias
  }

  override async get(): ReturnType<Gauge['get']> {
    const { of, labels: labelsOf, merge, value: valueOf = (value) => value } = this.#alias
    const shown = await super.get()
    const ours = await this.#registry.getSingleMetric(of)?.get()
    if (ours === undefined) return { ...shown, values: [] }
    const values = new Map<string, { metricName: string; labels: Labels; value: number }>()
    for (const one of ours.values) {
      const labels = labelsOf(one.labels)
      if (labels === null) continue
      // A histogram has its buckets, sum and count under names that begin with its own.
      const suffix = 'metricName' in one ? String(one.metricName ?? of).slice(of.length) : ''
      const key = suffix + JSON.stringify(labels)
      const value = valueOf(one.value, one.labels)
      const before = values.get(key)?.value ?? null
      const merged = before === null ? value : merge === 'max' ? Math.max(before, value) : before + value
      values.set(key, { metricName: shown.name + suffix, labels, value: merged })
    }
    return { ...shown, type: ours.type, aggregator: merge ?? ours.aggregator, values: [...values.values()] }
  }
}

export function registerAliases(registry: Registry): void {
  for (const prefix of prefixes) {
    // oxlint-disable-next-line no-new -- It registers itself.
    for (const alias of aliases) new AliasMetric(registry, prefix, alias)
  }
}
