import type { Connection } from '../../db/connection.ts'
import type { TraceSettings } from '../../tracing/settings.ts'
import type { SpanCounts } from '../../tracing/span-queue.ts'

/** What the server and the drain's process tell each other. Plain data: it travels as JSON. */

export interface DrainSetup {
  readonly journalDir: string
  readonly replicaId: string
  readonly connection: Connection
  readonly structuredLogging: boolean
  /** Null where nothing is traced. */
  readonly trace: TraceSettings | null
}

export interface Place {
  readonly segment: number
  readonly offset: number
  readonly seq: number
}

/** How far the journal is in PostgreSQL, and the chain hash of the frame that ends there, where that is known. */
export interface Checkpoint extends Place {
  readonly hash: string | null
}

export type ToDrain =
  /** Comes first. */
  | { readonly kind: 'setup'; readonly setup: DrainSetup }
  | { readonly kind: 'durable'; readonly to: Place }
  | { readonly kind: 'stop' }

export type FromDrain =
  /** Everything before this is in the database. */
  | { readonly kind: 'drained'; readonly to: Place; readonly batch: BatchFacts }
  /** Nothing before this segment is needed any more. */
  | { readonly kind: 'retire'; readonly belowSegment: number }
  /** The drain cannot go on for now; it tries again by itself, but when it is blocked in vain. Null: it goes on. */
  | { readonly kind: 'trouble'; readonly detail: string | null; readonly blocked: boolean }
  | {
      readonly kind: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly message: string
      readonly facts: object
    }
  | { readonly kind: 'records'; readonly lines: readonly object[] }
  /** What became of spans. */
  | { readonly kind: 'spans'; readonly counts: SpanCounts }

export interface BatchFacts {
  readonly starts: number
  readonly ends: number
  readonly rejects: number
  readonly bodiesLost: number
  /** Secrets that were masked in what requests brought and were answered. */
  readonly masked: number
  /** What people asked; `client` is one of the names that Reeve has for clients, `model` may be anything. */
  readonly prompts: readonly (Asked & { readonly client: string; readonly count: number })[]
  readonly toolCalls: readonly (Asked & { readonly count: number })[]
  readonly tokens: readonly (Asked & { readonly kind: string; readonly count: number })[]
}

interface Asked {
  readonly provider: string
  readonly model: string
}
