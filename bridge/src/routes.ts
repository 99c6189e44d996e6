import type { Provider, ProviderRoute } from './providers/provider.ts'
import { anthropicMessages } from './wire/anthropic-messages/anthropic-messages.ts'
import type { WireFormat } from './wire/wire-format.ts'

export interface Routed {
  readonly provider: Provider
  readonly route: ProviderRoute
  /** The normalized path that the route was found by, without the query. */
  readonly path: string
  /** Path below the base URL with its query, as the provider is asked. */
  readonly pathAndQuery: string
}

/**
 * Plain segments only: no dots alone, nothing empty, and no escapes but of a colon, which is taken for one, and of the
 * slashes in the name of a resource at AWS. Everything else is some trick, or not a route.
 */
const plainPath =
  /^(?:\/(?!\.{1,2}(?:\/|$))(?:arn:aws[\w:.-]*(?:%2f(?!\.{1,2}(?:\/|%2f|$))[\w:.-]+)+|[A-Za-z0-9._~:@-]+))+$/i
const escapedColon = /%3a/gi
const plainQuery = /^[\x21-\x7e]*$/

/**
 * Finds the route of a request, or null: the table is matched on the exact path and nothing is passed through by
 * prefix. A doubled `/v1`, from a client whose base URL ends in it, is tolerated.
 */
export function routeRequest(provider: Provider, method: string, pathAndQuery: string): Routed | null {
  const { path, query } = normalized(pathAndQuery)
  if (!plainPath.test(path) || !plainQuery.test(query)) return null
  const route = provider.routes.find((candidate) => candidate.method === method && candidate.path.test(path))
  return route === undefined ? null : { provider, route, path, pathAndQuery: provider.upstreamPath(path) + query }
}

/** In which format whoever asks there is turned away: that of the path, or else of the provider's own clients. */
export function wireAt(provider: Provider | undefined, pathAndQuery: string): WireFormat {
  const { path } = normalized(pathAndQuery)
  const route = provider?.routes.find((candidate) => candidate.path.test(path))
  return route?.wire ?? provider?.wire ?? anthropicMessages
}

function normalized(pathAndQuery: string): { readonly path: string; readonly query: string } {
  const mark = pathAndQuery.indexOf('?')
  const path = mark === -1 ? pathAndQuery : pathAndQuery.slice(0, mark)
  return {
    path: (path.includes('%') ? path.replace(escapedColon, ':') : path).replace(/^\/v1\/v1\//, '/v1/'),
    query: mark === -1 ? '' : pathAndQuery.slice(mark),
  }
}
