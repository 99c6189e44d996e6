import { eachEndpoint as endpoints } from '@reeve/sdk'
import { queryOptions } from '@tanstack/react-query'
import { client } from './client.ts'

/** Roles, and what one person holds. */

export const siteRoles = queryOptions({
  queryKey: ['roles', 'site'],
  queryFn: ({ signal }) => client.call(endpoints.listSiteRoles, { signal }),
})

export const organizations = queryOptions({
  queryKey: ['organizations'],
  queryFn: ({ signal }) => client.call(endpoints.listOrganizations, { signal }),
})

export const organizationRoles = (organization: string) =>
  queryOptions({
    queryKey: ['roles', organization],
    queryFn: ({ signal }) => client.call(endpoints.listOrganizationRoles, { params: { organization }, signal }),
  })

export const person = (id: string) =>
  queryOptions({
    queryKey: ['person', id],
    queryFn: ({ signal }) => client.call(endpoints.getUser, { params: { user: id }, signal }),
  })

export const personRoles = (id: string) =>
  queryOptions({
    queryKey: ['person-roles', id],
    queryFn: ({ signal }) => client.call(endpoints.getUserRoles, { params: { user: id }, signal }),
  })

/** Whether a person may do this to somebody's things, and why. */
export const access = (user: string, permission: string, owner: string) =>
  queryOptions({
    queryKey: ['access', user, permission, owner],
    queryFn: ({ signal }) =>
      client.call(endpoints.explainAccess, {
        params: { user },
        query: { permission, ...(owner === '' ? {} : { owner }) },
        signal,
      }),
    retry: false,
  })
