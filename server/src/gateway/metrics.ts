import type { BridgeEvent } from '@reeve/bridge'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { BatchFacts } from './drain/messages.ts'

/** Numbers of the moment, asked for when somebody scrapes. */
export interface GatewayGauges {
  readonly inflight: number
  readonly sockets: number
  readonly pendingBytes: number
  readonly journalBytes: number
  readonly journalHealthy: boolean
  readonly failedAppends: number
  readonly drainLagSeconds: number
  readonly drainRestarts: number
  readonly drainBlocked: boolean
  readonly eventLoopDelaySeconds: number
}

export interface GatewayMetrics {
  bridgeEvent(event: BridgeEvent): void
  refused(reason: string): void
  /** A request is asked with a credential of the user's own. */
  ownCredential(providerName: string): void
  foreignObject(provider: string, reason: string): void
  batch(facts: BatchFacts): void
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

/** Labels are names of our own or of the configuration: what a client can choose, such as a model, is not among them. */
export function createGatewayMetrics(registry: Registry, gauges: () => GatewayGauges): GatewayMetrics {
  const registers = [registry]
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const seconds = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: ['provider'], buckets, registers })
  const gauge = (name: string, help: string, read: (now: GatewayGauges) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(gauges()))
      },
    })

  const interceptions = counter('reeve_interceptions_total', 'Requests through the bridge that have ended.', [
    'provider',
    'route',
    'outcome',
  ])
  const duration = seconds(
    'reeve_interception_duration_seconds',
    'From the first byte of a request to the last of its answer.',
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
  const refused = counter('reeve_gateway_refused_total', 'Requests to the bridge that were turned away at the door.', [
    'reason',
  ])
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
  const tokens = counter('reeve_tokens_total', 'Tokens, as the provider counted them.', ['provider', 'type'])
  const rejects = counter('reeve_drain_rejects_total', 'Journal frames that could not be written and were set aside.')
  const masked = counter('reeve_masked_secrets_total', 'Secrets that were masked in what was recorded.')
  const lost = counter('reeve_drain_bodies_lost_total', 'Requests whose bytes could not be put together again.')
  gauge('reeve_interceptions_inflight', 'Requests through the bridge that are open.', (now) => now.inflight)
  gauge('reeve_gateway_websockets', 'WebSockets of clients that are open, asked over or not.', (now) => now.sockets)
  gauge('reeve_journal_pending_bytes', 'Durable on disk and not in PostgreSQL yet.', (now) => now.pendingBytes)
  gauge('reeve_journal_bytes', 'Size of the journal on disk.', (now) => now.journalBytes)
  gauge('reeve_journal_healthy', '1 while the journal takes the record.', (now) => Number(now.journalHealthy))
  gauge('reeve_journal_failed_appends', 'Frames that were refused or lost since the start.', (now) => now.failedAppends)
  gauge(
    'reeve_drain_lag_seconds',
    'Age of the oldest thing that is not in PostgreSQL yet.',
    (now) => now.drainLagSeconds,
  )
  gauge('reeve_drain_blocked', '1 while the journal is not the one that PostgreSQL knows.', (now) =>
    Number(now.drainBlocked),
  )
  gauge(
    'reeve_gateway_event_loop_delay_seconds',
    'How late the server was with its work, half of the time within the last second.',
    (now) => now.eventLoopDelaySeconds,
  )
  gauge('reeve_drain_restarts', 'How often the drain had to be started again.', (now) => now.drainRestarts)

  return {
    bridgeEvent(event) {
      const provider = event.providerName
      if (event.kind === 'unrecorded') unrecorded.inc({ provider, step: event.step })
      if (event.kind === 'retried') retried.inc({ provider, reason: event.reason })
      if (event.kind === 'breaker') breakers.inc({ provider, state: event.state })
      if (event.kind !== 'finished') return
      interceptions.inc({ provider, route: event.route, outcome: event.outcome })
      duration.observe({ provider }, event.durationMs / 1_000)
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
      for (const { provider, kind, count } of facts.tokens) tokens.inc({ provider, type: kind }, count)
    },
  }
}
