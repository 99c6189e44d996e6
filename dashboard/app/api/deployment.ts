import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** What the pages of sinks, legal holds and encryption ask. */

/** Their state changes by itself, every few seconds while something is on its way. */
export const sinks = queryOptions({
  queryKey: ['sinks'],
  queryFn: async ({ signal }) => (await client.call(endpoints.listAuditSinks, { signal })).sinks,
  refetchInterval: 5_000,
})

export const holds = queryOptions({
  queryKey: ['holds'],
  queryFn: async ({ signal }) => (await client.call(endpoints.listLegalHolds, { signal })).holds,
})

export const hold = (id: string) =>
  queryOptions({
    queryKey: ['holds', id],
    queryFn: ({ signal }) => client.call(endpoints.getLegalHold, { params: { id }, signal }),
  })

export const keyring = queryOptions({
  queryKey: ['keyring'],
  queryFn: ({ signal }) => client.call(endpoints.getKeyring, { signal }),
})
