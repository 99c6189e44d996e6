import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** The policies of boundaries. Every name begins with `policies`: a version that is published makes all of it stale. */

export const policies = queryOptions({
  queryKey: ['policies'],
  queryFn: ({ signal }) => client.call(endpoints.listBoundaryPolicies, { signal }),
})

export const policy = (name: string) =>
  queryOptions({
    queryKey: ['policies', name],
    queryFn: ({ signal }) => client.call(endpoints.getBoundaryPolicy, { params: { policy: name }, signal }),
  })

export const policyVersions = (name: string) =>
  queryOptions({
    queryKey: ['policies', name, 'versions'],
    queryFn: ({ signal }) => client.call(endpoints.listBoundaryPolicyVersions, { params: { policy: name }, signal }),
  })
