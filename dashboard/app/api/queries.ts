import { Fault } from '@reeve/base'
import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'
import { readingReason } from './reading-reason.ts'

/** What the console asks beside its lists, with the name under which each answer is remembered. */

export const me = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => client.call(endpoints.getUser, { params: { user: 'me' }, signal }),
  staleTime: 5 * 60_000,
})

export const buildInfo = queryOptions({
  queryKey: ['buildinfo'],
  queryFn: ({ signal }) => client.call(endpoints.getBuildInfo, { signal }),
  staleTime: Infinity,
})

/** The ways to sign in. */
export const authMethods = queryOptions({
  queryKey: ['auth-methods'],
  queryFn: ({ signal }) => client.call(endpoints.getAuthMethods, { signal }),
  staleTime: Infinity,
})

/** Whether setup is still open: nobody owns this deployment yet. */
export const setupOpen = queryOptions({
  queryKey: ['setup-open'],
  queryFn: async ({ signal }) => {
    try {
      await client.call(endpoints.getFirstUser, { signal })
      return false
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.code === 'not_found') return true
      throw thrown
    }
  },
})

export const bridgeStatus = queryOptions({
  queryKey: ['bridge-status'],
  queryFn: ({ signal }) => client.call(endpoints.getBridgeStatus, { signal }),
})

export const session = (id: string) =>
  queryOptions({
    queryKey: ['session', id],
    queryFn: ({ signal }) =>
      client.call(endpoints.getSession, { params: { id }, query: { limit: 1, ...readingReason() }, signal }),
  })

export const request = (id: string) =>
  queryOptions({
    queryKey: ['request', id],
    queryFn: ({ signal }) => client.call(endpoints.getInterception, { params: { id }, query: readingReason(), signal }),
  })

export const models = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => client.call(endpoints.listModels, { signal }),
})

export const clients = queryOptions({
  queryKey: ['clients'],
  queryFn: ({ signal }) => client.call(endpoints.listClients, { signal }),
})
