import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Uuid } from '@reeve/base'
import type { RelaySummary } from './answer-record.ts'
import type { OwnCredential } from './own-credential.ts'
import type { Actor, BoundaryCall, CredentialKind, RecordedOutcome, RouteKind, StartFacts } from './recorder.ts'
import type { Refusal } from './wire/wire-format.ts'

/** One HTTP request to a provider, with what the gateway found out about its sender. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Null when nobody was authenticated, which only routes that need no actor put up with. */
  readonly actor: Actor | null
  readonly providerName: string
  /** What follows the provider in the request's target, with its query. */
  readonly path: string
  readonly sourceIp: string | null
  readonly boundary?: BoundaryCall | null
  /** Our own credential that the request carried, never to be passed on; empty when there was none. */
  readonly token: string
  /** With what the provider is asked instead of a key of Reeve's; null for the ordinary case. */
  readonly own: OwnCredential | null
  /** Who asks, as the provider may know it. */
  readonly actorHeaders: ActorHeaders
  /** Names and values that stand on every answer, the provider's included. */
  readonly ownHeaders: readonly string[]
  /** Set when the client wants to go on over a WebSocket. */
  readonly upgrade?: Upgrade
}

/** A request to go on over a WebSocket. */
export interface Upgrade {
  readonly socket: Duplex
  readonly head: Buffer
  /** Lets one request for an answer in, until `leave` is called, or says why not. */
  readonly enter: () => Refusal | { readonly leave: () => void }
}

/** Headers that tell a provider, which may be a gateway itself, who asks. */
export interface ActorHeaders {
  /** In lower case. What a client sends under these names goes nowhere. */
  readonly names: readonly string[]
  /** Names and values; none where nothing is told. */
  readonly pairs: readonly string[]
}

export const noActorHeaders: ActorHeaders = { names: [], pairs: [] }

/** Which request something happened to. */
export interface About {
  readonly interceptionId: Uuid
  /** Null where nothing is traced. */
  readonly traceId: string | null
  readonly providerName: string
  readonly route: RouteKind
  /** One of the names that Reeve has for clients. */
  readonly client: string
  /** The client's own word, of which there may be any number. */
  readonly model: string
  readonly requestBytes: number
}

export const about = (start: StartFacts): About => ({
  interceptionId: start.id,
  traceId: start.trace?.traceId ?? null,
  providerName: start.providerName,
  route: start.route,
  client: start.client,
  model: start.model,
  requestBytes: start.body.bytes.length,
})

/** That a request has ended. One spread, and that first: it is made for each request, and V8 copies any other one slowly. */
export const finished = (
  told: About,
  summary: Pick<RelaySummary, 'outcome' | 'statusCode' | 'firstByteMs' | 'gatewayMs' | 'responseBytes'>,
  durationMs: number,
): BridgeEvent => ({
  ...told,
  kind: 'finished',
  outcome: summary.outcome,
  statusCode: summary.statusCode,
  durationMs,
  firstByteMs: summary.firstByteMs,
  gatewayMs: summary.gatewayMs,
  responseBytes: summary.responseBytes,
})

/** What happened, for metrics and the log. */
export type BridgeEvent =
  /** Its start is on record. */
  | ({ readonly kind: 'started'; readonly streaming: boolean; readonly credentialKind: CredentialKind } & About)
  | ({
      readonly kind: 'finished'
      readonly outcome: RecordedOutcome
      readonly statusCode: number | null
      readonly durationMs: number
      readonly firstByteMs: number | null
      readonly gatewayMs: number | null
      readonly responseBytes: number
    } & About)
  /** A provider did not take the request as it was asked: its key, or the connection. */
  | {
      readonly kind: 'retried'
      readonly providerName: string
      readonly reason: 'key_refused' | 'key_limited' | 'unreachable'
    }
  /** A model of a provider is asked again, or not any more. */
  | {
      readonly kind: 'breaker'
      readonly providerName: string
      readonly from: 'closed' | 'half_open' | 'open'
      readonly state: 'closed' | 'half_open' | 'open'
    }
  /** A key of a provider is left alone for a while: over its limit, for so long or who knows how long, or not taken. */
  | { readonly kind: 'key_rests'; readonly providerName: string; readonly reason: 'limited' | 'busy' | 'refused' }
  /** A provider was not asked, because of what it answered to others. */
  | { readonly kind: 'unasked'; readonly providerName: string; readonly reason: 'broken' | 'limited' | 'no_key' }
  /** A policy was asked. */
  | {
      readonly kind: 'decided'
      readonly providerName: string
      readonly subject: 'model' | 'tool_call'
      readonly allowed: boolean
      readonly heldMs: number
    }
  /** The record could not be begun or ended; the client did not get its answer. */
  | { readonly kind: 'unrecorded'; readonly providerName: string; readonly step: 'begin' | 'end' }
