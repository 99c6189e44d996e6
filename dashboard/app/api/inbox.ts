import { eachEndpoint as endpoints } from '@reeve/sdk'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** What the viewer has been told. Every name begins with `inbox`: a change of one entry makes all of it stale. */

const latestRows = 6
const partRows = 50
/** Nobody waits for a notification, and a stream that every tab keeps open would take the browser's few connections. */
const lookEveryMs = 60_000

/** For the header: how many are unread, and the newest of all. */
export const latest = queryOptions({
  queryKey: ['inbox', 'latest'],
  queryFn: ({ signal }) => client.call(endpoints.listInbox, { query: { limit: latestRows }, signal }),
  refetchInterval: lookEveryMs,
  retry: false,
})

export const inbox = (show: 'all' | 'unread') =>
  infiniteQueryOptions({
    queryKey: ['inbox', 'list', show],
    queryFn: ({ pageParam, signal }) =>
      client.call(endpoints.listInbox, {
        query: {
          limit: partRows,
          read_status: show,
          ...(pageParam === null ? {} : { starting_before: pageParam }),
        },
        signal,
      }),
    // SAFETY: widens the literal; every later cursor is the id of an entry.
    initialPageParam: null as string | null,
    getNextPageParam: ({ notifications }) => (notifications.length === partRows ? notifications.at(-1)?.id : null),
    placeholderData: keepPreviousData,
  })
