import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** What the banner above every page asks; whatever changes a licence invalidates `licenses`. */
export const entitlements = queryOptions({
  queryKey: ['licenses', 'entitlements'],
  queryFn: ({ signal }) => client.call(endpoints.getEntitlements, { signal }),
  staleTime: 5 * 60_000,
  refetchInterval: 5 * 60_000,
  // The banner is no reason to wait, or to try again, while the page itself says that the server is away.
  retry: false,
})
