import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** The LLM APIs that requests are passed on to, and the types that there are. */
export const providers = queryOptions({
  queryKey: ['ai-providers'],
  queryFn: ({ signal }) => client.call(endpoints.listAiProviders, { signal }),
  refetchInterval: 15_000,
})
