import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { client } from './client.ts'
import { listQuery } from './lists.ts'

/** What was asked for after a denial. Every name begins with `access-requests`: one decision makes all of it stale. */

export const accessRequests = (q: string) =>
  listQuery('access-requests', { q }, async (asking, after, signal) => {
    const query = { ...asking, ...(after === null ? {} : { after_id: after }) }
    const answer = await client.call(endpoints.listAccessRequests, { query, signal })
    return { rows: answer.access_requests, count: answer.count, exactly: answer.count_is_exact }
  })

export const accessRequest = (id: string) =>
  queryOptions({
    queryKey: ['access-requests', 'one', id],
    queryFn: ({ signal }) => client.call(endpoints.getAccessRequest, { params: { id }, signal }),
  })

/** After somebody asked or decided: the lists, and what is said of the denial. */
export function useAccessChanged(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['access-requests'] }),
      queries.invalidateQueries({ queryKey: ['denial'] }),
    ])
  }
}
