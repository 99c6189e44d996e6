import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { Connection } from './db/connection.ts'
import type { Share } from './gateway/siblings.ts'

/** What a server and its gateway processes tell each other. Plain data: it travels as JSON. */

export interface ProcessSetup {
  /** Which of them it is, from 1. */
  readonly number: number
  readonly version: string
  /** The same for all, also where any free port was asked for. */
  readonly port: number
  readonly connection: Connection
  /** Where this machine's control listens; null where it has none. */
  readonly controlSocket: string | null
}

export type Metrics = readonly MetricObjectWithValues<MetricValue<string>>[]

export type ToProcess =
  /** Comes first. */
  | { readonly kind: 'setup'; readonly setup: ProcessSetup }
  | { readonly kind: 'metrics' }
  /** What another process told; null when it is gone. */
  | { readonly kind: 'share'; readonly from: number; readonly share: Share | null }
  | { readonly kind: 'stop' }
  | { readonly kind: 'stop now' }

export type FromProcess =
  /** It takes requests, and passes them on to these providers. */
  | { readonly kind: 'ready'; readonly providers: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string; readonly fix: string | null }
  | { readonly kind: 'metrics'; readonly metrics: Metrics }
  | { readonly kind: 'share'; readonly share: Share }
