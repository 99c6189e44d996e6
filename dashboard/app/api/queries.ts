import { Fault } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** Every question the console asks, with the name under which its answer is remembered. */

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

const pageRows = 100

export const sessions = (q: string) =>
  infiniteQueryOptions({
    queryKey: ['sessions', q],
    queryFn: ({ pageParam, signal }) =>
      client.call(endpoints.listSessions, {
        query: {
          limit: pageRows,
          ...(q === '' ? {} : { q }),
          ...(pageParam === null ? {} : { after_session_id: pageParam }),
        },
        signal,
      }),
    // SAFETY: widens the literal; every later cursor is a session's id.
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.sessions.length < pageRows ? null : (page.sessions.at(-1)?.id ?? null)),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    refetchOnMount: 'always',
  })

/** The newest page by itself, beside what is being read: it says how much has come since. */
export const latestSessions = (q: string, signal?: AbortSignal) =>
  client.call(endpoints.listSessions, { query: { limit: pageRows, ...(q === '' ? {} : { q }) }, signal })

export const requests = (q: string) =>
  infiniteQueryOptions({
    queryKey: ['requests', q],
    queryFn: ({ pageParam, signal }) =>
      client.call(endpoints.listInterceptions, {
        query: { limit: pageRows, ...(q === '' ? {} : { q }), ...(pageParam === null ? {} : { after_id: pageParam }) },
        signal,
      }),
    // SAFETY: as above.
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.results.length < pageRows ? null : (page.results.at(-1)?.id ?? null)),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    refetchOnMount: 'always',
  })

export const session = (id: string) =>
  queryOptions({
    queryKey: ['session', id],
    queryFn: ({ signal }) => client.call(endpoints.getSession, { params: { id }, query: { limit: 1 }, signal }),
  })

export const request = (id: string) =>
  queryOptions({
    queryKey: ['request', id],
    queryFn: ({ signal }) => client.call(endpoints.getInterception, { params: { id }, signal }),
  })

export const models = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => client.call(endpoints.listModels, { signal }),
})

export const clients = queryOptions({
  queryKey: ['clients'],
  queryFn: ({ signal }) => client.call(endpoints.listClients, { signal }),
})

export const tokens = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => client.call(endpoints.listTokens, { params: { user: 'me' }, signal }),
})

export const tokenConfig = queryOptions({
  queryKey: ['token-config'],
  queryFn: ({ signal }) => client.call(endpoints.getTokenConfig, { params: { user: 'me' }, signal }),
  staleTime: Infinity,
})

export const users = infiniteQueryOptions({
  queryKey: ['users'],
  queryFn: ({ pageParam, signal }) =>
    client.call(endpoints.listUsers, {
      query: { limit: pageRows, ...(pageParam === null ? {} : { after_id: pageParam }) },
      signal,
    }),
  // SAFETY: as above.
  initialPageParam: null as string | null,
  getNextPageParam: (page) => (page.users.length < pageRows ? null : (page.users.at(-1)?.id ?? null)),
})

export const auditEvents = (q: string) =>
  infiniteQueryOptions({
    queryKey: ['audit', q],
    queryFn: ({ pageParam, signal }) =>
      client.call(endpoints.listAuditEvents, {
        query: { limit: pageRows, ...(q === '' ? {} : { q }), ...(pageParam === null ? {} : { after_id: pageParam }) },
        signal,
      }),
    // SAFETY: as above.
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.audit_logs.length < pageRows ? null : (page.audit_logs.at(-1)?.id ?? null)),
    placeholderData: keepPreviousData,
  })
