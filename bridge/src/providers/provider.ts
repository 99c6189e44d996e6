import type { Secret } from '@reeve/base'
import type { RouteKind } from '../recorder.ts'
import type { WireFormat } from '../wire/wire-format.ts'

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
  /** Header pairs that carry the upstream credential; none when the upstream wants none. */
  credential(): readonly string[]
  /** The upstream credential, to be masked wherever the upstream repeats it. */
  readonly key: Secret | null
}

/** One entry of a provider's path table. A request that fits none is not found. */
export interface ProviderRoute {
  readonly method: 'GET' | 'POST' | 'HEAD' | 'DELETE'
  /** Tested against the whole normalized path, without the query. */
  readonly path: RegExp
  /** How it is recorded; null for a route that needs no actor, gets no credential and leaves no record. */
  readonly kind: RouteKind | null
  readonly wire: WireFormat
}
