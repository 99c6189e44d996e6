import { systemClock } from '@reeve/base'
import { eachEndpoint as endpoints } from '@reeve/sdk'
import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query'
import { apiQuery, type BoundKeys } from '../table/query.ts'
import type { Range } from '../table/range.ts'
import { client } from './client.ts'

/** What a list is asked for, as the URL says it; a relative range means what it means when a page of it is read. */
export interface ListSearch extends Range {
  readonly q?: string | undefined
}

/** Rows that were read together, and how many the whole list has by the server's count. */
export interface ListPart<Row> {
  readonly rows: readonly Row[]
  readonly count: number
  /** False where there are at least so many. */
  readonly exactly: boolean
}

export type ListQuery<Row extends { readonly id: string }> = ReturnType<typeof listQuery<Row>>

const partRows = 100
/** Reading one session takes a while; the list that it was found in is still there after it. */
const keptMs = 60 * 60_000

/** The API's own words for what is asked. */
export function asked({ q = '', ...range }: ListSearch, bounds?: BoundKeys): { q?: string } {
  const text = apiQuery(q, range, systemClock.now(), bounds)
  return text === '' ? {} : { q: text }
}

export function listQuery<Row extends { readonly id: string }>(
  name: string,
  { q = '', from, to }: ListSearch,
  read: (query: { limit: number; q?: string }, after: string | null, signal: AbortSignal) => Promise<ListPart<Row>>,
  bounds?: BoundKeys,
) {
  return infiniteQueryOptions({
    queryKey: [name, q, from, to],
    queryFn: ({ pageParam, signal }) => read({ limit: partRows, ...asked({ q, from, to }, bounds) }, pageParam, signal),
    // SAFETY: widens the literal; every later cursor is the id of a row.
    initialPageParam: null as string | null,
    getNextPageParam: ({ rows, count }) => (rows.length === partRows && rows.length < count ? rows.at(-1)?.id : null),
    placeholderData: keepPreviousData,
    refetchOnReconnect: false,
    gcTime: keptMs,
  })
}

async function readSessions(search: { limit: number; q?: string }, after: string | null, signal?: AbortSignal) {
  const query = { ...search, ...(after === null ? {} : { after_session_id: after }) }
  const { sessions: rows, count, count_is_exact } = await client.call(endpoints.listSessions, { query, signal })
  return { rows, count, exactly: count_is_exact }
}

export const sessions = (search: ListSearch) => listQuery('sessions', search, readSessions)

/** The newest part by itself, beside what is being read: it says how much has come since. */
export const latestSessions = (search: ListSearch) => readSessions({ limit: partRows, ...asked(search) }, null)

export const requests = (search: ListSearch) =>
  listQuery('requests', search, async (asking, after, signal) => {
    const query = { ...asking, ...(after === null ? {} : { after_id: after }) }
    const { results: rows, count, count_is_exact } = await client.call(endpoints.listInterceptions, { query, signal })
    return { rows, count, exactly: count_is_exact }
  })

export const usersLike = (q: string) =>
  listQuery('users', { q }, async (asking, after, signal) => {
    const query = { ...asking, ...(after === null ? {} : { after_id: after }) }
    const { users: rows, count } = await client.call(endpoints.listUsers, { query, signal })
    return { rows, count, exactly: true }
  })

/** People and service accounts: whoever may be the one who did something. */
export const users = usersLike('')
export const people = usersLike('kind:person')
