import { eachEndpoint as endpoints, type Grantable, resourceActions, resources } from '@reeve/sdk'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { client } from './client.ts'

/**
 * What the viewer may do, as the server says it: everything is asked at once and remembered. The console shows what it
 * allows and decides nothing by itself. Whatever changes what the viewer holds invalidates `may`.
 */

/**
 * `somewhere`: for everything, or for what belongs to an organization of the viewer. `everywhere`: for everything.
 * Neither counts what somebody may do with nothing but his own things. `mine`: for these at least.
 */
export type Place = 'somewhere' | 'everywhere' | 'mine'
export type May = (permission: Grantable, place?: Place) => boolean

interface Where {
  readonly any_org?: boolean
  readonly organization_id?: string
  readonly owner_id?: 'me'
}

/** What not everybody may have of his own. */
const own = ['workspace', 'task'] as const

const ask = async (places: Readonly<Record<string, Where>>, signal: AbortSignal) => {
  const checks = Object.entries(places).flatMap(([place, where]) =>
    (where.owner_id === undefined ? resources : own).flatMap((resource_type) =>
      resourceActions[resource_type].map(
        (action) => [`${resource_type}:${action} ${place}`, { object: { resource_type, ...where }, action }] as const,
      ),
    ),
  )
  return client.call(endpoints.checkAccess, { body: { checks: Object.fromEntries(checks) }, signal })
}

export const permitted = queryOptions({
  queryKey: ['may'],
  queryFn: ({ signal }) =>
    ask({ somewhere: { any_org: true }, everywhere: {}, mine: { any_org: true, owner_id: 'me' } }, signal),
  staleTime: 5 * 60_000,
  // No page waits for it to be tried again: it is, beside what is shown.
  retry: false,
  refetchInterval: ({ state: { status } }) => (status === 'error' ? 15_000 : false),
})

export const permittedIn = (organizationId: string) =>
  queryOptions({
    queryKey: ['may', organizationId],
    queryFn: ({ signal }) => ask({ here: { organization_id: organizationId } }, signal),
    staleTime: 5 * 60_000,
  })

export const mayFrom =
  (answers: Readonly<Record<string, boolean>> = {}): May =>
  (permission, place = 'somewhere') =>
    answers[`${permission} ${place}`] === true

/** Nothing, until the server has answered; on the pages of somebody signed in it has. */
export function useMay(): May {
  return mayFrom(useQuery(permitted).data)
}

/** For what belongs to one organization. */
export function useMayIn(organizationId: string): (permission: Grantable) => boolean {
  const { data = {} } = useQuery(permittedIn(organizationId))
  return (permission) => data[`${permission} here`] === true
}
