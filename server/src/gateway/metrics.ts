import { type Bridge, type BridgeEvent, turnRoutes } from '@reeve/bridge'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { BatchFacts } from './drain/messages.ts'
import { registerAliases } from './metric-aliases.ts'
import { createModelNames } from './model-names.ts'

/** Numbers of the moment, asked for when somebody scrapes. */
export interface GatewayGauges {
  readonly inflight: number
  readonly sockets: number
  readonly pendingBytes: number
  readonly journalBytes: number
  readonly freeBytes: number
  readonly journalHealthy: boolean
  readonly failedAppends: number
  readonly drainLagSeconds: number
  readonly drainRestarts: number
  readonly drainBlocked: boolean
  readonly eventLoopDelaySeconds: number
  readonly keys: Bridge['countKeys']
  readonly breakers: Bridge['countBreakers']
}

export interface GatewayMetrics {
  bridgeEvent(event: BridgeEvent): void
  refused(reason: string): void
  /** A request is asked with a credential of the user's own. */
  ownCredential(providerName: string): void
  foreignObject(provider: string, reason: string): void
  batch(facts: BatchFacts): void
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300]

/** Labels are names of our own, of the configuration, or of models that providers have answered to. */
export function createGatewayMetrics(registry: Registry, gauges: () => GatewayGauges): GatewayMetrics {
  const registers = [registry]
  const models = createModelNames()
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const seconds = (name: string, help: string, labelNames: string[] = []) =>
    new Histogram({ name, help, labelNames: ['provider', ...labelNames], buckets, registers })
  /** `joined` says what stands for all where a server has several processes. */
  const gauge = (
    name: string,
    help: string,
    read: (now: GatewayGauges) => number,
    joined: 'sum' | 'min' | 'max' = 'sum',
  ) =>
    new Gauge({
      name,
      help,
      registers,
      aggregator: joined,
      collect() {
        this.set(read(gauges()))
      },
    })

  const interceptions = counter('reeve_interceptions_total', 'Requests through the bridge that have ended.', [
    'provider',
    'model',
    'route',
    'client',
    'outcome',
  ])
  const duration = seconds(
    'reeve_interception_duration_seconds',
    'From the first byte of a request to the last of its answer.',
    ['route'],
  )
  const firstByte = seconds(
    'reeve_interception_first_byte_seconds',
    'From the first byte of a request to the first of its answer.',
  )
  const added = seconds('reeve_interception_gateway_seconds', 'The part of the time to the first byte that Reeve took.')
  const unrecorded = counter(
    'reeve_unrecorded_total',
    'Requests that were not served because the record could not be kept.',
    ['provider', 'step'],
  )
  const retried = counter(
    'reeve_provider_retries_total',
    'Attempts after which a provider was asked again, with another key or over another connection.',
    ['provider', 'reason'],
  )
  const breakers = counter(
    'reeve_provider_breaker_transitions_total',
    'How often a model of a provider began to be left alone (open), to be tried (half_open), to be asked (closed).',
    ['provider', 'state'],
  )
  // oxlint-disable-next-line no-new -- It registers itself.
  new Gauge({
    name: 'reeve_provider_breakers',
    help: 'Models of a provider that are left alone (open) or tried (half_open) at the moment.',
    labelNames: ['provider', 'state'],
    registers,
    collect() {
      setEach(this, gauges().breakers())
    },
  })
  // oxlint-disable-next-line no-new -- It registers itself.
  new Gauge({
    name: 'reeve_provider_keys',
    help: 'Keys of a provider that can be used at the moment, are limited or busy for a model, or refused.',
    labelNames: ['provider', 'state'],
    registers,
    // Each process of a server learns of the same keys for itself.
    aggregator: 'max',
    collect() {
      setEach(this, gauges().keys())
    },
  })
  const resting = counter('reeve_provider_key_rests_total', 'How often a key was put away for a while.', [
    'provider',
    'reason',
  ])
  const unasked = counter(
    'reeve_provider_unasked_total',
    'Requests that a provider was not asked: it had failed too often, or none of its keys was good.',
    ['provider', 'reason'],
  )
  const refused = counter('reeve_gateway_refused_total', 'Requests to the bridge that were turned away at the door.', [
    'reason',
  ])
  // There from the start, so that the first one is a rise: one is enough to look at.
  refused.inc({ reason: 'other_workspace' }, 0)
  const foreign = counter(
    'reeve_stored_object_refusals_total',
    'Requests that named a response or conversation which is not known to be the asker’s own.',
    ['provider', 'reason'],
  )
  const own = counter(
    'reeve_own_credential_requests_total',
    'Requests that a provider was asked with a credential of the user’s own.',
    ['provider'],
  )
  const prompts = counter('reeve_prompts_total', 'Prompts that people wrote.', ['provider', 'model', 'client'])
  const toolCalls = counter('reeve_tool_calls_total', 'Tools that models called.', ['provider', 'model'])
  const tokens = counter('reeve_tokens_total', 'Tokens, as the provider counted them.', ['provider', 'model', 'type'])
  const decisions = counter('reeve_policy_decisions_total', 'What policies said of models and tool calls.', [
    'provider',
    'subject',
    'result',
  ])
  const held = seconds(
    'reeve_tool_call_held_seconds',
    'How long clients waited for a tool call, until it was complete and decided.',
  )
  const rejects = counter('reeve_drain_rejects_total', 'Journal frames that could not be written and were set aside.')
  const masked = counter('reeve_masked_secrets_total', 'Secrets that were masked in what was recorded.')
  const lost = counter('reeve_drain_bodies_lost_total', 'Requests whose bytes could not be put together again.')
  gauge('reeve_interceptions_inflight', 'Requests through the bridge that are open.', (now) => now.inflight)
  gauge('reeve_gateway_websockets', 'WebSockets of clients that are open, asked over or not.', (now) => now.sockets)
  gauge('reeve_journal_pending_bytes', 'Durable on disk and not in PostgreSQL yet.', (now) => now.pendingBytes)
  gauge('reeve_journal_bytes', 'Size of the journal on disk.', (now) => now.journalBytes)
  gauge('reeve_journal_free_bytes', 'Room that is left on the disk of the journal.', (now) => now.freeBytes, 'min')
  gauge('reeve_journal_healthy', '1 while the journal takes the record.', (now) => Number(now.journalHealthy), 'min')
  gauge('reeve_journal_failed_appends', 'Frames that were refused or lost since the start.', (now) => now.failedAppends)
  gauge(
    'reeve_drain_lag_seconds',
    'Age of the oldest thing that is not in PostgreSQL yet.',
    (now) => now.drainLagSeconds,
    'max',
  )
  gauge(
    'reeve_drain_blocked',
    '1 while the journal is not the one that PostgreSQL knows.',
    (now) => Number(now.drainBlocked),
    'max',
  )
  gauge(
    'reeve_gateway_event_loop_delay_seconds',
    'How late the server was with its work, half of the time within the last second.',
    (now) => now.eventLoopDelaySeconds,
    'max',
  )
  gauge('reeve_drain_restarts', 'How often the drain had to be started again.', (now) => now.drainRestarts)

  registerAliases(registry)

  function noteDecision({ providerName: provider, subject, allowed, heldMs }: BridgeEvent & { kind: 'decided' }): void {
    decisions.inc({ provider, subject, result: allowed ? 'allowed' : 'denied' })
    if (subject === 'tool_call') held.observe({ provider }, heldMs / 1_000)
  }

  return {
    bridgeEvent(event) {
      const provider = event.providerName
      if (event.kind === 'unrecorded') unrecorded.inc({ provider, step: event.step })
      if (event.kind === 'retried') retried.inc({ provider, reason: event.reason })
      if (event.kind === 'breaker') breakers.inc({ provider, state: event.state })
      if (event.kind === 'decided') noteDecision(event)
      if (event.kind === 'key_rests') resting.inc({ provider, reason: event.reason })
      if (event.kind === 'unasked') unasked.inc({ provider, reason: event.reason })
      if (event.kind !== 'finished') return
      const { route, client, outcome } = event
      if (outcome === 'ok' && turnRoutes.includes(route)) models.learn(provider, event.model)
      interceptions.inc({ provider, model: models.label(provider, event.model), route, client, outcome })
      duration.observe({ provider, route }, event.durationMs / 1_000)
      if (event.firstByteMs !== null) firstByte.observe({ provider }, event.firstByteMs / 1_000)
      if (event.gatewayMs !== null) added.observe({ provider }, event.gatewayMs / 1_000)
    },
    refused: (reason) => refused.inc({ reason }),
    ownCredential: (provider) => own.inc({ provider }),
    foreignObject: (provider, reason) => foreign.inc({ provider, reason }),
    batch(facts) {
      rejects.inc(facts.rejects)
      lost.inc(facts.bodiesLost)
      masked.inc(facts.masked)
      const of = ({ provider, model }: { readonly provider: string; readonly model: string }) => ({
        provider,
        model: models.label(provider, model),
      })
      for (const each of facts.prompts) prompts.inc({ ...of(each), client: each.client }, each.count)
      for (const each of facts.toolCalls) toolCalls.inc(of(each), each.count)
      for (const each of facts.tokens) tokens.inc({ ...of(each), type: each.kind }, each.count)
    },
  }
}

/** How many do how, of the providers that there are now. */
function setEach(
  gauge: Gauge<'provider' | 'state'>,
  found: ReadonlyMap<string, Readonly<Record<string, number>>>,
): void {
  gauge.reset()
  for (const [provider, counts] of found) {
    for (const [state, count] of Object.entries(counts)) gauge.set({ provider, state }, count)
  }
}
