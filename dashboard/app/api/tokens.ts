import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'
import { listQuery, usersLike } from './lists.ts'

/** Tokens, and the service accounts that have them. */

export interface TokenSearch {
  /** A user's; null: everybody's. */
  readonly of: string | null
  readonly q: string
  /** With those that have ended and are still on record. */
  readonly ended: boolean
}

/** All at once: the answer has no pages. */
export const tokens = ({ of, q, ended }: TokenSearch) =>
  listQuery(`tokens of ${of ?? 'everybody'}${ended ? ', ended' : ''}`, { q }, async ({ q: wanted }, _after, signal) => {
    const query = wanted === undefined ? {} : { q: wanted }
    const rows = await client.call(endpoints.listTokens, {
      params: { user: of ?? 'me' },
      query: { ...query, ...(of === null && { include_all: 'true' }), ...(ended && { include_expired: 'true' }) },
      signal,
    })
    return { rows, count: rows.length, exactly: true }
  })

/** Whether what is remembered is a list of tokens: after a change each of them is read again. */
export const isTokens = ({ queryKey }: { readonly queryKey: readonly unknown[] }): boolean =>
  String(queryKey[0]).startsWith('tokens of ')

export const tokenConfig = (user: string) =>
  queryOptions({
    queryKey: ['token-config', user],
    queryFn: ({ signal }) => client.call(endpoints.getTokenConfig, { params: { user }, signal }),
    staleTime: Infinity,
  })

export const serviceAccounts = (q: string) => usersLike(`kind:service ${q}`.trim())
