import { createHash } from 'node:crypto'
import type { Secret } from '@reeve/base'
import type { buildConnector } from 'undici'
import type { ProviderKey } from '../pool/pool.ts'
import type { RouteKind } from '../recorder.ts'
import type { Translation } from '../translation.ts'
import type { Refusal, WireFormat } from '../wire/wire-format.ts'
import type { Capability } from './messages-elsewhere/capability.ts'
import type { ModelRule } from './messages-elsewhere/models.ts'

/** A configured instance of an LLM API. */
export interface Provider {
  /** As in the path: `^[a-z0-9]+(-[a-z0-9]+)*$`. */
  readonly name: string
  /** Whose API it is, as in the record: `anthropic`, `openai`, … */
  readonly type: string
  /** In which format it turns away what fits none of its routes. */
  readonly wire: WireFormat
  readonly routes: readonly ProviderRoute[]
  /** Scheme, host and port of the upstream. */
  readonly origin: string
  /** The path of a route at the upstream, below the base URL's own path. */
  upstreamPath(path: string): string
  /** The upstream credentials, in the order in which they are fallen back on. None when the upstream wants none. */
  readonly keys: readonly ProviderKey[]
  /** What connects to the upstream instead of what connects to any; where one says no, that is a connection that failed. */
  readonly connect?: Connect
  /** Where its clients put a credential of their own, in lower case; the first that is there counts. */
  readonly ownCredentialHeaders: readonly string[]
  /** Header pairs that carry one of the keys. */
  authorization(secret: Secret): readonly string[]
  /** Where a key may sign each request, or be exchanged for what is good for a while: the pairs for this one. */
  readonly sign?: (secret: Secret, request: RequestToSign, post: Post) => Credential
}

/** A request as the provider gets it. */
export interface RequestToSign {
  readonly method: string
  readonly pathAndQuery: string
  readonly body: Buffer | null
  readonly at: Date
}

/** Header pairs by which the provider knows who asks; a promise where those have to be asked for. */
export type Credential = readonly string[] | Promise<readonly string[]>

/** Sends a form to where the provider has its tokens from, over connections like those to the provider. */
export type Post = (url: string, form: string) => Promise<{ readonly status: number; readonly body: string }>

/** Header pairs by which the provider knows that this request is made with this key. */
export function credentialFor(provider: Provider, secret: Secret, request: RequestToSign, post: Post): Credential {
  return provider.sign === undefined ? provider.authorization(secret) : provider.sign(secret, request, post)
}

/** Providers that are reached in the same way have the same one, and share connections. */
export type Connect = buildConnector.connector

/** What makes a provider of one type. */
export interface ProviderOptions {
  readonly name: string
  readonly baseUrl: string
  readonly keys: readonly ProviderKey[]
  readonly settings?: ProviderSettings | undefined
}

/** What some types have beside an address and keys. */
export interface ProviderSettings {
  /** For which region requests are signed, where the address does not say it. */
  readonly region?: string | undefined
  /** Whose models are asked, and where, when a client does not say it in the path. */
  readonly project?: string | undefined
  readonly location?: string | undefined
  /** Where tokens are had from, when that is not the provider's own place. */
  readonly token_url?: string | undefined
  /** What models are called there, before what is built in. */
  readonly models?: readonly ModelRule[] | undefined
  /** What models take there, before what is built in. */
  readonly capabilities?: readonly Capability[] | undefined
}

/** The keys of a provider that has at most one. */
export function oneKey(secret: Secret | null): readonly ProviderKey[] {
  if (secret === null) return []
  const id = createHash('sha256').update(secret.reveal()).digest('hex').slice(0, 16)
  return [{ id, secret, weight: 0 }]
}

/** One entry of a provider's path table. A request that fits none is not found. */
export interface ProviderRoute {
  readonly method: 'GET' | 'POST' | 'HEAD' | 'DELETE'
  /** Tested against the whole normalized path, without the query. */
  readonly path: RegExp
  /** How it is recorded; null for a route that needs no actor, gets no credential and leaves no record. */
  readonly kind: RouteKind | null
  readonly wire: WireFormat
  /** How the provider is asked, where that is not as its clients ask. */
  readonly translation?: Translation
  /** What clients are told that ask for what the provider does not have. */
  readonly refusal?: Refusal
  /** Whether the same is asked over a WebSocket, which begins with a GET of this path. */
  readonly overSocket?: true
}
