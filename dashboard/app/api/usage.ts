import { eachEndpoint as endpoints, type UsageGroupBy } from '@reeve/sdk'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** What the page of usage asks, for its rows, for the file and for the command line. */
export interface UsageAsked {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly zone: string
}

export const usage = (asked: UsageAsked, group_by: UsageGroupBy) =>
  queryOptions({
    queryKey: ['usage', asked, group_by],
    queryFn: ({ signal }) => client.call(endpoints.getUsage, { query: { ...asked, group_by }, signal }),
    placeholderData: keepPreviousData,
  })

export const usageAddress = (asked: UsageAsked, group_by: UsageGroupBy, file = ''): string => {
  const given = Object.entries({ ...asked, group_by }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
  return `/api/v2/usage${file}?${new URLSearchParams(given)}`
}
