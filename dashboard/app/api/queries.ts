import { Fault, systemClock } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { apiQuery } from '../table/query.ts'
import type { Range } from '../table/range.ts'
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

/** What a list is asked for, as the URL says it; a relative range means what it means when a page of it is read. */
export interface ListSearch extends Range {
  readonly q?: string | undefined
}

/** The API's own words for it. */
export const asked = ({ q = '', ...range }: ListSearch): { q?: string } => {
  const text = apiQuery(q, range, systemClock.now())
  return text === '' ? {} : { q: text }
}

const pageRows = 100
/** Reading one session takes a while; the list that it was found in is still there after it. */
const listKeptMs = 60 * 60_000

export const sessions = ({ q = '', from, to }: ListSearch) =>
  infiniteQueryOptions({
    queryKey: ['sessions', q, from, to],
    queryFn: ({ pageParam, signal }) =>
      client.call(endpoints.listSessions, {
        query: {
          limit: pageRows,
          ...asked({ q, from, to }),
          ...(pageParam === null ? {} : { after_session_id: pageParam }),
        },
        signal,
      }),
    // SAFETY: widens the literal; every later cursor is a session's id.
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.sessions.length < pageRows ? null : (page.sessions.at(-1)?.id ?? null)),
    placeholderData: keepPreviousData,
    refetchOnReconnect: false,
    gcTime: listKeptMs,
  })

/** The newest page by itself, beside what is being read: it says how much has come since. */
export const latestSessions = (search: ListSearch, signal?: AbortSignal) =>
  client.call(endpoints.listSessions, { query: { limit: pageRows, ...asked(search) }, signal })

export const requests = ({ q = '', from, to }: ListSearch) =>
  infiniteQueryOptions({
    queryKey: ['requests', q, from, to],
    queryFn: ({ pageParam, signal }) =>
      client.call(endpoints.listInterceptions, {
        query: {
          limit: pageRows,
          ...asked({ q, from, to }),
          ...(pageParam === null ? {} : { after_id: pageParam }),
        },
        signal,
      }),
    // SAFETY: as above.
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.results.length < pageRows ? null : (page.results.at(-1)?.id ?? null)),
    placeholderData: keepPreviousData,
    refetchOnReconnect: false,
    gcTime: listKeptMs,
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
