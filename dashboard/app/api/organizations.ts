import { eachEndpoint as endpoints, type Group, type OrganizationMember } from '@reeve/sdk'
import { queryOptions, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { client } from './client.ts'
import { type ListSearch, listQuery } from './lists.ts'
import { permittedIn, useMay } from './may.ts'
import { organizations } from './roles.ts'

/** Organizations, who is in them, and their groups. */

export const organization = (ref: string) =>
  queryOptions({
    queryKey: [...organizations.queryKey, ref],
    queryFn: ({ signal }) => client.call(endpoints.getOrganization, { params: { organization: ref }, signal }),
  })

/** A member as a row of a table. */
export type Member = OrganizationMember & { readonly id: string }

const membersName = (organizationId: string): string => `members of ${organizationId}`

export const members = (organizationId: string, search: ListSearch) =>
  listQuery<Member>(membersName(organizationId), search, async (asking, after, signal) => {
    const query = { ...asking, ...(after === null ? {} : { after_id: after }) }
    const params = { organization: organizationId }
    const answer = await client.call(endpoints.listMembers, { params, query, signal })
    return { rows: answer.members.map((row) => ({ ...row, id: row.user_id })), count: answer.count, exactly: true }
  })

/** How many there are, and nothing else of them. */
export const memberCount = (organizationId: string) =>
  queryOptions({
    queryKey: [membersName(organizationId), 'count'],
    queryFn: async ({ signal }) => {
      const params = { organization: organizationId }
      return (await client.call(endpoints.listMembers, { params, query: { limit: 1 }, signal })).count
    },
  })

export const groupsIn = (organizationId: string) =>
  queryOptions({
    queryKey: ['groups', organizationId],
    queryFn: ({ signal }) => client.call(endpoints.listGroups, { params: { organization: organizationId }, signal }),
  })

export const group = (id: string) =>
  queryOptions({
    queryKey: ['groups', 'one', id],
    queryFn: ({ signal }) => client.call(endpoints.getGroup, { params: { group: id }, signal }),
  })

export const groupClaims = (organizationId: string) =>
  queryOptions({
    queryKey: ['group-claims', organizationId],
    queryFn: ({ signal }) => client.call(endpoints.getGroupSync, { params: { organization: organizationId }, signal }),
  })

export const roleClaims = (organizationId: string) =>
  queryOptions({
    queryKey: ['role-claims', organizationId],
    queryFn: ({ signal }) => client.call(endpoints.getRoleSync, { params: { organization: organizationId }, signal }),
  })

/** Somebody who could be added to something. */
export interface Candidate {
  readonly id: string
  readonly username: string
  readonly name: string
  /** Where they are already, as far as it was asked. */
  readonly organization_ids?: readonly string[]
}

/** Words for a `q`, whatever is in them: none of it is taken for a key. */
const plainly = (text: string): { q?: string } =>
  text.trim() === '' ? {} : { q: `"${text.trim().replaceAll('"', ' ')}"` }
const candidates = 30

/** Who there is to choose from; the name tells what is remembered of one from what is remembered of another. */
export interface Candidates {
  readonly name: string
  readonly find: (text: string, signal: AbortSignal) => Promise<readonly Candidate[]>
}

export const everybody: Candidates = {
  name: 'everybody',
  find: async (text, signal) => {
    const query = { ...plainly(text), limit: candidates }
    return (await client.call(endpoints.listUsers, { query, signal })).users
  },
}

export const membersOf = (organizationId: string): Candidates => ({
  name: organizationId,
  find: async (text, signal) => {
    const query = { ...plainly(text), limit: candidates }
    const params = { organization: organizationId }
    const { members: found } = await client.call(endpoints.listMembers, { params, query, signal })
    return found.map(({ user_id, username, name }) => ({ id: user_id, username, name }))
  },
})

/** The organizations in which the viewer may do this; undefined until it is known. */
export function useOrganizationsFor(permission: 'group:read' | 'group:create') {
  const everywhere = useMay()(permission, 'everywhere')
  const { data: all, error, refetch } = useQuery(organizations)
  const each = useQueries({ queries: everywhere ? [] : (all ?? []).map(({ id }) => permittedIn(id)) })
  const known = all !== undefined && each.every(({ isPending }) => !isPending)
  const allowed = all?.filter((_, at) => everywhere || each[at]?.data?.[`${permission} here`] === true)
  return { places: known ? allowed : undefined, error, refetch: () => void refetch() }
}

/** Every group in these, as one list; undefined until all of them are known. */
export function useGroupsIn(organizationIds: readonly string[] | undefined) {
  const each = useQueries({ queries: (organizationIds ?? []).map(groupsIn) })
  const known = organizationIds !== undefined && each.every(({ data }) => data !== undefined)
  const groups: Group[] | undefined = known ? each.flatMap(({ data = [] }) => data) : undefined
  return {
    groups,
    error: each.find((one) => one.error !== null)?.error ?? null,
    busy: each.some(({ isFetching }) => isFetching),
    refetch: () => void Promise.all(each.map(({ refetch }) => refetch())),
  }
}

/** What has to be read again after people joined, left, or hold other roles: in an organization, or everywhere. */
export function useMembersChanged(): (organizationId: string | null, userIds: readonly string[]) => Promise<void> {
  const queries = useQueryClient()
  return async (organizationId, userIds) => {
    const people = userIds.flatMap((id) => ['person', 'person-roles', 'access'].map((name) => [name, id]))
    const place = organizationId === null ? [] : [[membersName(organizationId)], ['groups']]
    const keys = [...place, ...people, ['candidates'], ['users'], ['me'], ['may']]
    await Promise.all(keys.map((queryKey) => queries.invalidateQueries({ queryKey })))
  }
}
