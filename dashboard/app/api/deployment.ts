import { eachEndpoint as endpoints, type RetentionPolicy } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** What the pages of sinks, legal holds, retention and encryption ask. */

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

export const retentionPolicies = queryOptions({
  queryKey: ['retention', 'policies'],
  queryFn: ({ signal }) => client.call(endpoints.listRetentionPolicies, { signal }),
})

/** Counted when somebody asks: it reads much. */
export const retentionPlan = (changes: readonly RetentionChange[]) =>
  queryOptions({
    queryKey: ['retention', 'plan', changes],
    queryFn: ({ signal }) => client.call(endpoints.planRetention, { body: { changes: [...changes] }, signal }),
    enabled: false,
    gcTime: 0,
  })

export interface RetentionChange {
  readonly data_class: RetentionPolicy['data_class']
  readonly organization: string
  readonly keep_days: number | null
}

export const retentionReceipts = queryOptions({
  queryKey: ['retention', 'receipts'],
  queryFn: async ({ signal }) =>
    (await client.call(endpoints.listRetentionReceipts, { query: { limit: 100 }, signal })).receipts,
})

export const keyring = queryOptions({
  queryKey: ['keyring'],
  queryFn: ({ signal }) => client.call(endpoints.getKeyring, { signal }),
})
