import type { TraceContext, Uuid } from '@reeve/base'
import type { BodyPatch } from './edits.ts'

/**
 * What the bridge asks of whoever keeps the record. The bridge cannot know users or SQL: an `Actor` is a bundle of ids
 * that it hands back untouched.
 */
export interface Actor {
  readonly userId: Uuid
  readonly organizationId: Uuid
  readonly apiKeyId: string
}

/** What the request says about the program that sent it. All of it is the client's own word. */
export interface ClientFacts {
  readonly client: string
  readonly clientVersion: string | null
  readonly userAgent: string | null
  readonly clientSessionId: string | null
  readonly agentId: string | null
  readonly parentAgentId: string | null
}

/** Which kind of call it is. The first four ask a model, each in the format of the API that it is named after. */
export const routeKinds = [
  'messages',
  'chat_completions',
  'responses',
  'generate_content',
  'count_tokens',
  'models',
  'passthrough',
] as const
export type RouteKind = (typeof routeKinds)[number]
export type RecordedOutcome =
  | 'ok'
  | 'upstream_error'
  | 'upstream_aborted'
  | 'client_disconnected'
  | 'timeout'
  | 'refused'
  /** A policy said no: to the model that was asked for, or to a tool call in the answer. */
  | 'denied'
  | 'interrupted'

/** The request body in the form that may be kept, and what is already known of its beginning. */
export interface RecordedBody {
  /** As long as it was sent; secrets in it are masked. */
  readonly bytes: Uint8Array
  /** Of the bytes as they were sent. */
  readonly sha256: Uint8Array
  /** Of `bytes`: the same where nothing is masked. */
  readonly keptSha256: Uint8Array
  /** Secrets that are masked in all of it. */
  readonly masked: number
  /** Of the masked secrets in what `base` does not have. */
  readonly fingerprints: readonly string[]
  /**
   * What it shares with an earlier request whose start record is durable: the longest common beginning and, in what is
   * left of both, the longest common end. Clients that put the messages before the tools share both.
   */
  readonly base: { readonly interceptionId: Uuid; readonly prefixBytes: number; readonly suffixBytes: number } | null
}

/** Whose credential the provider was asked with: one of Reeve's keys, or the user's own. */
export const credentialKinds = ['centralized', 'byok'] as const
export type CredentialKind = (typeof credentialKinds)[number]

/** The boundary that a request says it came out of, and whether that is so. */
export interface BoundaryCall {
  readonly sessionId: Uuid
  /** Of the line of its record that stands for the request. */
  readonly seq: number
  readonly verified: boolean
}

export interface StartFacts extends ClientFacts {
  readonly id: Uuid
  readonly actor: Actor
  readonly startedAt: Date
  /** Type (`anthropic`, `openai`, …) and instance name as in the path. */
  readonly provider: string
  readonly providerName: string
  readonly route: RouteKind
  /** As asked for; empty when the body names none. */
  readonly model: string
  readonly streaming: boolean
  readonly credentialKind: CredentialKind
  /** A few characters of the upstream credential. */
  readonly credentialHint: string
  readonly sourceIp: string | null
  /** Null, or not there, where it names none. */
  readonly boundary?: BoundaryCall | null
  /** Its step of the trace that it belongs to; null where nothing is traced. */
  readonly trace: TraceContext | null
  readonly body: RecordedBody
  /** Null where the provider is asked as the client asked. */
  readonly sent: SentFacts | null
}

/** How the provider is asked, where that is not how the client asked. The patch makes the bytes that go of those that came. */
export interface SentFacts {
  /** With the query, below the host. */
  readonly path: string
  readonly patch: BodyPatch
  readonly bytes: number
  readonly sha256: Uint8Array
}

/** One time that the provider was asked. Only of the last one anything went to the client. */
export interface Attempt {
  readonly at: Date
  /** A few characters of the key that it was asked with; empty without one. */
  readonly credentialHint: string
  /** Null when no answer began. */
  readonly statusCode: number | null
  /** Why there was another attempt, or none but this failed. */
  readonly errorType: string | null
  /** Until the answer began, or it was clear that none would. */
  readonly waitedMs: number
}

/** What a policy said of one thing that it looked at. */
export interface Decision {
  readonly at: Date
  readonly subject: 'model' | 'tool_call'
  /** Of the model, or of the tool. */
  readonly name: string
  readonly toolCallId: string | null
  readonly allowed: boolean
  /** Which rule said no; null where it was allowed. */
  readonly rule: string | null
  /** How long the client was kept waiting for what was decided on. */
  readonly heldMs: number
}

export interface EndFacts {
  readonly endedAt: Date
  readonly outcome: RecordedOutcome
  /** HTTP status that the client was given; null when it got none. */
  readonly statusCode: number | null
  readonly errorType: string | null
  readonly errorMessage: string | null
  /** Every time that the provider was asked, in order; none when it was not. */
  readonly attempts: readonly Attempt[]
  /** What a policy was asked: every no, and the tool calls that it let through; in order. */
  readonly decisions: readonly Decision[]
  /** `request-id` of the provider. */
  readonly providerRequestId: string | null
  /**
   * Content-Type of the answer, which says how its bytes are read; null when there was none, or when the provider
   * compressed the bytes although it was asked not to.
   */
  readonly contentType: string | null
  readonly durationMs: number
  readonly firstByteMs: number | null
  /** The part of firstByteMs that was not spent waiting for the provider. */
  readonly gatewayMs: number | null
}

export interface Recorder {
  /** Resolves when the start is durable; rejects when it cannot be, and then nothing may be sent upstream. */
  begin(start: StartFacts): Promise<Recording>
}

export interface Recording {
  /**
   * Takes note of bytes that the provider answered, in order; what the bridge itself says to the client is not among
   * them. Copies what it keeps. Never throws and never waits: a record that fails is reported by `end`.
   */
  response(bytes: Uint8Array): void
  /** Resolves when the end, with every byte noted so far, is durable. Called exactly once. */
  end(end: EndFacts): Promise<void>
  /** Bytes that came after the end; resolves when durable. */
  trailer(bytes: Uint8Array): Promise<void>
}

/** For exchanges that leave no record. */
export const unrecorded: Recording = {
  response() {},
  end: () => Promise.resolve(),
  trailer: () => Promise.resolve(),
}
