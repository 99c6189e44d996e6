import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from '../api/client.ts'

/** A few lines of a record, oldest first; how many there are of them is told with it. */
export const boundaryLines = (q: string, limit: number) =>
  queryOptions({
    queryKey: ['boundary-lines', q, limit],
    queryFn: async ({ signal }) => {
      const { events, count } = await client.call(endpoints.listBoundaryEvents, { query: { q, limit }, signal })
      return { events: events.toReversed(), count }
    },
    staleTime: 60_000,
  })
